// sn/evidence/collectives/nccl_tests_log.cc
//
// The text output of nccl-tests (all_reduce_perf and its siblings), as people keep it.
//
//   #  Rank  0 Group  0 Pid 4711 on node0 device  0 [0x1b] NVIDIA H100 80GB HBM3
//   #       size         count      type   redop    root     time   algbw   busbw #wrong ...
//     1048576        262144     float     sum      -1    41.99   24.97   43.70      0    41.81 ...
// Rows start with the size; the type is the third field; then, counted from the end, in-place and
// out-of-place blocks of time (us), algbw, busbw, #wrong. Both times are measurements. The
// operation is named in the log or in its file's name; ranks are counted from `Rank` lines, their
// servers from `on HOST`. Launcher prefixes ("[1,0]<stdout>:", "node0: ") are cut.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "sn/evidence/collectives/collective_tables.h"

namespace sn::evidence {

namespace {

using collective::Op;

constexpr double us = 1e-6;

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> out;
  std::size_t at = 0;
  while (at < line.size() && out.size() < 64) {
    at = line.find_first_not_of(" \t\r", at);
    if (at == std::string_view::npos) break;
    const std::size_t end = std::min(line.find_first_of(" \t\r", at), line.size());
    out.push_back(line.substr(at, end - at));
    at = end;
  }
  return out;
}

std::optional<double> number_of(std::string_view word) {
  double x = 0.0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), x);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return x;
}

/// Without what mpirun and srun put before a line.
std::string_view without_prefix(std::string_view line) {
  const std::size_t hash = line.find('#');
  const std::size_t colon = line.find(": ");
  if (const std::size_t tag = line.find(">:"); tag != std::string_view::npos && tag < 32) {
    return line.substr(tag + 2);
  }
  const bool early = colon != std::string_view::npos && colon < 24;
  if (early && (hash == std::string_view::npos || colon < hash)) {
    return line.substr(colon + 2);
  }
  return line;
}

/// What a log says besides its rows.
class Log {
 public:
  Log(std::string_view name, std::string rack) : rack_(std::move(rack)) { name_op(name); }

  /// Notes a header line.
  void note(std::string_view line) {
    name_op(line);
    const std::vector<std::string_view> words = words_of(line);
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
      if (words[i] == "Rank") ranks_.insert(std::string(words[i + 1]));
      if (words[i] == "on") hosts_.insert(std::string(words[i + 1]));
    }
    if (line.find("Rank") == std::string_view::npos) return;
    const auto has = [&](std::string_view what) { return line.find(what) != line.npos; };
    for (const std::string_view chip : {"GB300", "GB200"}) {
      if (has(chip)) rack_ = chip == "GB300" ? "nvl72-gb300" : "nvl72-gb200";
    }
    if (has("GB300") || has("GB200")) return;
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> chips = {
        {{"B300", "hgx-b300"},
         {"B200", "hgx-b200"},
         {"H200", "hgx-h200"},
         {"H800", "hgx-h800"},
         {"H100", "hgx-h100"},
         {"H20", "hgx-h20"},
         {"A100", "hgx-a100"}}};
    for (const auto& [chip, rack] : chips) {
      if (!has(chip)) continue;
      rack_ = rack;
      return;
    }
  }

  [[nodiscard]] std::int64_t ranks() const { return static_cast<std::int64_t>(ranks_.size()); }
  [[nodiscard]] std::int64_t hosts() const {
    return std::max<std::int64_t>(1, static_cast<std::int64_t>(hosts_.size()));
  }
  [[nodiscard]] const std::string& rack() const { return rack_; }
  [[nodiscard]] std::optional<Op> op() const { return op_; }

 private:
  void name_op(std::string_view text) {
    if (op_) return;
    static constexpr std::array<std::pair<std::string_view, Op>, 4> ops = {
        {{"all_reduce", Op::all_reduce},
         {"all_gather", Op::all_gather},
         {"reduce_scatter", Op::reduce_scatter},
         {"alltoall", Op::all_to_all}}};
    for (const auto& [word, op] : ops) {
      if (text.find(word) != std::string_view::npos) op_ = op;
    }
  }

  std::string rack_;
  std::optional<Op> op_;
  std::set<std::string> ranks_;
  std::set<std::string> hosts_;
};

std::string_view log_skip(const Log& log) {
  if (!log.op()) return "the operation is named neither in the log nor in its file's name";
  if (log.rack().empty()) return "the GPU is not in the catalog; --rack says which machine";
  if (log.ranks() < 2) return "the log lists fewer than two ranks";
  const bool wide = log.rack().starts_with("nvl72");
  if (!wide && log.ranks() % log.hosts() != 0) return "servers hold different numbers of ranks";
  if (!wide && log.ranks() / log.hosts() > collective::server_gpus) {
    return "more ranks on a server than it has GPUs";
  }
  if (wide && log.ranks() > 72 && log.ranks() % 72 != 0) return "racks are partly used";
  return {};
}

void add_row(const Log& log, const std::vector<std::string_view>& words, double bytes,
             std::size_t time_at, std::string_view place, int line, CollectiveCases& out) {
  const std::optional<double> time = number_of(words[time_at]);
  if (!time || !(*time > 0.0)) return;
  CollectiveCase c;
  c.skip = log_skip(log);
  c.rack = log.rack();
  c.bytes = bytes;
  c.seconds = *time * us;
  c.line = line;
  c.library = "nccl-tests log";
  const Op op = log.op().value_or(Op::all_reduce);
  c.family = "NCCL " + std::string(to_string(op));
  const std::string_view dtype = words[2];
  c.shape = fmt::format("{} GPUs, {:.0f} B, {}, {}", log.ranks(), bytes, dtype, place);
  if (c.skip.empty()) {
    const bool wide = c.rack.starts_with("nvl72");
    const std::int64_t each =
        wide ? std::min<std::int64_t>(log.ranks(), 72) : log.ranks() / log.hosts();
    c.request = collective::Request{
        .op = op,
        .group = {log.ranks(), each},
        .size = Bytes::from_si(bytes),
        .kernels = collective::Kernels::library,
        .switch_reducible = !dtype.starts_with("int") && !dtype.starts_with("uint")};
  }
  out.push_back(std::move(c));
}

}  // namespace

bool is_nccl_tests_log(std::string_view text) {
  return text.find("busbw") != std::string_view::npos &&
         text.find("algbw") != std::string_view::npos &&
         text.find("size") != std::string_view::npos;
}

CollectiveCases read_nccl_tests_log(std::string_view name, std::string_view text,
                                    const std::string& rack, measured::Faults& faults) {
  CollectiveCases out;
  Log log(name, rack);
  int line = 0;
  bool table = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view row = without_prefix(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
    ++line;
    if (row.find('#') != std::string_view::npos && row.find_first_not_of(" \t") == row.find('#')) {
      table = table || (row.find("size") != row.npos && row.find("count") != row.npos);
      log.note(row);
      continue;
    }
    const std::vector<std::string_view> words = words_of(row);
    if (!table || words.empty()) {
      if (!table) log.note(row);
      continue;
    }
    const std::optional<double> bytes = number_of(words[0]);
    if (!bytes) continue;  // NCCL's own messages between rows
    if (words.size() < 8 || *bytes < 0.0) {
      faults.add({.code = ErrorCode::data,
                  .message = fmt::format("a row of {} fields; expected 8 or more", words.size()),
                  .where = {.file = std::string(name), .line = line},
                  .hint = "size, count, type, ..., then time, algbw, busbw, #wrong"});
      continue;
    }
    if (*bytes == 0.0) continue;
    const std::size_t n = words.size();
    if (n >= 11) add_row(log, words, *bytes, n - 8, "out of place", line, out);
    add_row(log, words, *bytes, n - 4, "in place", line, out);
  }
  if (out.empty()) {
    faults.add({.code = ErrorCode::data,
                .message = "no row of measurements",
                .where = {.file = std::string(name)},
                .hint = "the text output of all_reduce_perf and its siblings"});
  }
  return out;
}

}  // namespace sn::evidence
