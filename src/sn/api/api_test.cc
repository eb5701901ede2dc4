// sn/api/api_test.cc
//
// Requests and their mistakes; what an answer holds is tested where it is made.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sn/api/catalog/datasheet.h"
#include "sn/api/collective.h"
#include "sn/api/evidence.h"
#include "sn/api/open.h"
#include "sn/api/plan.h"
#include "sn/api/scenarios.h"
#include "sn/api/simulate.h"

namespace sn::api {
namespace {

using testing::HasSubstr;

const std::string small =
    "supernode: 1\nname: small\ncluster: {rack: hgx-h200}\nmodel: llama-3.1-8b\n"
    "workload:\n  synthetic:\n    arrivals: {process: poisson, rate: 4 req/s}\n"
    "    input: 1000\n    output: {median: 100, p90: 300, max: 600}\n    requests: 200\n"
    "  rate: 1x\n"
    "slo: {ttft: {p90: 1 s}, tpot: {p90: 40 ms}}\n";

const catalog::Catalog& shipped() {
  static const Result<catalog::Catalog> catalog = open_catalog();
  return *catalog;
}

twin::World world_of(const OpenRequest& request, const sn::Run& run = sn::Run()) {
  Result<Opened> opened = open(request, shipped(), run);
  if (!opened || !opened->world) {
    ADD_FAILURE() << (opened ? "tenants" : render(opened.error()));
    return {};
  }
  return *std::move(opened->world);
}

template <class T>
Error first_error(const Result<T>& result) {
  if (!result) return result.error().front();
  ADD_FAILURE() << "no error";
  return {};
}

TEST(Api, OpensTextAndTreesAlike) {
  const twin::World text = world_of({.file = "s.yaml", .text = small});
  const Result<Node> tree = parse_document("s.yaml", small);
  ASSERT_TRUE(tree);
  const twin::World node = world_of({.file = "s.yaml", .scenario = *tree});
  EXPECT_EQ(text.name, "small");
  EXPECT_EQ(twin::param_values(text), twin::param_values(node));
  EXPECT_EQ(text.load.workload.rate, node.load.workload.rate);
}

TEST(Api, ShippedScenariosAreFoundByName) {
  EXPECT_EQ(find_scenario("llama70b")->name, "llama70b-hgx-h200");
  EXPECT_EQ(find_scenario("llama70b-faults")->name, "llama70b-faults");
  EXPECT_EQ(find_scenario("two-tenants")->name, "al128-two-tenants");
  EXPECT_THAT(first_error(find_scenario("b200")).hint, HasSubstr("b200-16x8, b200-1x128"));
  EXPECT_THAT(first_error(find_scenario("lalma70b-faults")).hint, HasSubstr("llama70b-faults"));
  const twin::World world = world_of({.file = "llama70b", .overrides = {.gpus = "4"}});
  EXPECT_EQ(world.machine.gpus(), 4);
}

TEST(Api, SearchesNamesAndTitles) {
  const auto found = search_catalog(shipped(), "H100");
  ASSERT_TRUE(found);
  std::vector<std::string> names;
  for (const CatalogListing& kind : *found) {
    for (const auto& entry : kind.entries) names.push_back(kind.folder + "/" + entry.first);
  }
  EXPECT_THAT(names, testing::IsSupersetOf({"chips/h100", "racks/hgx-h100"}));
  EXPECT_THAT(first_error(search_catalog(shipped(), "hgx-h101")).hint, HasSubstr("hgx-h100"));
}

TEST(Api, LaysFieldsOverTheScenarioInTheirOrder) {
  const twin::World world = world_of(
      {.file = "s.yaml",
       .text = small,
       .fields = {{"cluster.racks", "2"}, {"workload.rate", "3x"}, {"workload.rate", "2x"}}});
  EXPECT_EQ(world.machine.cluster.racks, 2);
  EXPECT_EQ(world.load.rate.value, 2.0);
  const Error e = first_error(
      open({.file = "s.yaml", .text = small, .fields = {{"slo.tpot.p90", "fast"}}}, shipped()));
  EXPECT_EQ(e.where.file, "--set slo.tpot.p90");
}

TEST(Api, ARunsSeedStandsForTheScenarios) {
  const twin::World own = world_of({.file = "s.yaml", .text = small});
  const twin::World same = world_of({.file = "s.yaml", .text = small}, sn::Run({.seed = 1}));
  const twin::World other = world_of({.file = "s.yaml", .text = small}, sn::Run({.seed = 2}));
  EXPECT_EQ(serving::mean_output(own.load.workload), serving::mean_output(same.load.workload));
  EXPECT_EQ(other.seed, 2u);
  EXPECT_NE(serving::mean_output(own.load.workload), serving::mean_output(other.load.workload));
}

TEST(Api, MistakesNameTheFieldOfTheRequest) {
  const twin::World world = world_of({.file = "s.yaml", .text = small});
  EXPECT_EQ(first_error(open_catalog("no/such/folder")).where.file, "request.catalog");
  EXPECT_EQ(first_error(simulate(world, {.rank = 0})).where.file, "request.rank");
  const Error tool = first_error(export_script(world, {.tool = "vlm"}, shipped()));
  EXPECT_EQ(tool.where.file, "request.tool");
  EXPECT_THAT(tool.hint, HasSubstr("'vllm'"));
  const Error rack = first_error(collective_table({.rack = "al182"}, shipped()));
  EXPECT_EQ(rack.where.file, "request.rack");
  EXPECT_THAT(rack.hint, HasSubstr("al128"));
  EXPECT_EQ(first_error(calibrate_serving({}, shipped())).where.file, "request.data");
}

TEST(Api, AQuestionThatIsStoppedSaysSo) {
  const twin::World world = world_of({.file = "s.yaml", .text = small});
  const sn::Run run;
  run.stop();
  EXPECT_EQ(first_error(plan(world, {}, run)).code, ErrorCode::interrupted);
  EXPECT_EQ(first_error(collective_table({.rack = "al128"}, shipped(), run)).code,
            ErrorCode::interrupted);
  const auto validation = validate({.data = {}, .kernels = false}, shipped(), run);
  ASSERT_TRUE(validation);
  EXPECT_TRUE(validation->serving->cases.cases.empty());
  EXPECT_TRUE(validation->serving->interrupted);
}

}  // namespace
}  // namespace sn::api
