// sn/store/database_test.cc

#include "sn/store/database.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

namespace sn::store {
namespace {

namespace fs = std::filesystem;

class DatabaseTest : public ::testing::Test {
 protected:
  DatabaseTest() : folder_(fs::temp_directory_path() / ("sn_store_" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~DatabaseTest() override { fs::remove_all(folder_); }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }
  [[nodiscard]] static Database made(const std::string& path) {
    Result<Database> db = Database::open(path, Mode::write);
    EXPECT_TRUE(db);
    EXPECT_FALSE(db->change("create table if not exists t (a integer primary key, b)"));
    return *std::move(db);
  }
  [[nodiscard]] static std::int64_t count(const Database& db) {
    return std::get<std::int64_t>(db.ask("select count(*) from t")->rows[0][0]);
  }

 private:
  fs::path folder_;
};

TEST_F(DatabaseTest, KeepsEveryKindOfCell) {
  Database db = made(path("a.db"));
  const std::vector<Cell> cells = {std::monostate{}, std::int64_t{-7}, 0.1,
                                   std::string("x'\0y", 4)};
  for (const Cell& cell : cells) {
    EXPECT_FALSE(db.change("insert into t (b) values ($1)", {cell}));
  }
  EXPECT_EQ(db.ask("select b, a from t")->columns, (std::vector<std::string>{"b", "a"}));
  const auto rows = db.ask("select b from t order by a");
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->columns, std::vector<std::string>{"b"});
  for (std::size_t i = 0; i < cells.size(); ++i) EXPECT_EQ(rows->rows[i][0], cells[i]);
}

TEST_F(DatabaseTest, TextOfCells) {
  EXPECT_EQ(cell_text({}), "");
  EXPECT_EQ(cell_text(std::int64_t{12}), "12");
  EXPECT_EQ(cell_text(0.1), "0.1");
  EXPECT_EQ(cell_text(std::string("a")), "a");
  EXPECT_EQ(quoted_name("a\"b"), "\"a\"\"b\"");
}

TEST_F(DatabaseTest, MistakesAreErrors) {
  Database db = made(path("a.db"));
  EXPECT_EQ(db.change("selec")->code, ErrorCode::syntax);
  EXPECT_EQ(db.change("delete from t; delete from t")->message, "one statement at a time");
  EXPECT_EQ(db.ask("select * from t where a in (1, 2", {}).error().front().code, ErrorCode::syntax);
  EXPECT_EQ(Database::open(path("none/a.db"), Mode::write).error().front().code, ErrorCode::io);
  EXPECT_EQ(Database::open(path("none.db"), Mode::read).error().front().code, ErrorCode::io);
  std::ofstream(path("no.db")) << std::string(4096, 'x');
  EXPECT_EQ(Database::open(path("no.db"), Mode::read).error().front().code, ErrorCode::io);
}

TEST_F(DatabaseTest, WhatIsReadIsNotChanged) {
  static_cast<void>(made(path("a.db")));
  Result<Database> db = Database::open(path("a.db"), Mode::read);
  ASSERT_TRUE(db);
  EXPECT_EQ(db->change("insert into t (b) values (1)")->code, ErrorCode::io);
}

TEST_F(DatabaseTest, RowsHaveALimit) {
  Database db = made(path("a.db"));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(db.change("insert into t (b) values (1)"));
  EXPECT_TRUE(db.ask("select * from t", {}, 3));
  EXPECT_EQ(db.ask("select * from t", {}, 2).error().front().code, ErrorCode::limit);
}

TEST_F(DatabaseTest, ATransactionIsAllOrNothing) {
  Database db = made(path("a.db"));
  const auto error = db.atomically([&]() -> std::optional<Error> {
    static_cast<void>(db.change("insert into t (b) values (1)"));
    return db.change("insert into nowhere (b) values (1)");
  });
  EXPECT_TRUE(error);
  EXPECT_EQ(count(db), 0);
  EXPECT_FALSE(db.atomically([&] { return db.change("insert into t (b) values (1)"); }));
  EXPECT_EQ(count(db), 1);
}

TEST_F(DatabaseTest, ThreadsAndConnectionsShareAFile) {
  const std::string file = path("a.db");
  Database one = made(file);
  Database other = made(file);
  const auto add = [](Database& db, int from) {
    for (int i = 0; i < 50; ++i) {
      ASSERT_FALSE(db.change("insert into t (a) values ($1)", {std::int64_t{from + i}}));
    }
  };
  std::thread a([&] { add(one, 0); });
  std::thread b([&] { add(one, 100); });
  std::thread c([&] { add(other, 200); });
  a.join();
  b.join();
  c.join();
  EXPECT_EQ(count(other), 150);
}

// What a killed process had committed is there, and the file is in order.
TEST_F(DatabaseTest, CommitsSurviveSigkill) {
  const std::string file = path("a.db");
  const pid_t child = ::fork();
  if (child == 0) {
    Result<Database> db = Database::open(file, Mode::write);
    static_cast<void>(db->change("create table t (a integer primary key, b)"));
    for (int i = 0; i < 20; ++i) static_cast<void>(db->change("insert into t (b) values (1)"));
    ::raise(SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  Database db = made(file);
  EXPECT_EQ(count(db), 20);
  EXPECT_EQ(db.ask("pragma integrity_check")->rows[0][0], Cell(std::string("ok")));
}

TEST_F(DatabaseTest, SettledIsOneFile) {
  Database db = made(path("a.db"));
  EXPECT_FALSE(db.change("insert into t (b) values (1)"));
  EXPECT_FALSE(db.settle());
  EXPECT_FALSE(fs::exists(path("a.db-wal")));
  EXPECT_EQ(count(db), 1);
}

}  // namespace
}  // namespace sn::store
