// sn/planner/deployment_text.cc
//
// Reads a deployment in the words of a plan's table (see why_not.h).

#include <charconv>
#include <sstream>

#include "sn/planner/why_not.h"

namespace sn::planner {

namespace {

constexpr std::int64_t most = 65536;

struct WordReader {
  const std::string& text;
  Errors errors;

  void mistake(const std::string& word) {
    errors.push_back({.code = ErrorCode::syntax,
                      .message = "'" + shown(word) + "' says nothing of a deployment",
                      .where = {.file = "--why-not"},
                      .hint = "as in '6 x (TP4 PP2) chunk 8192 + 1 x (TP2 DP4 EP8) MTP1'"});
  }

  /// Whole number within 0 and 65536 that `digits` is, else a mistake about `word`.
  std::int64_t number(std::string_view digits, const std::string& word) {
    std::int64_t value = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool whole = parsed.ec == std::errc{} && parsed.ptr == digits.data() + digits.size();
    if (whole && value >= 0 && value <= most) return value;
    mistake(word);
    return 1;
  }
};

bool is_number(const std::string& word) {
  return !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
}

/// "TP4", "EP32+32", "MTP1", "two_batch" into `d`; false when it is none of them.
bool read_degree(const std::string& word, llm::Deployment& d, WordReader& reader) {
  llm::Parallelism& p = d.parallel;
  const auto set = [&](std::string_view name, std::int64_t& to) {
    if (!word.starts_with(name)) return false;
    to = reader.number(std::string_view(word).substr(name.size()), word);
    return true;
  };
  const std::size_t plus = word.find('+');
  if (word.starts_with("EP") && plus != std::string::npos) {
    p.ep = reader.number(std::string_view(word).substr(2, plus - 2), word);
    d.redundant = reader.number(std::string_view(word).substr(plus + 1), word);
    return true;
  }
  if (word == "spread") p.spread = true;
  if (word == "two_batch") d.two_batch = true;
  return word == "spread" || word == "two_batch" || set("TP", p.tp) || set("CP", p.cp) ||
         set("DCP", p.dcp) || set("DP", p.dp) || set("EP", p.ep) || set("PP", p.pp) ||
         set("MTP", d.draft_tokens);
}

serving::Pool read_pool(const std::vector<std::string>& words, const twin::World& world,
                        WordReader& reader) {
  serving::Pool pool;
  pool.replicas = 1;
  pool.deployment.precision = world.machine.precisions.front();
  pool.deployment.parallel.ep = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& w = words[i];
    const bool followed = i + 1 < words.size();
    if (is_number(w) && followed && words[i + 1] == "x") {
      pool.replicas = reader.number(w, w);
      ++i;
    } else if (w == "chunk" && followed) {
      pool.chunk = reader.number(words[++i], w);
    } else if (w != "prefill" && w != "decode" && w != "aggregated" &&
               !read_degree(w, pool.deployment, reader)) {
      reader.mistake(w);
    }
  }
  llm::Parallelism& p = pool.deployment.parallel;
  const bool spread_experts = world.machine.model.is_moe() && p.dp * p.cp > 1;
  if (p.ep == 0) p.ep = spread_experts ? p.stage_ranks() : 1;
  return pool;
}

}  // namespace

Result<serving::ServingPlan> parse_deployment(const twin::World& world, const std::string& text) {
  WordReader reader{text, {}};
  std::vector<std::vector<std::string>> pools(1);
  std::string plain = text;
  for (char& c : plain) {
    if (c == '(' || c == ')' || c == ',' || c == ';') c = ' ';
  }
  std::istringstream stream(plain);
  for (std::string word; stream >> word;) {
    if (word == "+") {
      pools.emplace_back();
    } else {
      pools.back().push_back(word);
    }
  }
  serving::ServingPlan plan;
  if (pools.size() > 2 || pools.front().empty() || pools.back().empty()) {
    reader.mistake(text);
    return fail(std::move(reader.errors));
  }
  constexpr std::int64_t usual_chunk = 8192;
  plan.decode = read_pool(pools.back(), world, reader);
  if (pools.size() == 2) {
    plan.prefill = read_pool(pools.front(), world, reader);
    plan.decode.chunk = 0;
    if (plan.prefill.chunk == 0) plan.prefill.chunk = usual_chunk;
  } else if (plan.decode.chunk == 0) {
    plan.decode.chunk = usual_chunk;
  }
  if (plan.decode.replicas < 1 || (pools.size() == 2 && plan.prefill.replicas < 1)) {
    reader.mistake("0 x");
  }
  if (!reader.errors.empty()) return fail(std::move(reader.errors));
  return plan;
}

}  // namespace sn::planner
