// sn/fabric/topology/nccl_xml_test.cc

#include "sn/fabric/topology/nccl_xml.h"

#include <gtest/gtest.h>

#include "sn/fabric/topology/routing.h"

namespace sn::fabric {
namespace {

const std::string server = R"(<?xml version="1.0"?>
<!-- two GPUs and an adapter -->
<system version="1">
  <cpu numaid="0" arch="x86_64">
    <pci busid="0000:11:00.0" class="0x060400" link_speed="16.0 GT/s PCIe" link_width="16">
      <pci busid="0000:15:00.0" class="0x030200" link_speed="16.0 GT/s PCIe" link_width="16">
        <gpu dev="0" sm="80"><nvlink target="0000:00:00.0" count="12" tclass="0x068000"/></gpu>
      </pci>
      <pci busid="0000:16:00.0" class="0x020700" link_speed="16.0 GT/s PCIe" link_width="16">
        <nic><net name="mlx5_0" dev="0" speed="200000"/></nic>
      </pci>
    </pci>
  </cpu>
  <cpu numaid="1">
    <pci busid="0000:21:00.0" class="0x030200" link_speed='5.0 GT/s PCIe' link_width="8">
      <gpu dev="1" sm="80"><nvlink target="0000:00:00.0" count="12" tclass="0x068000"/></gpu>
    </pci>
  </cpu>
</system>
)";

std::string with(const std::string& from, const std::string& to) {
  std::string out = server;
  const std::size_t at = out.find(from);
  EXPECT_NE(at, out.npos);
  return out.replace(at, from.size(), to);
}

/// "LINE: message" of the first error.
std::string refusal(const std::string& text) {
  const Result<Topology> t = read_nccl_topology("t.xml", text);
  if (t) return "";
  return std::to_string(t.error()[0].where.line) + ": " + t.error()[0].message;
}

TEST(NcclXml, AServer) {
  const Result<Topology> t = read_nccl_topology("t.xml", server);
  ASSERT_TRUE(t.has_value()) << refusal(server);
  EXPECT_EQ(t->gpus().size(), 2u);
  Router r(*t);
  const auto up = r.path(*t->find("gpu0"), *t->find("gpu1"));
  ASSERT_EQ(up.size(), 2u);
  EXPECT_DOUBLE_EQ(t->links()[up[0]].raw.si(), 240e9);  // 12 x 20 GB/s
  const auto out = r.path(*t->find("gpu0"), *t->find("mlx5_0"));
  ASSERT_EQ(out.size(), 2u);
  EXPECT_NEAR(t->links()[out[0]].raw.si(), 16e9 * 16 / 8 * 128 / 130, 1.0);
  EXPECT_DOUBLE_EQ(t->links()[out[1]].raw.si(), 25e9);
  // Below 8 GT/s eight of ten bits are data.
  const auto host = r.path(*t->find("gpu1"), *t->find("cpu1"));
  EXPECT_DOUBLE_EQ(t->links()[host[0]].raw.si(), 4e9);
}

TEST(NcclXml, MistakesHaveTheirPlace) {
  EXPECT_EQ(refusal(with("<system version=\"1\"", "<system version=\"2\"")),
            "3: version '2' is not known");
  EXPECT_EQ(refusal(with("0000:16:00.0", "0000:11:00.0")),
            "9: '0000:11:00.0' is there twice: a tree has no loops");
  EXPECT_EQ(refusal(with("speed=\"200000\"", "speed=\"0\"")), "10: 'mlx5_0' has no rate");
  EXPECT_EQ(refusal(with("dev=\"1\"", "dev=\"0\"")),
            "16: 'gpu0' is there twice: a tree has no loops");
  EXPECT_EQ(refusal(with("tclass=\"0x068000\"", "tclass=\"0x030200\"")),
            "7: nvlink to '0000:00:00.0', where no GPU is");
  EXPECT_NE(refusal(with("</nic>", "</nik>")).find("10: not the topology"), std::string::npos);
  EXPECT_NE(refusal("<!DOCTYPE a>"), "");
  EXPECT_NE(refusal("<system version=\"1\"/>"), "");
  EXPECT_NE(refusal(""), "");
  EXPECT_NE(refusal("<system version=\"1\"><cpu"), "");
}

TEST(NcclXml, Limits) {
  std::string deep = "<system version=\"1\">";
  for (int i = 0; i < 40; ++i) deep += "<pci>";
  EXPECT_NE(refusal(deep).find("32 levels"), std::string::npos);
  EXPECT_NE(refusal(std::string((1 << 20) + 1, ' ')).find("1 MiB"), std::string::npos);
}

}  // namespace
}  // namespace sn::fabric
