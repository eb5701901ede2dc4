// sn/llm/step_eval.cc
//
// Second stage of the StepModel: prices a batch on a compiled program (see step.h).

#include <algorithm>
#include <bit>
#include <cmath>

#include "sn/llm/step_pricer.h"

namespace sn::llm {

namespace {

constexpr std::array<std::string_view, part_count> part_names = {
    "attention",  "projections", "dense ffn", "experts",  "dispatch+combine",
    "all-reduce", "elementwise", "logits",    "pipeline", "host"};

/// What two-batch overlap computes while the other half exchanges.
constexpr std::array<Part, 6> overlapped = {Part::attention, Part::projections, Part::dense_ffn,
                                            Part::experts,   Part::all_reduce,  Part::elementwise};

BatchShape scaled(BatchShape s, double by) {
  for (double* v : {&s.decode_sequences, &s.decode_context, &s.prefill_tokens, &s.prefill_pairs,
                    &s.prefill_context, &s.prefill_sequences, &s.prefill_most,
                    &s.decode_context_capped, &s.prefill_pairs_capped, &s.prefill_context_capped}) {
    *v *= by;
  }
  return s;
}

}  // namespace

std::string_view to_string(Part part) { return part_names[static_cast<std::size_t>(part)]; }

StepTime& StepTime::operator+=(const StepTime& other) {
  latency += other.latency;
  interval += other.interval;
  for (std::size_t i = 0; i < part_count; ++i) {
    parts[i] += other.parts[i];
    bound[i] += other.bound[i];
  }
  compute += other.compute;
  memory += other.memory;
  flops += other.flops;
  hbm_bytes += other.hbm_bytes;
  energy += other.energy;
  return *this;
}

Time StepTime::bound_total() const {
  Time sum;
  for (const Time t : bound) sum += t;
  return sum;
}

StepEvaluator::StepEvaluator(const StepProgram& program, std::size_t slots)
    : program_(&program), slots_(std::bit_ceil(std::max<std::size_t>(1, slots))) {}

std::size_t StepEvaluator::bytes(std::size_t slots) {
  return sizeof(StepEvaluator) + 2 * slots * sizeof(Slot);
}

StepEvaluator::Group StepEvaluator::group_of(const StepOp& op) {
  switch (op.kind) {
    case OpKind::host:
    case OpKind::gather_keys:
    case OpKind::gather_cached:
    case OpKind::attention_decode:
    case OpKind::attention_prefill:
    case OpKind::index_decode:
    case OpKind::index_prefill:
      return Group::attention;
    default:
      return op.rows == Rows::logits ? Group::head : Group::tokens;
  }
}

const StepTime& StepEvaluator::sum_of(Group group, const Key& key, const StepPricer& pricer,
                                      std::vector<Slot>& slots) {
  if (slots.empty()) slots.resize(slots_);
  const auto bits = [](double v) { return std::bit_cast<std::uint64_t>(v); };
  std::uint64_t hash = bits(key.decode_sequences) * 0x9E3779B97F4A7C15ull;
  hash = (hash ^ (hash >> 29) ^ bits(key.prefill)) * 0xBF58476D1CE4E5B9ull;
  hash = (hash ^ (hash >> 32) ^ bits(key.most)) * 0x94D049BB133111EBull;
  Slot& slot = slots[(hash >> 33) & (slots.size() - 1)];
  if (slot.key != key) {
    slot.key = key;
    slot.sum = {};
    for (const StepOp& op : pricer.ops()) {
      if (group_of(op) == group) pricer.add(slot.sum, op);
    }
  }
  return slot.sum;
}

StepTime StepEvaluator::device(const BatchShape& shape) {
  const StepPricer pricer(*program_, shape);
  const bool captured = pricer.captured();
  StepTime total = sum_of(
      Group::tokens, {shape.decode_sequences, shape.prefill_tokens, pricer.most_tokens(), captured},
      pricer, bodies_);
  total += sum_of(Group::head, {shape.decode_sequences, shape.prefill_sequences, 0.0, captured},
                  pricer, heads_);
  for (const StepOp& op : pricer.ops()) {
    if (group_of(op) == Group::attention) pricer.add(total, op);
  }
  return total;
}

StepTime StepEvaluator::halves(const BatchShape& shape, const StepTime& whole) {
  const BatchShape part_of = scaled(shape, 0.5);
  const StepTime half = device(part_of);
  const StepPricer pricer(*program_, part_of);
  Time combine;
  for (const StepOp& op : pricer.ops()) {
    if (op.kind != OpKind::exchange || !op.combine || pricer.idle(op)) continue;
    combine += pricer.price(op).time * op.count * d(program_->deployment().parallel.pp);
  }
  const bool prompts = shape.prefill_tokens > 0.0;
  const double slower = 1.0 / (1.0 - (prompts ? program_->framework().exchange_sms : 0.0));
  const double stages = d(program_->deployment().parallel.pp);
  StepTime out = half;
  Time kernels;
  for (const Part part : overlapped) {
    Time& t = out.parts[static_cast<std::size_t>(part)];
    t *= 2.0 * slower;
    kernels += t;
  }
  const auto exchange = static_cast<std::size_t>(Part::exchange);
  const Time experts = out.parts[static_cast<std::size_t>(Part::experts)];
  const Time dispatched = 2.0 * (half.parts[exchange] - combine);
  const Time combined = 2.0 * combine;
  const double layers = std::max(1.0, d(program_->model().moe_layers()));
  const Time first = 0.5 / layers * std::min(dispatched + combined, kernels);
  const Time shown = std::max(Time{}, dispatched - (kernels - experts)) +
                     std::max(Time{}, combined - experts) + first;
  out.parts[exchange] = shown;
  // The head, embedding and sends between stages are not cut.
  out.latency = kernels + shown;
  for (const Part part : {Part::logits, Part::pipeline}) {
    out.parts[static_cast<std::size_t>(part)] = whole.parts[static_cast<std::size_t>(part)];
    out.latency += whole.parts[static_cast<std::size_t>(part)];
  }
  const Time once = whole.parts[static_cast<std::size_t>(Part::logits)];
  out.interval = (kernels + shown) / stages + once;
  out.compute *= 2.0;
  out.memory *= 2.0;
  out.flops *= 2.0;
  out.hbm_bytes *= 2.0;
  out.energy *= 2.0;
  // Physics bounds the batch as a whole; of an exchange that hides no more is left than what shows.
  for (std::size_t i = 0; i < part_count; ++i) {
    out.bound[i] = std::min(whole.bound[i], out.parts[i]);
  }
  return out;
}

bool StepEvaluator::cuts(const BatchShape& shape) {
  if (!program_->deployment().two_batch || program_->deployment().parallel.dp < 2) return false;
  const StepTime whole = device(shape);
  return halves(shape, whole).latency < whole.latency;
}

StepTime StepEvaluator::eval(const BatchShape& shape) {
  const StepPricer pricer(*program_, shape);
  StepTime total = device(shape);
  if (program_->deployment().two_batch && program_->deployment().parallel.dp > 1) {
    const StepTime cut = halves(shape, total);
    if (cut.latency < total.latency) total = cut;
  }
  pricer.add_host(total);
  pricer.add_idle_energy(total);
  return total;
}

std::vector<OperatorTime> StepEvaluator::bill(const BatchShape& shape) const {
  const StepPricer pricer(*program_, shape);
  std::vector<OperatorTime> lines;
  StepTime device;
  for (const StepOp& op : pricer.ops()) {
    if (pricer.idle(op)) continue;
    if (op.kind == OpKind::host) {
      StepTime with_host = device;
      pricer.add_host(with_host);
      lines.push_back({op.name, op.part, 1.0, with_host.latency - device.latency, Time{}, "host"});
      continue;
    }
    pricer.add(device, op);
    const OpCost c = pricer.price(op);
    const double stages = op.once ? 1.0 : d(program_->deployment().parallel.pp);
    lines.push_back({op.name, op.part, op.count * stages, c.time, c.bound, c.binds});
  }
  return lines;
}

}  // namespace sn::llm
