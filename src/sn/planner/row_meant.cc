// sn/planner/row_meant.cc
//
// A row of a plan's table by its number or its own words (see why_not.h).

#include <algorithm>
#include <charconv>
#include <sstream>

#include "sn/base/units/units.h"
#include "sn/planner/why_not.h"

namespace sn::planner {

namespace {

using Words = std::vector<std::string>;

void add(Words& words, const std::string& text) {
  std::string plain = text;
  for (char& c : plain) {
    if (c == '(' || c == ')') c = ' ';
  }
  std::istringstream stream(plain);
  for (std::string word; stream >> word;) words.push_back(std::move(word));
}

std::string count(std::int64_t n) { return format_number(static_cast<double>(n), 6); }

Words pool_words(const serving::Pool& pool) {
  Words out;
  add(out, count(pool.replicas) + " x " + llm::cut_text(pool.deployment));
  const std::int64_t drafts = pool.deployment.draft_tokens;
  if (drafts > 0) out.push_back("MTP" + std::to_string(drafts));
  return out;
}

bool begins(const Words& text, const Words& with) {
  return text.size() >= with.size() && std::equal(with.begin(), with.end(), text.begin());
}

/// Columns of the table as they are printed, and the same deployment as one types it.
struct RowWords {
  Words pools;
  Words shape;  // prefill, chunk, decode
  Words typed;  // prefill + decode
};

RowWords words_of(const serving::ServingPlan& plan) {
  RowWords out;
  const bool two = plan.disaggregated();
  add(out.pools,
      two ? count(plan.prefill.gpus()) + " prefill + " + count(plan.decode.gpus()) + " decode"
          : count(plan.decode.gpus()) + " aggregated");
  const Words decode = pool_words(plan.decode);
  out.shape = two ? pool_words(plan.prefill) : Words{"-"};
  if (two) {
    out.typed = pool_words(plan.prefill);
    out.typed.emplace_back("+");
  }
  const std::int64_t chunk = two ? plan.prefill.chunk : plan.decode.chunk;
  add(out.shape, chunk > 0 ? count(chunk) : "-");
  out.shape.insert(out.shape.end(), decode.begin(), decode.end());
  out.typed.insert(out.typed.end(), decode.begin(), decode.end());
  return out;
}

bool meant(const Words& text, const serving::ServingPlan& plan) {
  const RowWords row = words_of(plan);
  if (text == row.typed || begins(text, row.shape)) return true;
  Words whole = row.pools;
  whole.insert(whole.end(), row.shape.begin(), row.shape.end());
  if (begins(text, whole)) return true;
  // A pasted line starts with its number.
  return text.size() > whole.size() && begins(Words(text.begin() + 1, text.end()), whole);
}

}  // namespace

std::optional<serving::ServingPlan> row_meant(const PlanReport& report, const std::string& text) {
  int rank = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), rank);
  const bool number = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
  Words words;
  add(words, text);
  for (const Candidate& c : report.candidates) {
    if (number ? c.rank == rank : meant(words, c.plan)) return c.plan;
  }
  return std::nullopt;
}

}  // namespace sn::planner
