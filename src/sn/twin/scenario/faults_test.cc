// sn/twin/scenario/faults_test.cc
//
// `faults:` of a scenario: what is read, and every mistake with its place.

#include "sn/twin/scenario/faults.h"

#include <gtest/gtest.h>

#include "sn/twin/world_test_util.h"

namespace sn::twin {
namespace {

FaultPlan plan_of(const std::string& text, std::string* mistakes = nullptr) {
  const Result<Node> node = parse_document("f.yaml", text);
  EXPECT_TRUE(node.has_value());
  Errors errors;
  FaultPlan plan = read_faults(*node, errors);
  if (mistakes != nullptr) {
    *mistakes = render(errors);
  } else {
    EXPECT_TRUE(errors.empty()) << render(errors);
  }
  return plan;
}

TEST(Faults, ReadsEventsAndRates) {
  const FaultPlan p = plan_of(
      "policy: fail\n"
      "events:\n"
      "  - {at: 5 min, action: fail, pool: decode, instance: 3}\n"
      "  - {at: 90 s, action: degrade, image: 1, clock: 0.7, scale_out: 0.5}\n"
      "rates: [{action: drain, of: image, every: 1000 h, repair: 10 min}]\n");
  EXPECT_FALSE(p.requeue);
  ASSERT_EQ(p.events.size(), 2u);
  EXPECT_EQ(p.events[0].at, Time::from_si(300.0));
  EXPECT_EQ(p.events[0].action, FaultAction::fail);
  EXPECT_EQ(p.events[0].target, (FaultTarget{.pool = "decode", .number = 3}));
  EXPECT_EQ(to_string(p.events[0].target), "instance 3 of decode");
  EXPECT_EQ(p.events[1].target, (FaultTarget{.image = true, .number = 1}));
  EXPECT_EQ(p.events[1].conditions, (hw::Conditions{.clock = 0.7, .scale_out = 0.5}));
  ASSERT_EQ(p.rates.size(), 1u);
  EXPECT_EQ(p.rates[0].action, FaultAction::drain);
  EXPECT_EQ(to_string(p.rates[0].target), "every image");
  EXPECT_EQ(p.rates[0].every, Time::from_si(3.6e6));
  EXPECT_EQ(p.rates[0].repair, Time::from_si(600.0));
  EXPECT_TRUE(plan_of("policy: requeue\n").empty());
}

TEST(Faults, SaysWhatIsWrongAndWhere) {
  const std::pair<const char*, const char*> cases[] = {
      {"events: [{action: fail, instance: 0}]", "'fault.at' is required"},
      {"events: [{at: 1 s, instance: 0}]", "'fault.action' is required"},
      {"events: [{at: 1 s, action: fial, instance: 0}]", "did you mean 'fail'?"},
      {"events: [{at: 1, action: fail, instance: 0}]", "f.yaml:1:15"},
      {"events: [{at: -1 s, action: fail, instance: 0}]", "f.yaml:1:15"},
      {"events: [{at: 1 s, action: fail}]", "a fault is of one instance or of one image"},
      {"events: [{at: 1 s, action: fail, instance: 0, image: 0}]", "one instance or of one image"},
      {"events: [{at: 1 s, action: fail, image: 0, pool: decode}]", "an image has no pool"},
      {"events: [{at: 1 s, action: fail, instance: 0, pool: decoder}]", "decode"},
      {"events: [{at: 1 s, action: fail, instance: 0, clock: 0.5}]", "'clock' is of 'degrade'"},
      {"events: [{at: 1 s, action: degrade, instance: 0}]", "says nothing of what is slower"},
      {"events: [{at: 1 s, action: degrade, instance: 0, clock: 0}]", "f.yaml:1:"},
      {"events: [{at: 1 s, action: fail, instance: -1}]", "f.yaml:1:"},
      {"events: [{at: 1 s, action: fail, instance: 0, when: 2}]", "unknown key"},
      {"events: {at: 1 s}", "must be a list"},
      {"events: [fail]", "f.yaml:1:10"},
      {"rates: [{action: repair, of: instance, every: 1 h, repair: 1 s}]", "f.yaml:1:"},
      {"rates: [{action: fail, of: rack, every: 1 h, repair: 1 s}]", "f.yaml:1:"},
      {"rates: [{action: fail, of: instance, every: 1 ms, repair: 1 s}]", "f.yaml:1:"},
      {"rates: [{action: fail, of: instance, every: 1 h}]", "'fault rate.repair' is required"},
      {"policy: ignore", "f.yaml:1:"},
      {"polizy: fail", "unknown key"},
      {"[1]", "f.yaml:1:1"},
  };
  for (const auto& [text, message] : cases) {
    std::string mistakes;
    plan_of(text, &mistakes);
    EXPECT_NE(mistakes.find(message), std::string::npos) << text << "\n" << mistakes;
  }
}

TEST(Faults, AListHasALimit) {
  const auto listed = [](int count) {
    std::string text = "events: [";
    for (int i = 0; i < count; ++i) text += "{at: 1 s, action: fail, instance: 0},";
    return text + "]\n";
  };
  EXPECT_EQ(plan_of(listed(10'000)).events.size(), 10'000u);
  std::string mistakes;
  EXPECT_TRUE(plan_of(listed(10'001), &mistakes).events.empty());
  EXPECT_NE(mistakes.find("'faults.events' must be a list of at most 10000"), std::string::npos)
      << mistakes;
}

TEST(Faults, AreAPartOfAScenarioAndNotOfTenants) {
  const std::string head =
      "supernode: 1\ncluster: {rack: hgx-h100}\nmodel: llama-3.1-8b\n"
      "workload: {preset: azure2023-conversation}\nslo: {tpot: {p90: 50 ms}}\n";
  const World world =
      world_of(head + "faults: {events: [{at: 1 s, action: drain, instance: 0}]}\n");
  EXPECT_EQ(world.faults.events.size(), 1u);
  EXPECT_TRUE(world_of(head).faults.empty());
  const auto wrong = resolve_text(head + "faults: {events: [{at: 1 s, action: drain}]}\n");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().front().where.line, 6);
}

}  // namespace
}  // namespace sn::twin
