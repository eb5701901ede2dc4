// tests/fuzz/scenario_fuzz.cc
//
// libFuzzer target: any bytes as a scenario, resolved with files that live in memory. It may be
// refused, never crash; what is accepted must be complete, finite and survive a change of its
// numbers.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include "sn/base/document/document.h"
#include "sn/catalog/catalog.h"
#include "sn/twin/scenario/scenario.h"
#include "sn/twin/scenario/tenants.h"
#include "sn/twin/world.h"

namespace {

using namespace sn;

constexpr const char* tiny_trace =
    "{\"timestamp\": 0, \"input_length\": 600, \"output_length\": 5, \"hash_ids\": [1, 2]}\n"
    "{\"timestamp\": 9000, \"input_length\": 600, \"output_length\": 7, \"hash_ids\": [1, 3]}\n"
    "{\"timestamp\": 31000, \"input_length\": 20, \"output_length\": 1, \"hash_ids\": [4]}\n";

constexpr const char* tiny_config =
    "{\"model_type\": \"llama\", \"hidden_size\": 64, \"num_hidden_layers\": 2, \"vocab_size\": "
    "100,"
    " \"num_attention_heads\": 4, \"num_key_value_heads\": 2, \"intermediate_size\": 128,"
    " \"max_position_embeddings\": 4096, \"tie_word_embeddings\": false,"
    " \"torch_dtype\": \"bfloat16\"}";

Result<std::string> load(const std::string& path) {
  if (path.ends_with(".json")) return std::string(tiny_config);
  if (path.ends_with("trace.jsonl")) return std::string(tiny_trace);
  return fail({.code = ErrorCode::io,
               .message = "no such file",
               .where = {.file = path, .excerpt = {}},
               .hint = {}});
}

void check(const twin::World& world) {
  SN_ASSERT(!world.machine.precisions.empty() && !world.load.slo.empty() &&
            !world.load.workload.classes.empty());
  SN_ASSERT(world.machine.cluster.gpus() > 0 && world.machine.cluster.rack.scale_up.domain > 0);
  SN_ASSERT(world.machine.cluster.rack.gpus % world.machine.cluster.rack.scale_up.domain == 0);
  SN_ASSERT(std::isfinite(world.load.workload.rate.si()) && world.load.workload.rate.si() > 0.0);
  for (const catalog::Param& p : world.machine.params) {
    SN_ASSERT(std::isfinite(p.value));
    SN_ASSERT(!p.present || (p.value >= p.min && p.value <= p.max));
  }
  const std::vector<double> values = twin::param_values(world);
  SN_ASSERT(twin::param_values(twin::with_values(world, values)) == values);
}

void check_tenants(const Result<twin::SharedMachine>& machine) {
  if (!machine) {
    SN_ASSERT(!machine.error().empty() && !render(machine.error()).empty());
    return;
  }
  SN_ASSERT(!machine->tenants.empty() && machine->tenants.size() <= twin::tenants_max);
  std::int64_t shares = 0;
  for (const twin::Tenant& t : machine->tenants) {
    check(t.world);
    shares += t.gpus;
  }
  SN_ASSERT(shares <= machine->tenants.front().world.machine.cluster.gpus());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Result<catalog::Catalog> catalog = catalog::Catalog::embedded();
  SN_ASSERT(catalog.has_value());
  const Result<Node> node =
      parse_document("fuzz.yaml", std::string(reinterpret_cast<const char*>(data), size));
  if (!node) {
    SN_ASSERT(!node.error().empty() && !render(node.error()).empty());
    return 0;
  }
  Node scenario = *node;
  for (const twin::Overrides& overrides :
       {twin::Overrides{},
        twin::Overrides{.trace = "trace.jsonl", .model = "x.json", .rate = "2x"}}) {
    if (scenario.is_map()) twin::apply(overrides, scenario);
    if (twin::has_tenants(scenario)) {
      check_tenants(twin::resolve_tenants(scenario, *catalog, load, "folder"));
      continue;
    }
    const Result<twin::World> world = twin::resolve(scenario, *catalog, load, "folder");
    if (world) {
      check(*world);
    } else {
      SN_ASSERT(!world.error().empty() && !render(world.error()).empty());
    }
  }
  return 0;
}
