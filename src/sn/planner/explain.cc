// sn/planner/explain.cc
//
// Where each millisecond of TTFT and TPOT goes, and what the result rests on (see plan.h).

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sn/planner/plan.h"
#include "sn/planner/sensitivity.h"

namespace sn::planner {

namespace {

using Parts = std::array<Time, llm::part_count>;

void add_line(std::vector<BillLine>& bill, std::string item, Time time, Time bound) {
  if (time.si() < 1e-12) return;  // absent, or what rounding leaves of a difference
  bill.push_back({std::move(item), time, 0.0, bound});
}

void add_parts(std::vector<BillLine>& bill, const Parts& parts, const Parts& bound) {
  for (std::size_t i = 0; i < llm::part_count; ++i) {
    add_line(bill, std::string(llm::to_string(static_cast<llm::Part>(i))), parts[i], bound[i]);
  }
}

Parts scaled(const Parts& parts, double factor) {
  Parts out = parts;
  for (Time& t : out) t *= factor;
  return out;
}

Time sum_of(const Parts& parts) {
  Time sum;
  for (const Time t : parts) sum += t;
  return sum;
}

void finish_shares(std::vector<BillLine>& bill) {
  Time total;
  for (const BillLine& line : bill) total += line.time;
  for (BillLine& line : bill) line.share = line.time / total;
}

/// Mean TPOT: parts of the mean step per token, and what a pipeline waits.
std::vector<BillLine> tpot_bill(const serving::DecodePoint& p, double tokens_per_step) {
  const double pure = p.pure_steps / tokens_per_step;
  const double mixed = (1.0 - p.pure_steps) / tokens_per_step;
  Parts parts;
  Parts bound;
  for (std::size_t i = 0; i < llm::part_count; ++i) {
    parts[i] = p.step.parts[i] * pure + p.step_mixed.parts[i] * mixed;
    bound[i] = p.step.bound[i] * pure + p.step_mixed.bound[i] * mixed;
  }
  std::vector<BillLine> bill;
  add_parts(bill, parts, bound);
  add_line(bill, "waiting (pipeline)", p.period / tokens_per_step - sum_of(parts), Time{});
  finish_shares(bill);
  return bill;
}

/// Mean TTFT: front end, waits, the request's own steps by part, exposed transfer.
std::vector<BillLine> ttft_bill(serving::ServingModel& model, const serving::DecodePoint& point,
                                double requests) {
  const serving::PrefillPoint at = model.prefill_at(requests, point);
  const Time frontend = model.frontend();
  Time transfer;
  llm::StepTime steps = point.step_mixed;
  if (serving::PrefillModel* prefill = model.prefill()) {
    const serving::PrefillService& service = prefill->service(model.cache_capacity());
    for (const serving::ClassService& c : service.classes) transfer += c.transfer * c.weight;
    steps = prefill->mean_request_steps(service, at.utilisation);
  }
  const Time total = serving::delay_mean(at.classes, {});
  const Time retrieval = model.retrieval();
  const Time own = total - frontend - retrieval - at.residual - transfer;
  // Steps of one request overlap in a pipeline, and a mixed step stands for all of its request's:
  // the parts keep their proportions and take up the request's own time.
  const double factor = own / sum_of(steps.parts);
  std::vector<BillLine> bill;
  add_line(bill, "front end", frontend, Time{});
  if (retrieval > Time{}) add_line(bill, "retrieval", retrieval, Time{});
  add_line(bill, "waiting (queue)", at.wait.mean(), Time{});
  add_line(bill, "waiting (step in progress)", at.residual, Time{});
  add_parts(bill, scaled(steps.parts, factor), scaled(steps.bound, factor));
  add_line(bill, "KV transfer", transfer, Time{});
  finish_shares(bill);
  return bill;
}

/// GPU time of one output token. Decoding ranks step all the time and a token takes its share of
/// the steps in the proportions of TPOT's bill; prefill ranks work for `utilisation` of the time,
/// in the proportions of a mean request's share of full chunks.
std::vector<BillLine> gpu_bill(const twin::World& world, serving::ServingModel& model,
                               const serving::DecodePoint& point, double requests,
                               const std::vector<BillLine>& tpot) {
  const serving::ServingPlan& plan = model.plan();
  const double tokens = requests * model.decode().moments().output;
  const auto per_token = [&](std::int64_t gpus) {
    return Time::from_si(static_cast<double>(gpus) / tokens);
  };
  std::vector<BillLine> bill;
  if (serving::PrefillModel* prefill = model.prefill()) {
    const Time all = per_token(plan.prefill.gpus());
    const double busy = model.prefill_at(requests, point).utilisation;
    const Parts work = prefill->mean_request_work(prefill->service(model.cache_capacity())).parts;
    const Parts spent = scaled(work, all * busy / sum_of(work));
    for (std::size_t i = 0; i < llm::part_count; ++i) {
      add_line(bill, fmt::format("prefill {}", llm::to_string(static_cast<llm::Part>(i))), spent[i],
               Time{});
    }
    add_line(bill, "prefill idle", all * (1.0 - busy), Time{});
  }
  for (const BillLine& l : tpot) {
    add_line(bill, fmt::format("{} {}", plan.disaggregated() ? "decode" : "step", l.item),
             per_token(plan.decode.gpus()) * l.share, Time{});
  }
  add_line(bill, "unused GPUs", per_token(world.machine.gpus() - plan.gpus()), Time{});
  finish_shares(bill);
  return bill;
}

std::vector<OperatorLine> operator_lines(const llm::StepProgram& program,
                                         const llm::BatchShape& shape) {
  std::vector<OperatorLine> out;
  for (const llm::OperatorTime& op : llm::StepEvaluator(program).bill(shape)) {
    out.push_back({std::string(op.name), std::string(llm::to_string(op.part)), op.count,
                   op.each * op.count, op.bound * op.count, std::string(op.binds)});
  }
  return out;
}

/// "memory: experts 41 %": the resource that binds most of the time, and its largest part.
std::string binding(const std::vector<OperatorLine>& lines) {
  std::vector<std::pair<std::string, Time>> by;
  Time total;
  for (const OperatorLine& l : lines) {
    const auto at =
        std::find_if(by.begin(), by.end(), [&](const auto& pair) { return pair.first == l.binds; });
    if (at == by.end()) {
      by.emplace_back(l.binds, l.total);
    } else {
      at->second += l.total;
    }
    total += l.total;
  }
  if (by.empty()) return "nothing";
  const auto most = std::max_element(
      by.begin(), by.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  const OperatorLine* largest = nullptr;
  for (const OperatorLine& l : lines) {
    if (l.binds == most->first && (largest == nullptr || l.total > largest->total)) largest = &l;
  }
  const auto percent = static_cast<int>(std::lround(100.0 * (most->second / total)));
  return most->first + " (" + std::to_string(percent) + " % of the step, most of it in " +
         largest->name + ")";
}

/// What the models assume beside numbers.
std::vector<std::string> modelling_assumptions(const twin::World& w, bool disaggregated) {
  std::vector<std::string> out = {
      "arrivals are stationary; their burstiness is the index of dispersion " +
          std::to_string(w.load.workload.dispersion).substr(0, 5) + " of counts in 10 s windows",
      "requests go to the least-loaded rank; KV cache lives in HBM only; no preemption",
      "kernels of one step do not overlap with communication"};
  if (!w.load.workload.capacities.empty()) {
    out.push_back("routing by prefix: the prefix caches of a pool act as one LRU cache");
  }
  if (disaggregated) {
    out.push_back("the KV cache moves layer by layer behind prefill; its last layer is exposed");
  } else {
    out.push_back("running requests and prefix cache share the KV memory half and half");
  }
  if (w.machine.model.is_moe()) {
    out.push_back("expert routing is uniform but for the load factor model.expert_imbalance");
  }
  return out;
}

}  // namespace

Bills bill_of(const twin::World& world, const serving::ServingPlan& plan, double requests) {
  Bills out;
  const serving::ServingInputs inputs = world.inputs();
  serving::ServingModel model(inputs, plan);
  static_cast<void>(model.knee(world.load.slo));  // settles which batch carries the rate
  const std::optional<serving::DecodePoint> point = model.decode_at(requests);
  if (!point) return out;
  out.ttft = ttft_bill(model, *point, requests);
  out.tpot = tpot_bill(*point, model.decode().program().tokens_per_step());
  out.gpu = gpu_bill(world, model, *point, requests, out.tpot);
  return out;
}

Explanation explain(const twin::World& world, const serving::ServingPlan& plan, double requests,
                    const Run& run) {
  Explanation out;
  const serving::ServingInputs inputs = world.inputs();
  serving::ServingModel model(inputs, plan);
  static_cast<void>(model.knee(world.load.slo));  // settles which batch carries the rate
  const std::optional<serving::DecodePoint> point = model.decode_at(requests);
  if (!point) return out;
  serving::DecodeModel& decode = model.decode();
  out.ttft = ttft_bill(model, *point, requests);
  out.tpot = tpot_bill(*point, decode.program().tokens_per_step());
  out.decode_step = operator_lines(decode.program(), decode.shape(point->sequences, 0.0));
  if (serving::PrefillModel* prefill = model.prefill()) {
    const serving::ChunkWork work =
        serving::chunk_work(world.load.workload, prefill->chunk(), model.cache_capacity());
    out.prefill_step = operator_lines(prefill->program(), {.prefill_tokens = prefill->chunk(),
                                                           .prefill_pairs = work.pairs_per_chunk,
                                                           .prefill_context = work.keys_per_chunk,
                                                           .prefill_sequences = 1.0});
  } else {
    out.prefill_step =
        operator_lines(decode.program(), decode.shape(point->sequences, point->mixed_tokens));
  }
  out.ttft_binds = binding(out.prefill_step);
  out.tpot_binds = binding(out.decode_step);
  Sensitivity s = sensitivity(world, plan, run);
  out.elasticities = std::move(s.elasticities);
  out.assumptions = std::move(s.assumptions);
  out.modelling = modelling_assumptions(world, plan.disaggregated());
  return out;
}

}  // namespace sn::planner
