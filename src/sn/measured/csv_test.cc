// sn/measured/csv_test.cc

#include "sn/measured/csv.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sn::measured {
namespace {

TEST(Csv, ColumnsAndRows) {
  CsvReader r(
      "\xef\xbb\xbf"
      "a, b ,c\r\n1,x,\"y, \"\"z\"\"\"\n\n2,,3\n",
      "t.csv");
  Faults faults;
  ASSERT_EQ(r.columns(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(r.column("c"), 2u);
  EXPECT_EQ(r.column("d"), std::nullopt);
  ASSERT_TRUE(r.next(faults));
  EXPECT_EQ(r.line(), 2);
  EXPECT_EQ(r.number(0, faults), 1.0);
  EXPECT_EQ(r.field(2), "y, \"z\"");
  ASSERT_TRUE(r.next(faults));
  EXPECT_EQ(r.line(), 4);
  EXPECT_EQ(r.field(1), "");
  EXPECT_FALSE(r.next(faults));
  EXPECT_EQ(faults.count(), 0u);
}

TEST(Csv, FaultsNameLineAndColumnAndTheRestIsRead) {
  CsvReader r("t,ms\n1,nan\n2,inf\n3\n4,0\n5,-1\n6,1e-3x\n7,2.5\n", "t.csv");
  Faults faults;
  std::vector<double> good;
  while (r.next(faults)) {
    if (const auto v = r.positive(1, faults)) good.push_back(*v);
  }
  EXPECT_EQ(good, std::vector<double>{2.5});
  ASSERT_EQ(faults.count(), 6u);
  const Errors all = faults.list("t.csv");
  EXPECT_EQ(all[0].message, "ms is 'nan', expected a finite number");
  EXPECT_EQ(all[0].where.line, 2);
  EXPECT_EQ(all[0].where.column, 3);
  EXPECT_EQ(all[2].message, "1 fields, the header has 2");
  EXPECT_EQ(all[3].message, "ms is 0, expected more than 0");
  EXPECT_EQ(all[5].where.line, 7);
}

TEST(Csv, ManyFaultsAreCountedNotKept) {
  std::string text = "a\n";
  for (int i = 0; i < 100; ++i) text += "x\n";
  CsvReader r(text, "t.csv");
  Faults faults;
  while (r.next(faults)) EXPECT_EQ(r.number(0, faults), std::nullopt);
  EXPECT_EQ(faults.count(), 100u);
  const Errors all = faults.list("t.csv");
  ASSERT_EQ(all.size(), Faults::kept + 1);
  EXPECT_EQ(all.back().message, "100 faults in all, the first 8 shown");
}

TEST(Csv, WithoutHeader) {
  CsvReader r("64, 0.19ms\n", "t.csv", false);
  Faults faults;
  ASSERT_TRUE(r.next(faults));
  EXPECT_EQ(r.number(0, faults), 64.0);
  EXPECT_EQ(r.number(1, faults), std::nullopt);
  EXPECT_EQ(faults.list("t.csv")[0].message, "field 2 is '0.19ms', expected a finite number");
}

RC_GTEST_PROP(CsvProperty, AnyTextIsReadToItsEnd, (const std::string& text)) {
  CsvReader r("a,b\n" + text, "t.csv");
  Faults faults;
  while (r.next(faults)) {
    RC_ASSERT(r.fields() == 2u);
    static_cast<void>(r.number(0, faults));
    static_cast<void>(r.positive(1, faults));
  }
}

}  // namespace
}  // namespace sn::measured
