// sn/evidence/peers/peers.cc
//
// Reads peers of the catalog and plays their runs (see peers.h).

#include "sn/evidence/peers/peers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "sn/evidence/serving/replay_vllm.h"

namespace sn::evidence {

namespace {

constexpr Time no_time = Time::from_si(1e-9);
constexpr Time most_time = Time::from_si(1e9);

PeerFigure read_figure(const std::string& run, const Node& node, Errors& errors) {
  MapReader reader(node, "figure", errors);
  PeerFigure out;
  out.run = run;
  out.metric = reader.choice("metric", {"TTFT", "TPOT", "E2E"}).value_or("TTFT");
  out.statistic = reader.choice("statistic", {"mean", "p99"}).value_or("mean");
  out.measured = reader.quantity<Time>("measured", no_time, most_time).value_or(no_time);
  out.theirs = reader.quantity<Time>("theirs", no_time, most_time).value_or(no_time);
  reader.finish();
  return out;
}

PeerComparison read_peer(const std::string& name, const Node& entry, Errors& errors) {
  MapReader reader(entry, "", errors);
  PeerComparison out{.name = name,
                     .title = reader.text("title").value_or(name),
                     .subject = reader.text("subject").value_or(""),
                     .citation = reader.text("citation").value_or(""),
                     .method = reader.text("method").value_or(""),
                     .figures = {}};
  static_cast<void>(reader.text("source"));
  static_cast<void>(reader.text("date"));
  static_cast<void>(reader.text("name"));
  if (const Node* runs = reader.require("runs")) {
    for (const Node& item : runs->items()) {
      MapReader run(item, "run", errors);
      const std::string of = run.text("run").value_or("");
      const Node* figures = run.require("figures");
      if (figures != nullptr) {
        for (const Node& f : figures->items()) out.figures.push_back(read_figure(of, f, errors));
      }
      run.finish();
    }
  }
  reader.finish();
  return out;
}

/// What our replay has of a figure, as a ratio to what it measured itself: the peer's measured
/// value is of the same run, and rounded.
std::optional<Time> ours_of(const PeerFigure& f, const ReplayReport& replay) {
  for (const ReplayMetric& m : replay.metrics) {
    if (m.name != f.metric) continue;
    return f.measured * (f.statistic == "p99" ? m.p99_ratio() : m.mean_ratio());
  }
  return std::nullopt;
}

void sum_up(PeerComparison& peer) {
  double count = 0.0;
  for (const PeerFigure& f : peer.figures) {
    const std::optional<double> ours = f.our_error();
    if (!ours) continue;
    count += 1.0;
    peer.their_mean += std::abs(f.their_error());
    peer.our_mean += std::abs(*ours);
    ++(std::abs(*ours) < std::abs(f.their_error()) ? peer.ours_nearer : peer.theirs_nearer);
  }
  if (count == 0.0) return;
  peer.their_mean /= count;
  peer.our_mean /= count;
}

}  // namespace

void describe(ReportVisitor& v, const PeerFigure& f) {
  v.type("PeerFigure", "A figure of a recorded run: measured, theirs, ours.");
  v.text("run", "", f.run);
  v.text("metric", "", f.metric);
  v.text("statistic", "over requests", f.statistic);
  v.quantity("measured_s", "as the peer has it", f.measured);
  v.quantity("theirs_s", "as the peer published it", f.theirs);
  v.optional("ours_s", "nothing where the run's data is not there", f.ours);
  v.number("their_error", "relative", f.measured.si() > 0.0 ? f.their_error() : 0.0);
  v.optional("our_error", "relative", f.our_error());
}

void describe(ReportVisitor& v, const PeerComparison& p) {
  v.type("PeerComparison", "Another program's published results beside ours.");
  v.text("name", "", p.name);
  v.text("title", "", p.title);
  v.text("subject", "", p.subject);
  v.text("citation", "", p.citation);
  v.text("method", "", p.method);
  v.list("figures", "", p.figures);
  v.number("their_mean_error", "over figures that have one of ours", p.their_mean);
  v.number("our_mean_error", "likewise", p.our_mean);
  v.count("theirs_nearer", "figures", p.theirs_nearer);
  v.count("ours_nearer", "figures", p.ours_nearer);
}

void describe(ReportVisitor& v, const PeerReport& r) {
  v.type("PeerReport", "Peers, and how far each is from what was measured.");
  v.document("supernode-peers");
  v.list("peers", "", r.peers);
  v.list("missing", "runs that the data does not have", r.missing);
  v.flag("interrupted", "", r.interrupted);
}

Result<PeerReport> compare_peers(const std::string& data, const catalog::Catalog& catalog,
                                 const Run& run) {
  PeerReport out;
  Errors errors;
  const catalog::CatalogKind& kind = *catalog::find_kind("peer");
  for (const std::string& name : catalog.names(kind)) {
    const Result<Node> entry = catalog.entry(kind, name);
    if (entry) out.peers.push_back(read_peer(name, *entry, errors));
    if (!entry) errors.insert(errors.end(), entry.error().begin(), entry.error().end());
  }
  if (!errors.empty()) return fail(std::move(errors));
  const ReplayReports replays =
      data.empty() ? ReplayReports{} : replay_vllm_runs(data, catalog, run);
  out.errors = replays.errors;
  std::map<std::string, const ReplayReport*> by_name;
  for (const ReplayReport& r : replays.runs) by_name[r.name] = &r;
  for (PeerComparison& peer : out.peers) {
    for (PeerFigure& f : peer.figures) {
      const auto at = by_name.find(f.run);
      if (at != by_name.end()) f.ours = ours_of(f, *at->second);
      if (!f.ours &&
          std::find(out.missing.begin(), out.missing.end(), f.run) == out.missing.end()) {
        out.missing.push_back(f.run);
      }
    }
    sum_up(peer);
  }
  out.interrupted = run.stopped();
  return out;
}

}  // namespace sn::evidence
