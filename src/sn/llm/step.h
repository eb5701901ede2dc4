// sn/llm/step.h
//
// StepModel: time, energy and traffic of one step of one batch on one deployment, with its
// breakdown.
//
// Two stages. `compile` turns model, deployment and machine into a StepProgram: a list of operators
// with their dimensions and multiplicities. `StepEvaluator::eval` prices a BatchShape on it:
// operators that depend on token counts alone are memoised by those counts, attention follows from
// the sums of context.
//
//   latency  = pp x stage + once + (pp - 1) x send   time of a batch through all stages
//   interval = stage + once                          time between batches, pp of them in flight
//   stage: the operators of one pipeline stage's layers; once: embedding, head, sampling, host
//
// All ranks of an instance run in lockstep: token operators take the mean decodes per attention
// rank and the busiest rank's prompt tokens, attention the busiest rank's sums, experts the busiest
// rank's load of the tokens of all. Expert load of the
// busiest of R ranks that receive A assignments on average: A (imbalance + sqrt(2 ln R / A)), the
// extreme value of R binomials. MTP (draft tokens n > 0): every sequence verifies 1 + n positions;
// each draft runs the MTP layer and the head once. Context parallelism (Llama 3, arXiv 2407.21783,
// 3.3.2): a rank works on 1 / cp of the chunk against all keys, which an all-gather brings it in
// every layer. Decode context parallelism (Helix, arXiv 2507.07120; vLLM's
// docs/serving/context_parallel_deployment.md): dcp tensor ranks gather their queries, each attends
// with all of them to 1 / dcp of the context, and partial outputs with their log-sum-exp are
// reduced and scattered; prompts gather the keys of earlier chunks. Ranks of a stage that sit in
// several OS images agree on a step by control messages over the DCN, log2(images) of them one
// after another. Sources: models.md 3; DeepSeek-V3 (arXiv 2412.19437) for MLA absorption and MTP;
// operators as in vLLM and SGLang. Limits: kernels do not overlap with communication; pipeline
// stages are equal.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sn/base/units/quantity.h"
#include "sn/collective/collective.h"
#include "sn/hw/conditions.h"
#include "sn/hw/machine.h"
#include "sn/kernel/kernel_model.h"
#include "sn/llm/deployment.h"
#include "sn/llm/engine_kernels.h"
#include "sn/llm/framework.h"
#include "sn/llm/model/model.h"

namespace sn::llm {

/// Where the time of a step goes, in the order of a report.
enum class Part {
  attention,    // attention itself: scores and values over the KV cache
  projections,  // attention's GEMMs
  dense_ffn,    // dense feed-forward and shared experts
  experts,      // routed experts
  exchange,     // dispatch and combine
  all_reduce,   // tensor- and context-parallel collectives
  elementwise,  // norms, activations, rope, quantisation, router, sampling
  logits,       // embedding and output head
  pipeline,     // sends between stages
  host,         // exposed host time, agreement between OS images included
};
inline constexpr std::size_t part_count = 10;
[[nodiscard]] std::string_view to_string(Part part);

/// Aggregates of one batch on one attention rank. Fractions are means over steps.
struct BatchShape {
  double decode_sequences = 0.0;   // mean over attention ranks
  double decode_context = 0.0;     // busiest rank: sum over sequences of KV tokens read
  double prefill_tokens = 0.0;     // mean over attention ranks: new tokens of this chunk
  double prefill_pairs = 0.0;      // busiest rank: sum of query x key positions
  double prefill_context = 0.0;    // busiest rank: keys read by prefill, cached and new
  double prefill_sequences = 0.0;  // sequences that finish prefill in this step (rows of logits)
  double prefill_most = 0.0;       // new tokens of the busiest rank; below the mean: as the mean
  // The same with every context cut to the model's `attention_cap`: what windowed and sparse layers
  // read. 0: as much as the sums above and the cap allow.
  double decode_context_capped = 0.0;
  double prefill_pairs_capped = 0.0;
  double prefill_context_capped = 0.0;  // keys: those in reach before the chunk, and its own

  friend bool operator==(const BatchShape&, const BatchShape&) = default;
};

struct StepTime {
  Time latency;
  Time interval;
  std::array<Time, part_count> parts;  // adds up to `latency`
  std::array<Time, part_count> bound;  // least time by physics, same parts
  Time compute;                        // sum over kernels of FLOPs / sustained rate
  Time memory;                         // sum over kernels of bytes / sustained bandwidth
  Flops flops;                         // per GPU of the busiest rank
  Bytes hbm_bytes;                     // per GPU
  Energy energy;                       // of the whole instance, chips only

  [[nodiscard]] Time bound_total() const;
  StepTime& operator+=(const StepTime& other);
};

/// One line of the bill of a step: `count` executions of an operator.
struct OperatorTime {
  std::string_view name;
  Part part = Part::attention;
  double count = 0.0;
  Time each;
  Time bound;              // of one execution
  std::string_view binds;  // "compute", "memory", "link", "latency", "host"
};

enum class OpKind {
  gemm,
  experts,
  attention_decode,
  attention_prefill,
  index_decode,
  index_prefill,
  elementwise,
  all_reduce,
  all_gather,
  gather_keys,
  gather_cached,   // decode context parallelism: keys of earlier chunks, for a prompt
  gather_queries,  // and queries, for decode
  merge_outputs,   // and what ranks found in their shares of the context
  exchange,
  send,
  host,
};

/// How many rows a token operator has, per attention rank.
enum class Rows {
  tokens,         // all positions of the step
  decode_tokens,  // decode positions, drafts to verify included
  prefill_tokens,
  chunk_tokens,  // of all context-parallel ranks together
  logits,        // positions whose next token is needed
  drafts,        // one position per decoding sequence, in the MTP layer
};

/// An operator with everything that does not depend on the batch.
struct StepOp {
  std::string_view name;
  OpKind kind = OpKind::gemm;
  Part part = Part::projections;
  Rows rows = Rows::tokens;
  double count = 1.0;  // executions per stage, or per step when `once`
  bool once = false;
  double n = 0.0;
  double k = 0.0;
  double batches = 0.0;        // > 0: that many independent products (absorbed MLA, one per head)
  double bytes_per_row = 0.0;  // elementwise, collectives, send
  bool combine = false;        // exchange: combine rather than dispatch
  bool capped = false;         // attention: of windowed or sparse layers
  kernel::DataType activation = kernel::DataType::bf16;
  kernel::DataType weight = kernel::DataType::bf16;
};

/// A compiled deployment. Immutable; share it between threads, with one evaluator each.
class StepProgram {
 public:
  [[nodiscard]] const ModelSpec& model() const { return model_; }
  [[nodiscard]] const Deployment& deployment() const { return deployment_; }
  [[nodiscard]] const Framework& framework() const { return framework_; }
  /// Which libraries its engine calls on this chip.
  [[nodiscard]] const EngineKernels& libraries() const { return libraries_; }
  /// Tokens that one decode step yields per sequence: 1 + a + a^2 + ... with acceptance a, or one
  /// and the sum of the acceptances by position.
  [[nodiscard]] double tokens_per_step() const { return tokens_per_step_; }
  /// Operators that a host without captured graphs launches in one stage and step with prompts.
  [[nodiscard]] double launches() const { return launches_; }
  [[nodiscard]] Power idle_power() const { return idle_; }
  /// Of the machine, under its conditions.
  [[nodiscard]] const fabric::Fabric& fabric() const { return timer_.fabric(); }

 private:
  friend class StepCompiler;
  friend class StepPricer;
  StepProgram(const kernel::KernelModel& kernels, const collective::CollectiveTimer& timer)
      : kernels_(kernels), timer_(timer) {}

  ModelSpec model_;
  Deployment deployment_;
  Framework framework_;
  EngineKernels libraries_;
  kernel::KernelModel kernels_;
  collective::CollectiveTimer timer_;
  collective::Group tp_group_;
  collective::Group context_group_;
  collective::Group shares_group_;  // tensor ranks that share a sequence's KV cache
  collective::Group expert_group_;  // all ranks of a stage
  bool stages_far_ = false;         // consecutive pipeline stages sit in different ScaleUp domains
  double background_ = 0.0;
  double imbalance_ = 1.0;
  Time agreement_;               // of the OS images that a stage spans, once a step
  double slots_ = 0.0;           // expert replicas per rank
  std::vector<double> routing_;  // quantiles of an expert's share of a batch over the mean
  double launches_ = 0.0;        // of one stage, for a host that launches operator by operator
  double tokens_per_step_ = 1.0;
  double kv_bytes_layer_ = 0.0;  // of one token and layer, on one GPU
  Power idle_;
  Power dynamic_;
  std::vector<StepOp> ops_;
};

/// The machine side of a compilation.
struct StepMachine {
  const hw::Cluster& cluster;
  const kernel::KernelParams& kernels;
  const collective::CollectiveParams& collectives;
  const Framework& framework;
  const ModelTraits& traits;
};

/// `why_not` must be empty for (model, deployment). `background` is the share of ScaleUp that other
/// traffic holds.
[[nodiscard]] StepProgram compile(const ModelSpec& model, const Deployment& deployment,
                                  const StepMachine& machine, const hw::Conditions& conditions = {},
                                  double background = 0.0);

class StepPricer;

/// Prices batches on one program. Keeps the memo (direct-mapped, `slots` entries), so each thread
/// has its own. The program must outlive it.
class StepEvaluator {
 public:
  explicit StepEvaluator(const StepProgram& program, std::size_t slots = 64);
  /// Bytes that one with `slots` takes once it was asked.
  [[nodiscard]] static std::size_t bytes(std::size_t slots);

  [[nodiscard]] StepTime eval(const BatchShape& shape);
  /// Whether a two-batch deployment cuts this batch.
  [[nodiscard]] bool cuts(const BatchShape& shape);
  /// The bill: every operator that takes part, in order of execution.
  [[nodiscard]] std::vector<OperatorTime> bill(const BatchShape& shape) const;
  [[nodiscard]] const StepProgram& program() const { return *program_; }

 private:
  /// What a group of operators depends on: decoding sequences, and prefill tokens (operators on all
  /// positions) or sequences that end (the head, in a graph or not).
  struct Key {
    double decode_sequences = -1.0;
    double prefill = -1.0;
    double most = -1.0;  // of a rank
    bool captured = false;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Slot {
    Key key;
    StepTime sum;
  };
  enum class Group { tokens, head, attention };
  [[nodiscard]] static Group group_of(const StepOp& op);
  /// The sum of a group, remembered in `slots`.
  [[nodiscard]] const StepTime& sum_of(Group group, const Key& key, const StepPricer& pricer,
                                       std::vector<Slot>& slots);
  /// Kernels and communication one after the other, without host time.
  [[nodiscard]] StepTime device(const BatchShape& shape);
  [[nodiscard]] StepTime halves(const BatchShape& shape, const StepTime& whole);

  const StepProgram* program_;
  std::size_t slots_;  // of each memo; they are made when first asked for
  std::vector<Slot> bodies_;
  std::vector<Slot> heads_;
};

}  // namespace sn::llm
