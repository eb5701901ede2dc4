// sn/serving/engine/engine_fabric.cc
//
// Traffic that feels each other (EngineSpec::contended).
//
//   ScaleUp  a rank's ports carry its collectives, hand-overs and loads from a pool on ScaleUp. A
//            step is priced beside what transfers hold when it begins, in eighths; while it runs
//            transfers have what its collectives leave:
//              held = sum over collectives of bytes / (raw rate x latency of the step)
//            which is their bound over the step's time
//   DCN      the links of OS images carry retrievals, prompts as text and, at a cold start, weights
//
// Limits: levels of an eighth, up to six for transfers and seven for collectives; a step's price
// does not change while it runs; collectives that leave the domain are taken as if on ScaleUp
// alone.

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "sn/serving/engine/engine_core.h"

namespace sn::serving {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

constexpr double eighths = 8.0;
constexpr double bytes_of_token = 4.0;  // of a prompt as text: about four characters

/// Share of a step that its collectives keep the ports busy.
double held_by(const llm::StepTime& time) {
  const auto bound = [&](llm::Part part) { return time.bound[static_cast<std::size_t>(part)]; };
  const Time wire =
      bound(llm::Part::exchange) + bound(llm::Part::all_reduce) + bound(llm::Part::pipeline);
  return time.latency > Time{} ? std::min(1.0, wire / time.latency) : 0.0;
}

}  // namespace

void EngineCore::make_links(DeploymentData& deployment) {
  const DeploymentSpec& spec = deployment.spec;
  const bool reads = spec.retrieval.si() > 0.0 || spec_.contended;
  for (std::int64_t i = 0; reads && i < spec.storage_links; ++i) {
    SN_ASSERT(spec.storage_bandwidth.si() > 0.0);
    deployment.storage.push_back(transfers_.add_link(spec.storage_bandwidth));
  }
  if (!spec_.contended) return;
  for (std::uint32_t i = deployment.first; i < instances_.size(); ++i) {
    for (auto& rank : instances_[i].ranks) {
      rank->port = transfers_.add_link(pool_of(instances_[i]).scale_up);
      if (spec.transfer_on_scale_up) rank->link = *rank->port;
    }
  }
}

llm::StepEvaluator& EngineCore::evaluator_of(Instance& instance) {
  if (!spec_.contended) return *instance.evaluator;
  double held = 0.0;
  for (const auto& rank : instance.ranks) {
    held = std::max(held, transfers_.load(*rank->port) / pool_of(instance).scale_up);
  }
  const auto level =
      std::min(static_cast<std::size_t>(std::lround(held * eighths)), beside_levels - 1);
  if (level == 0) return *instance.evaluator;
  auto& evaluator = instance.beside[level];
  if (evaluator) return *evaluator;
  PoolData& pool = deployments_[instance.deployment].pools[instance.pool];
  auto& program = instance.beside_programs[level];
  const double background = static_cast<double>(level) / eighths;
  if (instance.conditions == hw::Conditions{}) {
    auto& shared = pool.beside[level];
    if (!shared) shared = pool.spec.compile_beside({}, background);
    program = shared;
  } else {
    program = pool.spec.compile_beside(instance.conditions, background);
  }
  evaluator = std::make_unique<llm::StepEvaluator>(*program, evaluator_slots(pool.count));
  return *evaluator;
}

void EngineCore::hold_ports(Instance& instance, const llm::StepTime* time) {
  if (!spec_.contended) return;
  const double full = pool_of(instance).scale_up.si();
  double held = 0.0;
  if (time != nullptr) {
    held = held_by(*time);
    instance.collectives += held * full * time->latency.si();
  }
  const std::int64_t taken = std::min<std::int64_t>(7, std::llround(held * eighths));
  if (taken == instance.taken) return;
  instance.taken = taken;
  for (const auto& rank : instance.ranks) {
    transfers_.set_capacity(*rank->port, Bandwidth::from_si(full * (1.0 - d(taken) / eighths)),
                            now_);
  }
  post_transfer();
}

Bytes EngineCore::read_before(const DeploymentData& deployment, const Live& r) const {
  const Bytes text = spec_.contended ? Bytes::from_si(bytes_of_token * d(r.record.input)) : Bytes{};
  return deployment.spec.retrieval + text;
}

bool EngineCore::fetch_weights(Instance& instance) {
  const DeploymentData& d = deployments_[instance.deployment];
  const Bytes weights = pool_of(instance).start_bytes;
  if (!spec_.contended || weights.si() <= 0.0 || d.storage.empty()) return false;
  const std::array path = {d.storage[instance.number % d.storage.size()]};
  instance.weights =
      transfers_.start(path, weights, d.spec.storage_latency, start_tag + index_of(instance), now_);
  post_transfer();
  return true;
}

void EngineCore::weights_there(std::uint32_t number) {
  Instance& instance = instances_[number];
  instance.weights = 0;
  if (instance.phase == Instance::Phase::starting) comes_up(instance);
}

std::vector<LinkState> EngineCore::links() const {
  std::vector<LinkState> out;
  if (!spec_.contended) return out;
  const auto add = [&](std::string name, fabric::Layer layer, std::uint32_t link,
                       Bandwidth capacity, double collectives) {
    out.push_back({.name = std::move(name),
                   .layer = layer,
                   .capacity = capacity,
                   .carried = transfers_.carried(link),
                   .collectives = Bytes::from_si(collectives),
                   .load = transfers_.load(link)});
  };
  for (const DeploymentData& d : deployments_) {
    for (std::size_t p = 0; p < d.pools.size(); ++p) {
      const PoolData& pool = d.pools[p];
      const std::string role = d.pools.size() == 1 ? "" : p == 0 ? "prefill " : "decode ";
      for (std::uint32_t i = pool.first; i < pool.first + pool.count; ++i) {
        const Instance& instance = instances_[i];
        for (std::size_t r = 0; r < instance.ranks.size(); ++r) {
          const std::string name =
              role + std::to_string(i - pool.first) + " rank " + std::to_string(r);
          add(name + " ScaleUp", fabric::Layer::scale_up, *instance.ranks[r]->port,
              pool.spec.scale_up, instance.collectives);
          if (d.spec.disaggregated() && !d.spec.transfer_on_scale_up) {
            add(name + " ScaleOut", fabric::Layer::scale_out, instance.ranks[r]->link,
                pool.spec.kv_bandwidth, 0.0);
          }
        }
      }
    }
    for (std::size_t i = 0; i < d.storage.size(); ++i) {
      add("image " + std::to_string(i) + " DCN", fabric::Layer::dcn, d.storage[i],
          d.spec.storage_bandwidth, 0.0);
    }
  }
  return out;
}

}  // namespace sn::serving
