// sn/evidence/collectives/collective_cases_test.cc
//
// Readers of measured collectives, their faults, and predictions by hand.

#include "sn/evidence/collectives/collective_cases.h"

#include <gtest/gtest.h>

#include <string>

namespace sn::evidence {
namespace {

using collective::Kernels;
using collective::Op;
using collective::Request;

std::vector<CollectiveCase> read(std::string_view name, std::string_view text,
                                 measured::Faults* faults = nullptr) {
  measured::Faults own;
  return read_collective_file(name, text, "", faults != nullptr ? *faults : own);
}

const std::string nccl =
    "system,source_dir,nccl_version,device,op,dtype,num_gpus,elements,size_bytes,latency_us,"
    "busbw_GBps_computed,repeat_idx\n";

TEST(NcclTable, RowsBecomeLibraryRequests) {
  const auto cases = read("nccl_intra_node.csv",
                          nccl + "h200_sxm,nccl,2.29.2,X,all_reduce,int8,8,1024,1024,16.5,0.1,1\n");
  ASSERT_EQ(cases.size(), 1u);
  const auto& r = std::get<Request>(cases[0].request);
  EXPECT_EQ(r.op, Op::all_reduce);
  EXPECT_EQ(r.kernels, Kernels::library);
  EXPECT_FALSE(r.switch_reducible);
  EXPECT_EQ(r.size.si(), 1024.0);
  EXPECT_EQ(cases[0].rack, "hgx-h200");
  EXPECT_DOUBLE_EQ(cases[0].seconds, 16.5e-6);
  EXPECT_EQ(cases[0].line, 2);
}

TEST(NcclTable, MalformedRowsAreFaultsAndTheRestIsRead) {
  measured::Faults faults;
  const auto cases = read("nccl_intra_node.csv",
                          nccl +
                              "h200_sxm,nccl,2.29.2,X,all_reduce,half,8,1,2,nan,0,1\n"
                              "h200_sxm,nccl,2.29.2,X,broadcast,half,8,1,2,5,0,1\n"
                              "h200_sxm,nccl,2.29.2,X,all_reduce,half,1,1,2,5,0,1\n"
                              "h200_sxm,nccl,2.29.2,X,all_reduce,half,2.5,1,2,5,0,1\n"
                              "x9_sxm,nccl,2.29.2,X,alltoall,half,4,1,2,5,0,1\n",
                          &faults);
  EXPECT_EQ(faults.count(), 4u);
  ASSERT_EQ(cases.size(), 1u);
  EXPECT_EQ(cases[0].skip, "no such system in the catalog");
}

TEST(NcclTable, MissingColumnsAreNamed) {
  measured::Faults faults;
  EXPECT_TRUE(read("nccl_intra_node.csv", "system,op\nh100_sxm,all_reduce\n", &faults).empty());
  const Errors errors = faults.list("nccl_intra_node.csv");
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_NE(errors[0].message.find("latency_us"), std::string::npos);
}

TEST(CustomTable, GenerationsAndGraphs) {
  const std::string header =
      "system,framework,framework_version,device,kernel,dtype,num_gpus,elements,size_bytes,"
      "latency_us,busbw_GBps_computed\n";
  const auto cases =
      read("custom_allreduce_intra_node.csv",
           header +
               "h100_sxm,sglang,0.5.14,X,SGLang_CustomAllReduce_graph,bfloat16,2,8,16,2.4,0\n"
               "h100_sxm,sglang,0.5.9,X,SGLang_CustomAllReduce_eager,bfloat16,2,8,16,20,0\n"
               "h100_sxm,vllm,0.24.0,X,vLLM_custom_graph,bfloat16,2,8,16,4.3,0\n"
               "h100_sxm,sglang,0.5.6.post2,X,TRTLLM,bfloat16,2,8,16,3.1,0\n");
  ASSERT_EQ(cases.size(), 4u);
  EXPECT_FALSE(std::get<Request>(cases[0].request).legacy);
  EXPECT_TRUE(std::get<Request>(cases[1].request).legacy);
  EXPECT_TRUE(cases[1].eager);
  EXPECT_TRUE(std::get<Request>(cases[2].request).legacy);
  EXPECT_FALSE(std::get<Request>(cases[3].request).legacy);
}

TEST(DeepEp, BothDirectionsOfARow) {
  const auto cases = read("deepep_normal.csv",
                          "system,sglang_version,provenance,ep_size_derived,device,node_num,hidden,"
                          "num_tokens_per_rank,topk,num_experts,dispatch_sms,dispatch_transmit_us,"
                          "dispatch_notify_us,combine_sms,combine_transmit_us,combine_notify_us\n"
                          "h100_sxm,0.5.6.post2,x,16,X,2,7168,64,8,256,12,40,30,20,80,30\n");
  ASSERT_EQ(cases.size(), 2u);
  const auto& r = std::get<ExchangeRequest>(cases[1].request);
  EXPECT_EQ(r.group, (collective::Group{16, 8}));
  EXPECT_EQ(r.exchange.sms, 20.0);
  EXPECT_EQ(r.phase, ExchangeRequest::Phase::combine);
  EXPECT_DOUBLE_EQ(cases[1].seconds, 80e-6);
  EXPECT_EQ(cases[1].family, "normal combine, device ambiguous");
}

constexpr std::string_view log =
    "# nThread 1 nGpus 2 minBytes 8 maxBytes 128\n"
    "#  Rank  0 Group  0 Pid   1 on node0 device  0 [0x1b] NVIDIA H100 80GB HBM3\n"
    "#  Rank  1 Group  0 Pid   1 on node0 device  1 [0x43] NVIDIA H100 80GB HBM3\n"
    "#                                                              out-of-place        in-place\n"
    "#       size         count      type   redop    root     time   algbw   busbw #wrong     time"
    "   algbw   busbw #wrong\n"
    "     1048576        262144     float     sum      -1    14.70   71.33   71.33      0    13.90"
    "   75.44   75.44      0\n"
    "node0:1:1 [0] NCCL INFO something\n"
    "     2097152        524288     float\n"
    "# Avg bus bandwidth    : 71.1\n";

TEST(NcclTestsLog, OutOfPlaceAndInPlace) {
  measured::Faults faults;
  const auto cases = read("all_reduce_perf.txt", log, &faults);
  ASSERT_EQ(cases.size(), 2u);
  EXPECT_EQ(cases[0].rack, "hgx-h100");
  EXPECT_DOUBLE_EQ(cases[0].seconds, 14.7e-6);
  EXPECT_DOUBLE_EQ(cases[1].seconds, 13.9e-6);
  EXPECT_EQ(std::get<Request>(cases[0].request).group, (collective::Group{2, 2}));
  EXPECT_TRUE(cases[0].skip.empty());
  EXPECT_EQ(faults.count(), 1u);  // the row that is cut
}

TEST(NcclTestsLog, SaysWhatItLacks) {
  const auto cases = read("run.txt", log);
  ASSERT_EQ(cases.size(), 2u);
  EXPECT_NE(cases[0].skip.find("operation"), std::string_view::npos);
  measured::Faults faults;
  EXPECT_TRUE(read("all_reduce.txt", "nothing here\n", &faults).empty());
  EXPECT_EQ(faults.count(), 1u);
}

TEST(Prediction, HostAndCopyOfEagerCalls) {
  CollectiveMachine m;
  m.fabric.domain = 8;
  m.fabric.scale_up = {.layer = fabric::Layer::scale_up,
                       .raw = Bandwidth::from_si(1e12),
                       .sustained = Bandwidth::from_si(1e12),
                       .latency = Time::from_si(1e-6)};
  m.hbm = 2.5e12;
  collective::CollectiveParams p;
  p.custom.host = Time::from_si(50e-6);
  p.custom.one_shot = 1.0;
  p.custom.two_shot = 1.0;
  p.custom.limit = Bytes::from_si(1e9);
  CollectiveCase c;
  c.request = Request{.op = Op::all_reduce,
                      .group = {2, 2},
                      .size = Bytes::from_si(1e6),
                      .kernels = Kernels::one_shot};
  // 1 us across and 1 us of bytes.
  EXPECT_NEAR(predicted_seconds(m, p, c), 2e-6, 1e-12);
  c.eager = true;
  EXPECT_NEAR(predicted_seconds(m, p, c), 50e-6, 1e-12);
  // 100 MB: 101 us, and 2 x 100 MB at 0.8 of 2.5 TB/s = 100 us.
  c.copied = true;
  std::get<Request>(c.request).size = Bytes::from_si(1e8);
  EXPECT_NEAR(predicted_seconds(m, p, c), 201e-6, 1e-12);
}

TEST(Split, AQuarterOfTheShapes) {
  int fitted = 0;
  CollectiveCase c;
  c.family = "NCCL all_reduce";
  for (int i = 0; i < 4000; ++i) {
    c.shape = std::to_string(i);
    fitted += c.fitted() ? 1 : 0;
  }
  EXPECT_GT(fitted, 850);
  EXPECT_LT(fitted, 1150);
}

TEST(Misfit, GroupsThatTheMachineCannotHold) {
  CollectiveMachine eight;
  eight.fabric.domain = 8;
  eight.fabric.domains = 4;
  const auto nccl_of = [](const std::string& gpus) {
    return read("nccl_intra_node.csv",
                nccl + "a100_sxm,nccl,2,X,alltoall,half," + gpus + ",1,1048576,50,0,1\n")
        .at(0);
  };
  EXPECT_EQ(misfit(eight, nccl_of("8")), "");
  EXPECT_NE(misfit(eight, nccl_of("38")), "");
  EXPECT_NE(misfit(eight, nccl_of("9")), "");
  CollectiveCase wide = nccl_of("8");
  wide.request = ExchangeRequest{.exchange = {}, .group = {40, 8}};
  EXPECT_NE(misfit(eight, wide), "");  // five domains
  wide.request = ExchangeRequest{.exchange = {}, .group = {32, 8}};
  EXPECT_EQ(misfit(eight, wide), "");
  wide.request = SendRequest{.size = Bytes::from_si(1.0)};
  EXPECT_EQ(misfit(eight, wide), "");
}

}  // namespace
}  // namespace sn::evidence
