// sn/hw/generation_test.cc
//
// Each chip of the catalog, by way of its kernel family, is of one generation.

#include "sn/hw/generation.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "sn/catalog/catalog_test_util.h"
#include "sn/hw/machine.h"

namespace sn::hw {
namespace {

TEST(Generation, OfEveryChipOfTheCatalog) {
  using enum Generation;
  const std::map<std::string, Generation> expected = {{"a100", ampere},
                                                      {"rtx-4090", ada},
                                                      {"h100", hopper},
                                                      {"h200", hopper},
                                                      {"h200-nvl", hopper},
                                                      {"h800", hopper},
                                                      {"h20", hopper},
                                                      {"h20-3e", hopper},
                                                      {"b200", blackwell},
                                                      {"b300", blackwell},
                                                      {"gb200", blackwell},
                                                      {"gb300", blackwell},
                                                      {"rtx-pro-6000", blackwell_rtx},
                                                      {"mi300x", other},
                                                      {"mi325x", other},
                                                      {"mi355x", other},
                                                      {"ascend-910c", other},
                                                      {"m890", other},
                                                      {"xpu-2kw", other},
                                                      {"vr200", other},
                                                      {"mi455x", other},
                                                      {"tpu7x", other},
                                                      {"tpu8i", other},
                                                      {"trn3", other},
                                                      {"ascend-950dt", other},
                                                      {"maia-200", other},
                                                      {"mtia-400", other},
                                                      {"jalapeno", other}};
  const catalog::Catalog catalog = catalog::shipped_catalog();
  for (const std::string& name : catalog.names(*catalog::find_kind("chip"))) {
    SCOPED_TRACE(name);
    catalog::Params params;
    const Chip chip = catalog::read_shipped<Chip>(catalog, "chip", name, params);
    ASSERT_TRUE(expected.contains(name)) << "a new chip: say its generation";
    EXPECT_EQ(chip.generation(), expected.at(name));
  }
}

TEST(Generation, NvidiaSoftwareIsNotTakenForOthers) {
  EXPECT_TRUE(is_nvidia(generation_of("blackwell-rtx")));
  EXPECT_FALSE(has_tensor_memory(generation_of("blackwell-rtx")));
  EXPECT_TRUE(has_tensor_memory(generation_of("blackwell-grace")));
  EXPECT_FALSE(is_nvidia(generation_of("cdna4")));
  EXPECT_FALSE(is_nvidia(generation_of("blackwell-of-mine")));
  EXPECT_FALSE(is_nvidia(generation_of("")));
}

}  // namespace
}  // namespace sn::hw
