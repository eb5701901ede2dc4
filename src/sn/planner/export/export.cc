// sn/planner/export/export.cc
//
// The frame of an exported script: first lines, hosts, placement, dispatch (see export.h).

#include "sn/planner/export/export.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "sn/planner/export/export_parts.h"
#include "sn/planner/search/engine_runs.h"
#include "sn/twin/report_parts.h"

namespace sn::planner {

namespace {

struct Tool {
  std::string_view name;
  std::string_view engine;
  void (*write)(Script&);
};

constexpr std::array tools = {
    Tool{"vllm", "vllm", write_vllm}, Tool{"sglang", "sglang", write_sglang},
    Tool{"trtllm", "trtllm", write_trtllm}, Tool{"dynamo", "vllm", write_dynamo}};

/// The fewest nodes that hold `gpus` in equal parts; parts of whole ranks when a rank fits a node.
std::int64_t nodes_of(std::int64_t gpus, std::int64_t rank_gpus, std::int64_t node_gpus) {
  const bool whole = rank_gpus <= node_gpus;
  const std::int64_t units = whole ? gpus / rank_gpus : gpus;
  std::int64_t nodes = (gpus + node_gpus - 1) / node_gpus;
  while (units % nodes != 0 || gpus / nodes > node_gpus) ++nodes;
  return nodes;
}

Placement place(std::string role, const serving::Pool& pool, const PoolReport& report,
                std::int64_t node_gpus) {
  Placement p;
  p.role = std::move(role);
  p.pool = &pool;
  p.report = &report;
  const llm::Parallelism& shape = pool.deployment.parallel;
  p.nodes_each = nodes_of(shape.gpus(), shape.tp * shape.pp, node_gpus);
  p.node_gpus = shape.gpus() / p.nodes_each;
  p.per_node = p.nodes_each == 1 ? node_gpus / shape.gpus() : 1;
  p.nodes = p.nodes_each * ((pool.replicas + p.per_node - 1) / p.per_node);
  p.splits_rank = shape.tp * shape.pp > node_gpus;
  return p;
}

/// Puts `p` behind `before`: on what that leaves of its last node, if one instance has room there.
void put_behind(const Placement& before, Placement& p, std::int64_t node_gpus) {
  p.first_node = before.first_node + before.nodes;
  if (before.nodes_each > 1 || p.nodes_each > 1) return;
  const std::int64_t last = (before.pool->replicas + before.skip) % before.per_node;
  const std::int64_t taken = (last == 0 ? before.per_node : last) * before.node_gpus;
  const std::int64_t skip = (taken + p.node_gpus - 1) / p.node_gpus;
  if (taken >= node_gpus || skip >= p.per_node) return;
  p.skip = skip;
  p.first_node -= 1;
  p.nodes = (p.pool->replicas + skip + p.per_node - 1) / p.per_node;
}

std::string comment(std::string_view text, std::string_view first) {
  constexpr std::size_t width = 96;
  std::string out;
  std::string row(first);
  const std::string next(first.size(), ' ');
  bool empty = true;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    if (!empty && row.size() + 1 + word.size() > width) {
      out.append("# ").append(row).append("\n");
      row = next;
      empty = true;
    }
    if (!empty) row += ' ';
    row += word;
    empty = false;
    at = end + 1;
  }
  return out.append("# ").append(row).append("\n");
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string pool_line(const Placement& p, std::int64_t gpus_per_os) {
  const std::string where =
      p.nodes_each > 1 ? fmt::format("{} nodes each ({} GPUs a node)", p.nodes_each, p.node_gpus)
                       : fmt::format("{} a node of {} GPUs", p.per_node, gpus_per_os);
  return fmt::format("{}: {} x {}, {} (weights/activations/KV); {}; nodes {} to {}", p.role,
                     p.pool->replicas, llm::cut_text(p.deployment()),
                     llm::to_string(p.deployment().precision), where, p.first_node,
                     p.first_node + p.nodes - 1);
}

/// Start of an instance's parts on this node; ports and GPUs follow from the slot.
constexpr std::string_view place_function = R"(
# Starts what this node has of one pool: function, first node, nodes an instance, slots a node,
# replicas, slots taken before. The function gets the node's place in the instance, the slot and the
# host of the instance's first node.
place() {
  local n=$((NODE - $2)) slot replica
  for ((slot = 0; slot < $4; slot++)); do
    replica=$((n / $3 * $4 + slot - $6))
    if [ "$replica" -ge 0 ] && [ "$replica" -lt "$5" ]; then
      "$1" $((n % $3)) "$slot" "${HOSTS[$2 + n / $3 * $3]}" &
    fi
  done
}

# Hosts of the replicas of a pool: first node, nodes an instance, slots a node, replicas, slots
# taken before.
hosts() {
  local r
  for ((r = $5; r < $4 + $5; r++)); do echo "${HOSTS[$1 + r / $3 * $2]}"; done
}

# Their ports: base port, slots a node, replicas, slots taken before.
ports() {
  local r
  for ((r = $4; r < $3 + $4; r++)); do echo $(($1 + r % $2)); done
}

if [ "$NODE" = router ]; then
  router
  exit
fi
)";

}  // namespace

Script::Script(const twin::World& world, const Candidate& candidate, const ToolTable& table,
               const llm::Framework& engine)
    : world_(world), candidate_(candidate), table_(table), engine_(engine) {
  const std::int64_t node_gpus = std::max<std::int64_t>(1, world.machine.cluster.rack.gpus_per_os);
  if (candidate.disaggregated) {
    pools_.push_back(place("prefill", candidate.plan.prefill, candidate.prefill, node_gpus));
  }
  pools_.push_back(place(candidate.disaggregated ? "decode" : "serve", candidate.plan.decode,
                         candidate.decode, node_gpus));
  if (candidate.disaggregated) put_behind(pools_[0], pools_[1], node_gpus);
  const std::int64_t nodes = pools_.back().first_node + pools_.back().nodes;
  for (const Placement& p : pools_) {
    if (p.parallel().cp == 1) continue;
    cannot(
        fmt::format("{}: prompts cut over {} ranks: context parallelism is not in this tool's "
                    "table, its GPUs are left out",
                    p.role, p.parallel().cp));
  }
  if (nodes * node_gpus > world.machine.cluster.gpus()) {
    cannot(
        fmt::format("instances that straddle nodes of {} GPUs: in whole and equal parts they "
                    "take {} nodes, the machine has {}",
                    node_gpus, nodes, world.machine.cluster.gpus() / node_gpus));
  }
}

void Script::line(std::string_view text) { body_ += std::string(text) + "\n"; }

std::string Script::use(std::string_view program, std::string_view name) {
  SN_ASSERT(table_.has(program, name));
  used_.push_back(std::string(program) + " " + std::string(name));
  return std::string(name);
}

void Script::open(std::string program, std::string_view start) {
  program_ = std::move(program);
  body_ += start;
}

void Script::flag(std::string_view name, std::string_view value) {
  word(use(program_, name) + (value.empty() ? "" : " ") + std::string(value));
}

void Script::flag(std::string_view name, std::int64_t value) { flag(name, std::to_string(value)); }

void Script::word(std::string_view text) { body_ += " \\\n    " + std::string(text); }

void Script::close(std::string_view end) { body_ += std::string(end) + "\n"; }

void Script::yaml(std::string_view program, std::string_view dotted, std::string_view value,
                  std::string_view indent) {
  static_cast<void>(use(program, dotted));
  const std::size_t dot = dotted.rfind('.');
  const std::string_view key = dot == std::string_view::npos ? dotted : dotted.substr(dot + 1);
  line(fmt::format("{}{}: {}", indent, key, value));
}

void Script::cannot(std::string text) {
  if (std::find(cannot_.begin(), cannot_.end(), text) == cannot_.end()) {
    cannot_.push_back(std::move(text));
  }
}

ExportedScript Script::finish(std::string_view checkpoint) && {
  const std::int64_t last = pools_.back().first_node + pools_.back().nodes - 1;
  std::string out = "#!/usr/bin/env bash\n";
  out += comment(fmt::format("{}: deployment {} of \"{}\"", table_.title, candidate_.rank,
                             shown(world_.name, 200)),
                 "");
  out += comment("model: " + shown(world_.machine.model.name, 200), "");
  for (const Placement& p : pools_) {
    out += comment(pool_line(p, world_.machine.cluster.rack.gpus_per_os), "");
  }
  out += comment(fmt::format("planned for {:.3g} requests/s, {:.0f} output tokens/s in all",
                             candidate_.state.requests, candidate_.state.output_tokens),
                 "");
  if (!candidate_.meets_slo) out += comment("misses the SLO: " + shown(candidate_.limit, 200), "");
  out +=
      comment(fmt::format("arguments as {} has them, {}:", table_.repository, table_.version), "");
  out += "# commit " + table_.commit + "\n";
  out += "#\n";
  for (const std::string& text : cannot_) out += comment("cannot be expressed: " + text, "");
  if (cannot_.empty()) out += "# cannot be expressed: nothing; the plan is complete\n";
  out += fmt::format(
      "#\n# usage: {}\n"
      "#        HOSTS=\"...\" bash SCRIPT router, once\n\nset -euo pipefail\n",
      last == 0 ? std::string("bash SCRIPT, on the one node;")
                : fmt::format("HOSTS=\"host0 host1 ...\" bash SCRIPT NODE, on each of the nodes 0 "
                              "to {};",
                              last));
  const std::string name = quoted(checkpoint);
  out += checkpoint.empty()
             ? "MODEL=${MODEL:?path of the checkpoint, a folder with config.json and weights}\n"
             : "checkpoint=" + name + "\nMODEL=${MODEL:-$checkpoint}\n";
  out += fmt::format(
      "read -r -a HOSTS <<< \"${{HOSTS:-$(printf 'node%d ' {{0..{}}})}}\"\n"
      "NODE=${{1:{}}}\n\n",
      last,
      last == 0 ? std::string("-0")
                : fmt::format("?number of this node, 0 to {}, or router", last));
  out += body_ + std::string(place_function);
  out += fmt::format(
      "if ! [ \"$NODE\" -le {0} ]; then\n  echo \"nodes are 0 to {0}\" >&2\n  exit 2\nfi\n", last);
  for (const Placement& p : pools_) {
    out += fmt::format(
        "if [ \"$NODE\" -ge {} ] && [ \"$NODE\" -lt {} ]; then\n"
        "  place {} {} {} {} {} {}\nfi\n",
        p.first_node, p.first_node + p.nodes, p.role, p.first_node, p.nodes_each, p.per_node,
        p.pool->replicas, p.skip);
  }
  out += "wait\n";
  return {
      .text = std::move(out), .inexpressible = std::move(cannot_), .arguments = std::move(used_)};
}

std::string Placement::hosts() const {
  return fmt::format("hosts {} {} {} {} {}", first_node, nodes_each, per_node, pool->replicas,
                     skip);
}

std::string Placement::ports(std::int64_t base) const {
  return fmt::format("ports {} {} {} {}", base, per_node, pool->replicas, skip);
}

std::int64_t batch_limit(const Placement& p, const twin::World& world) {
  if (p.pool->max_batch > 0) return p.pool->max_batch;
  const double s = std::max(1.0, p.report->sequences);
  const auto limit = static_cast<std::int64_t>(std::ceil(s + 3.0 * std::sqrt(s)));
  return std::min(limit, world.machine.framework.max_sequences);
}

std::int64_t longest(const twin::World& world) {
  const auto tokens = static_cast<std::int64_t>(
      std::ceil(world.load.workload.input_max + world.load.workload.output_max));
  return std::min(tokens, world.machine.model.max_context);
}

std::int64_t redundant_experts(const Placement& p, const twin::World& world) {
  if (!world.machine.model.is_moe() || p.parallel().ep == 1) return 0;
  return llm::expert_slots(world.machine.model, p.deployment()) * p.parallel().ep -
         world.machine.model.experts;
}

std::int64_t carried_drafts(const Script& script, const Placement& p) {
  const std::int64_t own = p.deployment().draft_tokens;
  if (own > 0 || p.decodes() || script.engine().runs.draft_alone) return own;
  return script.pools().back().deployment().draft_tokens;
}

std::string share(double value) {
  constexpr double rounding = 1e-9;  // a share of 0.9 comes out of sums of bytes
  const double thousandths = std::clamp(value, 0.0, 1.0) * 1000.0 * (1.0 + rounding);
  return fmt::format("{:.3f}", std::floor(thousandths) / 1000.0);
}

Bytes hbm(const twin::World& world) { return world.machine.cluster.rack.chip.hbm_capacity; }

bool loads_weights(Script& script, const Placement& p, bool converts) {
  const llm::Precision& precision = p.deployment().precision;
  const kernel::DataType native = script.world().machine.model.native_weights;
  const std::string weights(kernel::to_string(precision.weights));
  const bool own = precision.weights == native;
  const bool loads =
      converts && native == kernel::DataType::bf16 && precision.weights == kernel::DataType::fp8;
  if (!own && !loads) {
    script.cannot("weights in " + weights + ": the checkpoint is in " +
                  std::string(kernel::to_string(native)) +
                  " and no argument converts it; set "
                  "MODEL to a checkpoint in " +
                  weights);
  }
  // Engines widen 4-bit weights by themselves where that is all the chip or the checkpoint allows.
  const bool four_bits =
      precision.weights == kernel::DataType::int4 || precision.weights == kernel::DataType::fp4;
  const bool widened = four_bits && precision.activations == kernel::DataType::bf16;
  if (precision.activations != precision.weights && !widened) {
    script.cannot("activations in " + std::string(kernel::to_string(precision.activations)) +
                  " with weights in " + weights + ": they follow from the checkpoint's scheme");
  }
  return own || loads;
}

std::string engine_of(std::string_view tool) {
  for (const Tool& t : tools) {
    if (t.name == tool) return std::string(t.engine);
  }
  return {};
}

std::vector<std::string> export_tools() {
  std::vector<std::string> out;
  for (const Tool& tool : tools) out.emplace_back(tool.name);
  return out;
}

ExportedScript export_script(const twin::World& world, const Candidate& candidate,
                             const ToolTable& table, std::string_view checkpoint,
                             const llm::Framework& engine) {
  const auto* const tool =
      std::find_if(tools.begin(), tools.end(), [&](const Tool& t) { return t.name == table.name; });
  SN_ASSERT(tool != tools.end());
  Script script(world, candidate, table, engine);
  const std::string refused = cannot_run(engine, world.machine.model, candidate.plan);
  if (!refused.empty()) {
    script.cannot(
        fmt::format("{}: by its documentation and issues the engine does not run it "
                    "(supernode catalog show frameworks/{}); plan with --framework {}",
                    refused, engine.name, engine.name));
  }
  const hw::Chip& chip = world.machine.cluster.rack.chip;
  if (!is_nvidia(chip.generation())) {
    script.cannot("GPUs of the family '" + shown(chip.kernels) +
                  "': the commands are those for NVIDIA GPUs; take the vendor's build of the tool");
  }
  tool->write(script);
  return std::move(script).finish(checkpoint);
}

}  // namespace sn::planner
