// sn/sweep/sweep_test.cc

#include "sn/sweep/sweep.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "sn/catalog/catalog.h"
#include "sn/sweep/point_key.h"

namespace sn::sweep {
namespace {

namespace fs = std::filesystem;

constexpr const char* text =
    "sweep: 1\nname: sizes\nscenarios: [llama70b]\n"
    "vary: {slo.tpot.p90: [40 ms, 60 ms], cluster.gpus: [4, 8, 0]}\n"
    "plan: {screen: true}\n";

const catalog::Catalog& shipped() {
  static const Result<catalog::Catalog> catalog = catalog::Catalog::embedded();
  return *catalog;
}

class SweepTest : public ::testing::Test {
 protected:
  SweepTest() : folder_(fs::temp_directory_path() / ("sn_sweep_" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~SweepTest() override { fs::remove_all(folder_); }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }

  static Design design(const std::string& of = text) {
    Result<Design> d = parse_design("s.yaml", of);
    EXPECT_TRUE(d) << render(d.error());
    return *std::move(d);
  }
  SweepReport done(const std::string& database, const Design& d, Shard shard = {},
                   const sn::Run& run = sn::Run()) const {
    const auto report =
        sweep(d, {.database = database, .program = "test", .shard = shard}, shipped(), run);
    EXPECT_TRUE(report) << render(report.error());
    return report.value_or(SweepReport{});
  }
  static std::string csv(const std::string& database) {
    const auto rows = table(database);
    EXPECT_TRUE(rows) << render(rows.error());
    std::string out;
    for (const auto& row : rows->rows) {
      for (const store::Cell& cell : row) out += store::cell_text(cell) + ",";
      out += "\n";
    }
    return out;
  }

 private:
  fs::path folder_;
};

TEST_F(SweepTest, AsksEveryPointOnce) {
  const std::string db = path("a.db");
  const SweepReport first = done(db, design());
  EXPECT_EQ(first.points, 6);
  EXPECT_EQ(first.asked, 6);
  EXPECT_EQ(first.met + first.missed + first.impossible, 6);
  EXPECT_GT(first.met, 0);
  EXPECT_EQ(first.open(), 0);
  ASSERT_EQ(first.best.size(), 1u);
  EXPECT_GT(first.best[0].objective, 0.0);
  const std::string before = csv(db);
  EXPECT_EQ(done(db, design()).asked, 0);
  EXPECT_EQ(csv(db), before);
}

TEST_F(SweepTest, OnlyNewContentsAreAsked) {
  const std::string db = path("a.db");
  done(db, design());
  const std::string more =
      "sweep: 1\nscenarios: [llama70b]\n"
      "vary: {cluster.gpus: [2, 4, 8], slo.tpot.p90: [60 ms]}\nplan: {screen: true}\n";
  const SweepReport report = done(db, design(more));
  EXPECT_EQ(report.points, 3);
  EXPECT_EQ(report.asked, 1);
  EXPECT_EQ(report.open(), 0);
}

TEST_F(SweepTest, PointsOfOneContentAreOneRow) {
  const SweepReport report =
      done(path("a.db"), design("sweep: 1\nscenarios: [{name: a, base: 1}, {name: b, base: 1}]\n"
                                "vary: {x: [1, 2]}\n"));
  EXPECT_EQ(report.points, 4);
  EXPECT_EQ(report.contents, 2);
  EXPECT_EQ(report.asked, 2);
  EXPECT_EQ(report.impossible, 4);  // no scenario at all, and that is said
}

TEST_F(SweepTest, TheTableIsTheSameWhateverTheThreadsAndShards) {
  done(path("a.db"), design(), {}, sn::Run({.threads = 1}));
  done(path("b.db"), design(), {}, sn::Run({.threads = 2}));
  EXPECT_EQ(csv(path("a.db")), csv(path("b.db")));
  std::int64_t asked = 0;
  for (std::size_t i = 0; i < 3; ++i) asked += done(path("c.db"), design(), {i, 3}).asked;
  EXPECT_EQ(asked, 6);
  EXPECT_EQ(parts_of(path("c.db")).size(), 3u);
  EXPECT_FALSE(fs::exists(path("c.db")));
  ASSERT_FALSE(merge(path("d.db"), parts_of(path("c.db"))));
  EXPECT_EQ(csv(path("d.db")), csv(path("a.db")));
  // And as the sweep itself takes them in.
  EXPECT_EQ(done(path("c.db"), design()).asked, 0);
  EXPECT_EQ(csv(path("c.db")), csv(path("a.db")));
  EXPECT_TRUE(parts_of(path("c.db")).empty());
}

TEST_F(SweepTest, AStoppedRunGoesOn) {
  const std::string db = path("a.db");
  std::atomic<int> told = 0;
  std::function<void()> stop;
  const sn::Run run({.threads = 1, .progress = [&](const Progress&) {
                       if (++told == 2) stop();
                     }});
  stop = [&] { run.stop(); };
  const SweepReport first = done(db, design(), {}, run);
  EXPECT_TRUE(first.interrupted);
  EXPECT_EQ(first.asked, 2);
  EXPECT_EQ(first.open(), 4);
  EXPECT_EQ(done(db, design()).asked, 4);
  done(path("b.db"), design());
  EXPECT_EQ(csv(db), csv(path("b.db")));
}

TEST_F(SweepTest, QueriesChangeNothing) {
  const std::string db = path("a.db");
  done(db, design());
  EXPECT_EQ(query(db, "select count(*) from sweep where \"cluster.gpus\" = 8")->rows[0][0],
            store::Cell(std::int64_t{2}));
  EXPECT_FALSE(query(db, "delete from results_plan"));
  EXPECT_FALSE(query(db, "select nothing from sweep"));
  EXPECT_FALSE(query(path("none.db"), "select 1"));
  EXPECT_EQ(status(db)->open(), 0);
}

TEST_F(SweepTest, RacksAndSimulations) {
  const SweepReport racks =
      done(path("r.db"), design("sweep: 1\nquestion: rack\nscenarios: [al128-deepseek-v3]\n"
                                "vary: {cluster.rack: [al128, nvl72-gb200]}\n"));
  EXPECT_EQ(racks.met + racks.missed, 2);
  const SweepReport runs =
      done(path("s.db"),
           design("sweep: 1\nquestion: simulate\nscenarios: [llama70b]\nset: {workload.rate: 1x}\n"
                  "vary: {seed: [1, 2]}\nsimulate: {screen: true, requests: 200}\n"));
  EXPECT_EQ(runs.met + runs.missed, 2);
}

TEST_F(SweepTest, KeysAreOfContent) {
  const Design d = design();
  PointKeys keys(d, shipped(), "test");
  const auto key = [&](const std::string& of) {
    return keys.of(*parse_document("s.yaml", of), path("") + "/");
  };
  EXPECT_EQ(key("a: 1\nb: [2, 3]\n"), key("# other words\nb: [2, 3]\nname: x\na: 1\n"));
  EXPECT_NE(key("a: 1"), key("a: '1'"));
  EXPECT_NE(key("a: 1"), key("a: 2"));
  EXPECT_NE(key("a: {b: 1}"), key("a: 1\nb: 1"));
  PointKeys other(d, shipped(), "test 2");
  EXPECT_NE(key("a: 1"), other.of(*parse_document("s.yaml", "a: 1"), path("") + "/"));
  std::ofstream(path("t.jsonl")) << "x";
  const std::string with_file = key("trace: t.jsonl");
  std::ofstream(path("t.jsonl")) << "y";
  PointKeys again(d, shipped(), "test");
  EXPECT_NE(with_file, again.of(*parse_document("s.yaml", "trace: t.jsonl"), path("") + "/"));
}

TEST(Cells, ReadAsTheirKind) {
  EXPECT_EQ(cell_of("8"), store::Cell(std::int64_t{8}));
  EXPECT_EQ(cell_of("0.5"), store::Cell(0.5));
  EXPECT_EQ(cell_of("50 ms"), store::Cell(std::string("50 ms")));
  EXPECT_EQ(cell_of("inf"), store::Cell(std::string("inf")));
}

}  // namespace
}  // namespace sn::sweep
