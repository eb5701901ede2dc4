// sn/evidence/peers/peers.h
//
// Other programs' results on public cases beside ours: `validate peers`, docs/peers.md.
//
// A peer is an entry of catalog/peers: who, by which method, and for each recorded run what was
// measured and what the peer published. Ours are played on the same run, which is data that the
// user has (a folder with the run's files); a run that is not there has no figure of ours. Nobody's
// figure is left out, whoever is nearer.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sn/base/report/report_visitor.h"
#include "sn/base/result.h"
#include "sn/base/run.h"
#include "sn/base/units/quantity.h"
#include "sn/catalog/catalog.h"

namespace sn::evidence {

struct PeerFigure {
  std::string run;
  std::string metric;     // "TTFT", "TPOT", "E2E"
  std::string statistic;  // "mean", "p99"
  Time measured;          // as the peer has it
  Time theirs;
  std::optional<Time> ours;

  [[nodiscard]] double their_error() const { return theirs / measured - 1.0; }
  [[nodiscard]] std::optional<double> our_error() const {
    return ours ? std::optional(*ours / measured - 1.0) : std::nullopt;
  }
};

struct PeerComparison {
  std::string name;  // of the entry
  std::string title;
  std::string subject;
  std::string citation;
  std::string method;
  std::vector<PeerFigure> figures;
  // Over figures that have one of ours: mean |error|, and how often each is nearer.
  double their_mean = 0.0;
  double our_mean = 0.0;
  std::int64_t theirs_nearer = 0;
  std::int64_t ours_nearer = 0;
};

struct PeerReport {
  std::vector<PeerComparison> peers;
  std::vector<std::string> missing;  // runs that the data does not have
  bool interrupted = false;
  Errors errors;  // of runs that could not be read or predicted
};

void describe(ReportVisitor& v, const PeerFigure& figure);
void describe(ReportVisitor& v, const PeerComparison& peer);
void describe(ReportVisitor& v, const PeerReport& report);

/// Every peer of the catalog; runs are looked for below `data`. Errors: an entry that does not
/// read.
[[nodiscard]] Result<PeerReport> compare_peers(const std::string& data,
                                               const catalog::Catalog& catalog,
                                               const Run& run = Run());

}  // namespace sn::evidence
