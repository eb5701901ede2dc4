// sn/draw/schemas_test.cc
//
// The committed schemas and TypeScript types are what the descriptions of the reports say.
//
// With SN_UPDATE_SCHEMAS=1 in the environment they are written first (see CONTRIBUTING.md).

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "sn/api/doctor.h"
#include "sn/api/training.h"
#include "sn/base/report/report_type.h"
#include "sn/draw/catalog/datasheet_diff.h"
#include "sn/draw/catalog/workload_text.h"
#include "sn/draw/directions/claims_views.h"
#include "sn/draw/directions/directions_views.h"
#include "sn/draw/evidence/collective_text.h"
#include "sn/draw/evidence/evidence_page.h"
#include "sn/draw/fabric/fabric_views.h"
#include "sn/draw/rack/compare_views.h"
#include "sn/draw/rack/rack_views.h"
#include "sn/evidence/common/validation.h"
#include "sn/evidence/peers/peers.h"
#include "sn/evidence/serving/validate_serving.h"
#include "sn/evidence/training/validate_training.h"
#include "sn/planner/share/share.h"
#include "sn/planner/vary.h"
#include "sn/planner/why_not.h"
#include "sn/sweep/sweep.h"
#include "sn/twin/simulate/simulate_shared.h"

namespace sn::draw {
namespace {

struct Document {
  std::string name;  // of the file, without ".schema.json"
  std::string verb;
  std::string doc;
  std::vector<ReportType> roots;
};

std::vector<Document> evidence_documents() {
  return {
      {"validation",
       "supernode validate kernels|collectives --json",
       "Measured tables of operators or collectives, predicted.",
       {type_of<evidence::Validation>()}},
      {"serving_validation",
       "supernode validate serving --json",
       "Measured deployments, predicted.",
       {type_of<evidence::ServingValidation>()}},
      {"training_validation",
       "supernode validate training --json",
       "Measured steps and memories of training, predicted.",
       {type_of<evidence::TrainingValidation>()}},
      {"peers",
       "supernode validate peers --json",
       "Other programs' published results beside ours.",
       {type_of<evidence::PeerReport>()}},
      {"evidence",
       "supernode validate all --json",
       "Measured kernels, collectives and deployments, predicted.",
       {type_of<Evidence>()}},
  };
}

/// Of the machine beyond serving, and what is claimed of it.
std::vector<Document> machine_documents() {
  return {
      {"fabric",
       "supernode fabric --json",
       "Devices and links of a machine, and one path.",
       {type_of<api::FabricReport>()}},
      {"rack",
       "supernode rack --json",
       "A rack as a physical thing, under one load.",
       {type_of<api::RackReport>()}},
      {"compare",
       "supernode compare --json",
       "Racks side by side, and what each carries.",
       {type_of<api::CompareReport>()}},
      {"directions",
       "supernode directions --json",
       "Four directions of GPU-centric machines on one deployment.",
       {type_of<api::DirectionsReport>()}},
      {"claims",
       "supernode claims --json",
       "The ledger of claims, run.",
       {type_of<api::ClaimsReport>()}},
  };
}

std::vector<Document> plan_documents() {
  return {
      {"plan",
       "supernode plan --json",
       "Deployments of a model on a machine: one scenario or several.",
       {type_of<planner::PlanReport>(), type_of<planner::PlanReports>()}},
      {"vary",
       "supernode plan --vary --json",
       "One question over the values of scenario fields.",
       {type_of<planner::VaryReport>()}},
      {"why-not",
       "supernode plan --why-not --json",
       "What rules a deployment out, or what it loses to the best.",
       {type_of<planner::WhyNotReport>()}},
      {"training_plan",
       "supernode plan --json, of a training scenario",
       "Parallelisations of a training job on a machine.",
       {type_of<api::TrainingPlanReport>()}},
      {"share",
       "supernode plan --json, of a scenario with tenants",
       "Several tenants on one machine, each with its plan.",
       {type_of<planner::ShareReport>()}},
      {"collective",
       "supernode collective --json",
       "Predicted times of one collective by size.",
       {type_of<api::CollectiveTable>()}},
  };
}

std::vector<Document> other_documents() {
  return {
      {"catalog-diff",
       "supernode catalog diff --json",
       "Two entries of the catalog.",
       {type_of<api::DatasheetDiff>()}},
      {"workload",
       "supernode workload --json",
       "What is known of a trace.",
       {type_of<api::WorkloadReport>()}},
      {"catalog",
       "supernode catalog --json, catalog show --json",
       "The entries of the catalog, or one of them.",
       {type_of<api::Datasheet>(), type_of<api::CatalogListings>()}},
      {"doctor",
       "supernode doctor --json",
       "Whether this program and this machine are in order.",
       {type_of<api::DoctorReport>()}},
      {"sweep",
       "supernode sweep --json, sweep status --json",
       "How far a design space is asked, and its best points.",
       {type_of<sweep::SweepReport>()}},
      {"simulation",
       "supernode simulate --json",
       "A request trace on a machine: one scenario, several, or the tenants of one machine. "
       "Latencies are of requests that arrived after the warm-up.",
       {type_of<twin::SimulationReport>(), type_of<twin::SimulationReports>(),
        type_of<twin::SharedReport>()}},
  };
}

std::vector<Document> documents() {
  std::vector<Document> out;
  for (const auto& some :
       {plan_documents(), other_documents(), machine_documents(), evidence_documents()}) {
    out.insert(out.end(), some.begin(), some.end());
  }
  return out;
}

std::string content(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

void expect_committed(const std::string& path, const std::string& text) {
  if (std::getenv("SN_UPDATE_SCHEMAS") != nullptr) std::ofstream(path) << text;
  const std::string committed = content(path);
  const auto differ = std::mismatch(text.begin(), text.end(), committed.begin(), committed.end());
  const auto line = 1 + std::count(text.begin(), differ.first, '\n');
  EXPECT_TRUE(committed == text) << path << " differs from the reports at line " << line
                                 << "; SN_UPDATE_SCHEMAS=1 writes it";
}

TEST(Schemas, AreThoseOfTheReports) {
  for (const Document& d : documents()) {
    expect_committed("schema/" + d.name + ".schema.json", json_schema(d.verb, d.doc, d.roots));
  }
}

TEST(Schemas, TypeScriptToo) {
  std::vector<ReportType> roots;
  for (const Document& d : documents()) {
    roots.insert(roots.end(), d.roots.begin(), d.roots.end());
  }
  expect_committed("schema/reports.d.ts",
                   typescript("What `supernode VERB --json` writes, version 1.", roots));
}

}  // namespace
}  // namespace sn::draw
