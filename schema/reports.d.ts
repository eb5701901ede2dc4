/** What `supernode VERB --json` writes, version 1. */

/** The load that was asked for. */
export interface Rate {
  /** the largest that meets the SLO; of the workload; requests per second */
  kind: "knee" | "multiple" | "absolute";
  /** of the workload's own rate */
  multiple: number | null;
  requests_per_s: number | null;
}

/** A limit on a latency. */
export interface SloTarget {
  metric: "ttft" | "tpot" | "e2e";
  /** 0.9 is p90; null is the mean */
  quantile: number | null;
  limit_s: number;
}

/** What was asked. */
export interface PlanSubject {
  /** of the scenario */
  name: string;
  model: string;
  machine: string;
  /** origin and size */
  workload: string;
  rate: Rate;
  slo: SloTarget[];
  gpus: number;
  scale_up_domain_gpus: number;
  /** at 1.0x */
  workload_requests_per_s: number;
  mean_input_tokens: number;
  mean_output_tokens: number;
}

/** The middle 80 %. */
export interface Interval {
  low: number;
  high: number;
}

/** How far the models may be off. */
export interface Intervals {
  ttft_mean_s: Interval;
  tpot_mean_s: Interval;
  output_tokens_per_s_per_gpu: Interval;
}

/** Number formats. */
export interface Precision {
  weights: "bf16" | "fp8" | "fp4" | "int8" | "int4";
  activations: "bf16" | "fp8" | "fp4" | "int8" | "int4";
  kv: "bf16" | "fp8" | "fp4" | "int8" | "int4";
}

/** Memory of one GPU. */
export interface MemoryUse {
  usable_bytes: number;
  weights_bytes: number;
  kv_bytes: number;
  activations_bytes: number;
  workspace_bytes: number;
}

/** Instances of one role. */
export interface PoolReport {
  instances: number;
  /** of all instances */
  gpus: number;
  /** tensor parallelism */
  tp: number;
  /** context parallelism, of prefill */
  cp: number;
  /** tensor ranks that share a sequence's KV cache, in decode */
  dcp: number;
  /** attention data parallelism inside an instance */
  dp: number;
  /** pipeline stages */
  pp: number;
  /** expert parallelism */
  ep: number;
  /** stages may sit in different ScaleUp domains */
  spread: boolean;
  precision: Precision;
  /** speculation of a step */
  draft_tokens: number;
  /** replicas beyond one each, per layer */
  redundant_experts: number;
  /** halves of a batch overlap */
  two_batch: boolean;
  /** prefill tokens of an attention rank and step */
  chunk_tokens: number;
  /** decoding */
  sequences_per_rank: number;
  /** decoding */
  sequences_per_instance: number;
  memory_per_gpu: MemoryUse;
  kv_tokens_per_rank: number;
  /** of engines' logs with 80 % */
  kv_tokens_within: number;
}

/** A delay over requests. */
export interface Percentiles {
  mean_s: number;
  p50_s: number;
  p90_s: number;
  p95_s: number;
  p99_s: number;
}

/** What requests see and the machine delivers at one load. */
export interface SteadyState {
  requests_per_s: number;
  /** below saturation */
  stable: boolean;
  ttft: Percentiles;
  tpot: Percentiles;
  itl: Percentiles;
  e2e_mean_s: number;
  output_tokens_per_s: number;
  /** input and output */
  total_tokens_per_s: number;
  /** the ranking figure */
  output_tokens_per_s_per_gpu: number;
  /** 1 / mean TPOT */
  output_tokens_per_s_per_user: number;
  /** of the chips */
  energy_per_output_token_j: number;
  /** decoding */
  sequences_per_rank: number;
  /** of the chunk slots or the prefill ranks */
  prefill_utilisation: number;
  /** of the decode ranks' KV memory, mean */
  kv_utilisation: number;
  /** share of input tokens */
  prefix_hit_rate: number;
}

/** GPU time of a mean request in one part. */
export interface PartTime {
  part: string;
  time_s: number;
}

/** What is left when an instance of one pool is gone. */
export interface InstanceLoss {
  pool: string;
  /** 0: nobody serves any more */
  instances_left: number;
  meets_slo: boolean;
  /** of requests: they meet every limit */
  good_share: number;
  ttft: Percentiles;
  tpot: Percentiles;
}

/** A load below the knee that leaves room, played on the engine. */
export interface OperatingLoad {
  knee_share: number;
  /** of the workload */
  multiple: number;
  requests_per_s: number;
  /** of requests: they meet every limit */
  good_share: number;
  goodput_requests_per_s: number;
  ttft: Percentiles;
  tpot: Percentiles;
  /** one a pool */
  losses: InstanceLoss[];
}

/** What a deployment makes of the racks around it. */
export interface Running {
  /** that its GPUs fill */
  racks: number;
  /** of its part of them */
  input_w: number;
  /** PUE included */
  building_w: number;
  rack_energy_per_output_token_j: number;
  building_energy_per_output_token_j: number;
  /** the chip has a price */
  priced: boolean;
  /** used */
  gpu_hour_usd: number;
  /** all of the cost on them */
  million_output_tokens_usd: number;
  /** of input and output */
  million_tokens_usd: number;
  /** CO2 of a million output tokens */
  carbon_g: number;
  /** share of its GPUs that are up */
  up: number;
  /** 0: air-cooled, not modelled */
  junction_celsius: number;
  /** that the cooling allows, share of nominal */
  clock: number;
  within_feed: boolean;
}

/** One deployment at its rate. */
export interface Candidate {
  rank: number;
  /** shared by neighbours that cannot be told apart */
  place: number;
  /** that the engine played for these figures; 0: formulas alone */
  played_requests: number;
  /** that the formulas have for the knee */
  screened_multiple: number;
  disaggregated: boolean;
  meets_slo: boolean;
  /** what fails just above this rate */
  limit: string;
  /** how far the numbers behind it are measured */
  evidence: "published" | "calibrated" | "interpolated" | "other generation" | "family default" | "assumption";
  /** of the workload's own rate */
  multiple: number;
  /** if every step ran at its physical bound */
  bound_output_tokens_per_s_per_gpu: number;
  interval80: Intervals;
  /** null when aggregated */
  prefill: PoolReport | null;
  /** of an aggregated plan: its only pool */
  decode: PoolReport;
  state: SteadyState;
  /** end-to-end latency; null where the engine has not played it */
  e2e: Percentiles | null;
  /** by part of the model */
  gpu_time_per_request: PartTime[];
  operating: OperatingLoad | null;
  /** in its racks; null: the rack has no plant */
  running: Running | null;
}

/** The best plan with so many tiers of KV cache. */
export interface TierDepth {
  /** HBM counted */
  tiers: number;
  text: string;
  plan: string;
  gpus: number;
  /** of the workload's own rate */
  multiple: number;
  output_tokens_per_s_per_gpu: number;
  /** of input tokens, tiers included */
  prefix_hit_rate: number;
  ttft_p90_s: number;
  /** what fails just above this rate */
  limit: string;
  meets_slo: boolean;
  /** by the engine; else formulas alone */
  played: boolean;
}

/** A metric that was asked for. */
export interface TradeoffAxis {
  metric: string;
  title: string;
  /** empty for a plain number */
  unit: "s" | "";
  more_is_better: boolean;
}

/** A plan at some load, in two metrics. */
export interface TradeoffPoint {
  x: number;
  y: number;
  /** share of the plan's knee */
  load: number;
  /** of the candidate */
  rank: number;
  /** no other point is better in both */
  front: boolean;
  label: string;
}

/** Plans along their load, below their knees, in two metrics. */
export interface Tradeoff {
  x: TradeoffAxis;
  y: TradeoffAxis;
  /** by x */
  points: TradeoffPoint[];
}

/** A deployment at some load. */
export interface ParetoPoint {
  output_tokens_per_s_per_user: number;
  output_tokens_per_s_per_gpu: number;
  front: boolean;
  disaggregated: boolean;
  label: string;
}

/** Lines of one bill add up to its total. */
export interface BillLine {
  item: string;
  time_s: number;
  /** of the total */
  share: number;
  /** least time by physics; 0 where none is defined */
  bound_s: number;
}

/** One operator of a step. */
export interface OperatorLine {
  name: string;
  part: string;
  /** executions */
  count: number;
  /** of all executions */
  time_s: number;
  bound_s: number;
  binds: string;
}

/** d ln(tokens/s per GPU) / d ln(parameter). */
export interface Elasticity {
  /** path */
  parameter: string;
  /** with its unit */
  value: string;
  /** over -10 % to +10 % */
  elasticity: number;
  /** relative, of the result */
  change_at_0_9x: number;
  /** relative, of the result */
  change_at_1_1x: number;
  source: string;
  /** how far the numbers behind it are measured */
  evidence: "published" | "calibrated" | "interpolated" | "other generation" | "family default" | "assumption";
}

/** An assumed number and what it moves. */
export interface AssumptionLine {
  /** path */
  parameter: string;
  /** with its unit */
  value: string;
  note: string;
  /** relative, of tokens/s per GPU */
  change_at_0_8x: number;
  /** relative, of tokens/s per GPU */
  change_at_1_2x: number;
}

/** Where the time of the first candidate goes. */
export interface Explanation {
  ttft_binds: string;
  /** of the mean TTFT */
  ttft: BillLine[];
  tpot_binds: string;
  /** of the mean TPOT */
  tpot: BillLine[];
  /** of a full chunk */
  prefill_step: OperatorLine[];
  decode_step: OperatorLine[];
  /** by size */
  elasticities: Elasticity[];
  /** by size of their effect */
  assumptions: AssumptionLine[];
  /** assumptions of the models themselves */
  modelling: string[];
}

/** An error or a warning. */
export interface Notice {
  code: "syntax" | "unknown_key" | "unknown_name" | "missing" | "wrong_type" | "unit" | "range" | "limit" | "io" | "data" | "infeasible" | "interrupted";
  message: string;
  /** empty where there is none */
  file: string;
  /** from 1; 0 where it is not known */
  line: number;
  /** in bytes from 1; 0 where it is not known */
  column: number;
  /** what to write instead, or where to look; may be empty */
  hint: string;
}

/** Deployments of a model on a machine, ranked. */
export interface PlanReport {
  /** what kind of document this is */
  format: "supernode-plan";
  /** of the format: it may gain fields, none changes */
  version: 1;
  subject: PlanSubject;
  /** deployments */
  considered: number;
  /** deployments */
  fit: number;
  /** deployments */
  meet: number;
  /** closed forms alone were asked for */
  screened: boolean;
  /** deployments that the engine played */
  shortlisted: number;
  /** numbers the result rests on */
  inputs: number;
  inputs_assumed: number;
  /** by output tokens/s per GPU; the closest misses when none meets the SLO */
  candidates: Candidate[];
  /** where search.kv asks for several; the rest is of the best of them */
  kv_depths: TierDepth[];
  /** that the candidates pass, as written */
  filters: string[];
  /** of a pair of metrics that was asked for */
  tradeoff: Tradeoff | null;
  /** by tokens/s per user; off the front thinned */
  pareto: ParetoPoint[];
  /** of the first candidate */
  explanation: Explanation | null;
  /** stopped on the way; what was found by then */
  interrupted: boolean;
  warnings: Notice[];
}

/** Several scenarios side by side. */
export interface PlanReports {
  /** what kind of document this is */
  format: "supernode-plans";
  /** of the format: it may gain fields, none changes */
  version: 1;
  plans: PlanReport[];
}

/** A field of the scenario and its values. */
export interface VaryAxis {
  path: string;
  /** as written */
  values: string[];
}

/** One combination. */
export interface VaryPoint {
  /** one per axis */
  values: string[];
  gpus: number;
  /** that fill no whole rack */
  left_over_gpus: number;
  meets_slo: boolean;
  /** the first error, or the closest miss; empty where the SLO is met */
  why_not: string;
  /** the largest part of the mean TPOT and of the mean TTFT */
  binds: string;
  gpu_time_per_output_token: BillLine[];
  /** when a plan meets the SLO */
  best: Candidate | null;
}

/** What the values of the last axis come to. */
export interface VaryVerdict {
  /** value of the varied axis */
  best: string;
  /** contiguous range within 5 % of the best */
  flat_from: string;
  flat_to: string;
  /** what is worse just below the range; empty at the end of the axis */
  below: string;
  above: string;
}

/** One question over the values of scenario fields. */
export interface VaryReport {
  /** what kind of document this is */
  format: "supernode-vary";
  /** of the format: it may gain fields, none changes */
  version: 1;
  /** of the first point that resolved */
  subject: PlanSubject;
  axes: VaryAxis[];
  /** the last axis runs fastest */
  points: VaryPoint[];
  /** along the last axis; null where no point meets the SLO */
  verdicts: (VaryVerdict | null)[];
  /** points that were not reached say so in why_not */
  interrupted: boolean;
}

/** Instances of one deployment. */
export interface Pool {
  instances: number;
  /** of all instances */
  gpus: number;
  /** tensor parallelism */
  tp: number;
  /** context parallelism, of prefill */
  cp: number;
  /** tensor ranks that share a sequence's KV cache, in decode */
  dcp: number;
  /** attention data parallelism inside an instance */
  dp: number;
  /** pipeline stages */
  pp: number;
  /** expert parallelism */
  ep: number;
  /** stages may sit in different ScaleUp domains */
  spread: boolean;
  precision: Precision;
  /** speculation of a step */
  draft_tokens: number;
  /** replicas beyond one each, per layer */
  redundant_experts: number;
  /** halves of a batch overlap */
  two_batch: boolean;
  /** prefill tokens of an attention rank and step */
  chunk_tokens: number;
}

/** The pools of a deployment. */
export interface ServingPlan {
  /** null when aggregated */
  prefill: Pool | null;
  /** of an aggregated plan: its only pool */
  decode: Pool;
}

/** GPU time of an output token that goes to one item. */
export interface TimeAgainst {
  item: string;
  time_s: number;
  /** in the best deployment */
  best_time_s: number;
}

/** What rules a deployment out, or what it loses to the best. */
export interface WhyNotReport {
  /** what kind of document this is */
  format: "supernode-why-not";
  /** of the format: it may gain fields, none changes */
  version: 1;
  subject: PlanSubject;
  /** the deployment that was asked about */
  plan: ServingPlan;
  ruled_out: boolean;
  best_of_all: boolean;
  /** each with its numbers */
  reasons: string[];
  /** where it can run at all */
  candidate: Candidate | null;
  /** of the plan; null where none meets the SLO */
  best: Candidate | null;
  /** among the deployments compared; 0: not among them */
  rank: number;
  /** by difference, largest first */
  gpu_time_per_output_token: TimeAgainst[];
  /** stopped: against what was found by then */
  interrupted: boolean;
}

/** A parallelisation with what it takes and costs. */
export interface TrainingCandidate {
  rank: number;
  deployment: string;
  /** degrees */
  plan: {
    tp: number;
    cp: number;
    ep: number;
    pp: number;
    dp: number;
    /** of layers a stage */
    chunks: number;
    /** sequences */
    micro_batch: number;
    zero: number;
    schedule: string;
    recompute: string;
  };
  /** seconds of the fullest stage; the parts add up to `total` */
  step: {
    compute: number;
    recompute: number;
    /** communication that shows, of tensor ranks */
    tensor: number;
    /** of experts */
    exchange: number;
    /** of context ranks */
    context: number;
    /** between stages */
    sends: number;
    bubble: number;
    /** of data ranks */
    data: number;
    optimizer: number;
    overhead: number;
    total: number;
  };
  /** FLOPs of the model over the peak of its arithmetic */
  mfu: number;
  tokens_per_s: number;
  /** bytes of a GPU of the fullest stage */
  memory: {
    weights: number;
    gradients: number;
    /** of the optimiser */
    states: number;
    activations: number;
    logits: number;
    workspace: number;
    total: number;
  };
  /** of the whole job, disturbances included */
  days: number;
  /** of the whole job; null: the chip has no price */
  usd: number | null;
  /** PUE included; null: the rack has no plant */
  mwh: number | null;
}

/** Parallelisations of a training job on a machine. */
export interface TrainingPlan {
  name: string;
  model: string;
  rack: string;
  gpus: number;
  tokens: number;
  /** tokens */
  sequence: number;
  /** sequences */
  batch: number;
  steps: number;
  /** of products */
  math: string;
  parameters: number;
  /** of a chip */
  usable_bytes: number;
  /** that no step beats */
  bound_s: number;
  /** fastest first */
  candidates: TrainingCandidate[];
  /** parallelisations */
  considered: number;
  /** batch, heads, layers do not divide */
  impossible: number;
  /** memory */
  too_large: number;
  /** heavier recomputation where a lighter fits */
  left_out: number;
  priced: number;
  /** of the whole run */
  goodput: {
    /** kind */
    checkpoint: string;
    /** null: not known */
    mean_failure_s: number | null;
    /** that training stops for a checkpoint */
    save_s: number;
    /** until storage has it */
    write_s: number;
    interval_s: number;
    /** Daly's estimate of the best */
    daly_s: number;
    /** share of time, checkpoints and failures */
    useful: number;
    /** share of time without enough hosts */
    waiting: number;
    /** share of the time of undisturbed steps */
    goodput: number;
  };
  warnings: Notice[];
  interrupted: boolean;
}

/** One tenant of a shared machine. */
export interface TenantReport {
  name: string;
  /** how it comes to its GPUs */
  share: "given share" | "fixed rate" | "max-min";
  /** its share; the plan of a given share may take fewer */
  gpus: number;
  weight: number;
  /** of the share alone */
  plan: PlanReport;
}

/** Several tenants on one machine. */
export interface ShareReport {
  /** what kind of document this is */
  format: "supernode-share";
  /** of the format: it may gain fields, none changes */
  version: 1;
  name: string;
  machine: string;
  /** of the cluster */
  gpus: number;
  /** in nobody's share */
  left_over_gpus: number;
  /** the least multiple / weight of the max-min tenants */
  common_multiple: number | null;
  /** all tenants */
  output_tokens_per_s: number;
  /** input and output */
  total_tokens_per_s: number;
  /** of the cluster */
  output_tokens_per_s_per_gpu: number;
  /** the tenants' work, and the idle ones */
  chip_power_w: number;
  /** of all racks */
  feed_power_w: number;
  /** in the scenario's order */
  tenants: TenantReport[];
  /** what is shared and may interfere, what is not */
  modelling: string[];
  /** stopped: the best shares found by then */
  interrupted: boolean;
  warnings: Notice[];
}

/** What other traffic holds, 0 to 1. */
export interface Background {
  scale_up: number;
  scale_out: number;
}

/** One transfer of the chain. */
export interface WaitedMove {
  /** rank */
  from: number;
  /** rank */
  to: number;
  size_bytes: number;
  begin_s: number;
  end_s: number;
}

/** A collective played on a fabric where bytes contend. */
export interface PlayedRow {
  fidelity: "flow" | "packet";
  schedule: "ring" | "direct" | "one-shot" | "halving-doubling" | "tree" | "hierarchical" | "in-switch";
  /** false: too many packets, no times */
  done: boolean;
  /** with software */
  time_s: number;
  /** the schedule alone */
  fabric_s: number;
  /** its closed form on an idle fabric */
  ideal_s: number;
  /** fabric_s over ideal_s */
  ratio: number;
  /** moves that each waited for the one before */
  chain: WaitedMove[];
}

/** One size. */
export interface CollectiveRow {
  size_bytes: number;
  time_s: number;
  algbw_bytes_per_s: number;
  busbw_bytes_per_s: number;
  /** least time by physics */
  bound_s: number;
  /** bound over time */
  bound_share: number;
  algorithm: string;
  /** at finer fidelities */
  played: PlayedRow[];
}

/** Predicted times of one collective by size, sizes as in nccl-tests. */
export interface CollectiveTable {
  /** what kind of document this is */
  format: "supernode-collective";
  /** of the format: it may gain fields, none changes */
  version: 1;
  rack: string;
  /** entry of catalog/collectives */
  parameters: string;
  op: "all_reduce" | "all_gather" | "reduce_scatter" | "all_to_all";
  ranks: number;
  ranks_per_domain: number;
  kernels: "auto" | "library" | "custom" | "ring" | "tree" | "in-switch" | "one-shot" | "two-shot";
  /** share of each layer that other traffic holds */
  background: Background;
  rows: CollectiveRow[];
  /** stopped: larger sizes are missing */
  interrupted: boolean;
}

/** A value in which two entries differ. */
export interface DiffLine {
  path: string;
  /** with unit; null: the entry has none */
  a: string | null;
  /** with unit; null: the entry has none */
  b: string | null;
  /** b over a, where both are numbers and a is not 0 */
  ratio: number | null;
  a_assumed: boolean;
  b_assumed: boolean;
}

/** Two entries of one kind. */
export interface CatalogDiff {
  /** what kind of document this is */
  format: "supernode-catalog-diff";
  /** of the format: it may gain fields, none changes */
  version: 1;
  kind: string;
  a: string;
  b: string;
  /** values that do not differ */
  equal: number;
  /** in the order of the entries */
  differences: DiffLine[];
}

/** An LRU cache of one capacity. */
export interface HitRatePoint {
  capacity_tokens: number;
  /** share of blocks that it serves */
  block_hit_rate: number;
}

/** Tokens per request. */
export interface Lengths {
  mean: number;
  p50: number;
  p90: number;
  p99: number;
  max: number;
}

/** What is known of a trace. */
export interface WorkloadReport {
  /** what kind of document this is */
  format: "supernode-workload";
  /** of the format: it may gain fields, none changes */
  version: 1;
  trace_format: string;
  /** left out */
  malformed_lines: number;
  /** requests, sorted */
  out_of_order: number;
  name: string;
  origin: string;
  requests: number;
  requests_per_s: number;
  /** index of dispersion of arrival counts in 10 s windows */
  dispersion: number;
  mean_input_tokens: number;
  mean_output_tokens: number;
  max_input_tokens: number;
  max_output_tokens: number;
  /** KV block size of the hashes; 0 without */
  block_tokens: number;
  classes: number;
  /** of a prefix cache by capacity */
  hit_rate_curve: HitRatePoint[];
  input_tokens: Lengths;
  output_tokens: Lengths;
}

/** A part that is referred to by name, or a remark on one. */
export interface CatalogPart {
  /** empty: the entry */
  path: string;
  name: string;
  note: string;
}

/** Who said so. */
export interface Source {
  id: string;
  title: string;
  date: string;
  grade: "official" | "measured" | "third party" | "estimate" | "memory" | "family default" | "assumption" | "scenario";
}

/** One source's word on a value. */
export interface Figure {
  /** with unit, three significant digits */
  text: string;
  /** in the unit of the line; null for names and flags */
  value: number | null;
  source: Source | null;
  confidence: "high" | "medium" | "low";
  assumed: boolean;
  note: string;
}

/** A value of an entry. */
export interface CatalogValue {
  path: string;
  /** of raw numbers; empty: a plain number */
  unit: string;
  /** the value that is used first, then those of other sources; empty: absent */
  figures: Figure[];
}

/** Of one token at one context. */
export interface FlopsPerToken {
  context_tokens: number;
  flops: number;
}

/** What follows from a model's architecture. */
export interface ModelFacts {
  family: string;
  layers: number;
  dense_layers: number;
  moe_layers: number;
  hidden: number;
  vocabulary: number;
  max_context_tokens: number;
  attention: "gqa" | "mla";
  heads: number;
  kv_heads: number;
  experts: number;
  experts_per_token: number;
  mtp_layers: number;
  native_weights: string;
  /** by part of the model */
  parameters: {
    embedding: number;
    attention: number;
    dense_feed_forward: number;
    routed_experts: number;
    shared_experts: number;
    router: number;
    norms: number;
    output_head: number;
    mtp: number;
    total: number;
    active: number;
    /** 0 when nothing is published */
    published_total: number;
    /** 0 when nothing is published */
    published_active: number;
  };
  /** by format of the KV cache */
  kv_bytes_per_token: {
    bf16: number;
    fp8: number;
    int8: number;
    fp4: number;
  };
  /** by context */
  flops_per_token: FlopsPerToken[];
}

/** A workload of the catalog. */
export interface Workload {
  name: string;
  origin: string;
  requests: number;
  requests_per_s: number;
  /** index of dispersion of arrival counts in 10 s windows */
  dispersion: number;
  mean_input_tokens: number;
  mean_output_tokens: number;
  max_input_tokens: number;
  max_output_tokens: number;
  /** KV block size of the hashes; 0 without */
  block_tokens: number;
  classes: number;
  /** of a prefix cache by capacity */
  hit_rate_curve: HitRatePoint[];
}

/** One entry of the catalog. */
export interface CatalogEntry {
  /** what kind of document this is */
  format: "supernode-catalog-entry";
  /** of the format: it may gain fields, none changes */
  version: 1;
  kind: string;
  name: string;
  title: string;
  parts: CatalogPart[];
  values: CatalogValue[];
  model: ModelFacts | null;
  workload: Workload | null;
}

/** An entry by name. */
export interface CatalogTitle {
  name: string;
  title: string;
}

/** The entries of one kind. */
export interface CatalogKind {
  kind: string;
  folder: string;
  description: string;
  entries: CatalogTitle[];
}

/** Entries by kind. */
export interface Catalog {
  /** what kind of document this is */
  format: "supernode-catalog";
  /** of the format: it may gain fields, none changes */
  version: 1;
  kinds: CatalogKind[];
}

/** One check: it does something and says what came of it. */
export interface Check {
  name: string;
  verdict: "ok" | "note" | "FAULT";
  /** what was found */
  said: string;
}

/** Whether this program and this machine are in order. */
export interface DoctorReport {
  /** what kind of document this is */
  format: "supernode-doctor";
  /** of the format: it may gain fields, none changes */
  version: 1;
  checks: Check[];
}

/** The best point of a scenario. */
export interface SweptBest {
  /** its number */
  point: number;
  scenario: string;
  /** one per axis */
  values: string[];
  objective: number;
  /** the deployment, or the rack */
  what: string;
}

/** What is known of a design space. */
export interface SweepReport {
  /** what kind of document this is */
  format: "supernode-sweep";
  /** of the format: it may gain fields, none changes */
  version: 1;
  name: string;
  /** of every point */
  question: "plan" | "simulate" | "rack";
  database: string;
  axes: string[];
  points: number;
  /** points that differ in what is asked */
  contents: number;
  /** contents that have a row */
  answered: number;
  /** of them in this run, by this process */
  asked: number;
  /** points */
  met: number;
  /** points */
  missed: number;
  /** points */
  impossible: number;
  /** what a row took, mean */
  each_s: number;
  /** the column that points are ranked by */
  objective: string;
  /** one a scenario, among points that meet */
  best: SweptBest[];
  interrupted: boolean;
}

/** One load that the search for the knee tried. */
export interface KneeProbe {
  multiple: number;
  met: boolean;
  /** it was clear before the end */
  cut_short: boolean;
  /** of a target's value to its limit; null where it has no bound */
  worst_ratio: number | null;
}

/** A delay over measured requests; ITL over tokens. */
export interface Latency {
  count: number;
  mean_s: number;
  p50_s: number;
  p90_s: number;
  p95_s: number;
  p99_s: number;
  max_s: number;
}

/** A target and what became of it. */
export interface SloResult {
  metric: "ttft" | "tpot" | "e2e";
  /** 0.9 is p90; null is the mean */
  quantile: number | null;
  limit_s: number;
  value_s: number;
  met: boolean;
}

/** Requests of one priority. */
export interface PriorityResult {
  /** 0 is served first */
  priority: number;
  /** finished, measured */
  requests: number;
  good_share: number;
  ttft_p90_s: number;
  tpot_p90_s: number;
}

/** A fault or repair as it happened. */
export interface FaultRecord {
  at_s: number;
  action: "fail" | "drain" | "degrade" | "repair";
  target: string;
  /** that a failure met */
  requests: number;
}

/** Requests that had not ended when the run did. */
export interface Unfinished {
  state: string;
  /** why nothing more happened to them */
  cause: string;
  requests: number;
}

/** A tier of KV cache below HBM, over the whole run. */
export interface TierResult {
  name: string;
  capacity_bytes: number;
  /** share of it, at the end */
  filled: number;
  /** that were not in HBM when requests were admitted */
  looked_blocks: number;
  /** of them loaded from here */
  hit_blocks: number;
  /** found here and computed again, because that was quicker */
  passed_blocks: number;
  /** whose load a fault undid */
  lost_blocks: number;
  evicted_blocks: number;
  read_bytes: number;
  written_bytes: number;
  /** mean */
  read_bytes_per_s: number;
  /** mean */
  written_bytes_per_s: number;
}

/** A layer of the fabric whose links traffic shares. */
export interface LayerResult {
  layer: "ScaleUp" | "ScaleOut" | "DCN";
  links: number;
  /** hand-overs, loads, retrievals, prompts, weights */
  transfer_bytes: number;
  /** of steps */
  collective_bytes: number;
  /** share of all links' capacity over the run */
  utilisation: number;
  /** that carried most of its capacity */
  worst_link: string;
  worst_utilisation: number;
  /** share that transfers held at a sample */
  worst_peak: number;
}

/** Instances of one role. */
export interface PoolResult {
  role: "aggregated" | "prefill" | "decode";
  instances: number;
  /** of all instances */
  gpus: number;
  /** tensor parallelism */
  tp: number;
  /** context parallelism, of prefill */
  cp: number;
  /** tensor ranks that share a sequence's KV cache, in decode */
  dcp: number;
  /** attention data parallelism inside an instance */
  dp: number;
  /** pipeline stages */
  pp: number;
  /** expert parallelism */
  ep: number;
  /** stages may sit in different ScaleUp domains */
  spread: boolean;
  precision: Precision;
  /** speculation of a step */
  draft_tokens: number;
  /** replicas beyond one each, per layer */
  redundant_experts: number;
  /** halves of a batch overlap */
  two_batch: boolean;
  /** prefill tokens of an attention rank and step */
  chunk_tokens: number;
  steps: number;
  /** of time: a step was running */
  busy_share: number;
  /** FLOPs over those of the peak rate */
  compute_utilisation: number;
  /** HBM bytes moved, likewise */
  memory_utilisation: number;
  /** mean of steps that decode */
  sequences_per_instance: number;
  /** mean of steps that have any, per instance */
  prompt_tokens_per_step: number;
  /** mean share of pages that requests hold */
  kv_utilisation: number;
  kv_utilisation_max: number;
  /** mean */
  waiting_requests: number;
  /** mean share of its instances that take requests */
  up_share: number;
  /** of the chips, idle time included */
  energy_j: number;
}

/** Means over one window. */
export interface SeriesPoint {
  begin_s: number;
  arrivals_per_s: number;
  finished_per_s: number;
  output_tokens_per_s: number;
  /** prompt tokens computed */
  input_tokens_per_s: number;
  waiting_requests: number;
  decoding_sequences: number;
  /** share of pages that requests hold */
  kv_utilisation: number;
  /** of pages, in the prefix cache */
  kv_cached_share: number;
  prefix_hit_rate: number;
  /** of first tokens in this window */
  ttft_mean_s: number;
  /** that transfers hold, at flow fidelity */
  busiest_link_share: number;
}

/** A deployment under a request trace. */
export interface SimulationReport {
  /** what kind of document this is */
  format: "supernode-simulation";
  /** of the format: it may gain fields, none changes */
  version: 1;
  /** of the scenario */
  name: string;
  model: string;
  machine: string;
  /** where its requests come from */
  workload: string;
  routing: "round-robin" | "least-loaded" | "prefix-aware" | "session-sticky" | "completion-aware";
  /** of the prefix cache */
  eviction: "lru" | "lfu" | "s3-fifo" | "ttl";
  slo: SloTarget[];
  /** how the multiple was reached */
  scaling: "time" | "copies";
  /** of the plan */
  gpus: number;
  /** of the workload's own rate; searched for when knee is true */
  multiple: number;
  knee: boolean;
  /** of a knee: what fails just above */
  limit: string;
  limit_kind: "none" | "target" | "queue_full" | "queue_grows" | "requests_lost" | "load_ends";
  /** what the search for the knee tried */
  probes: KneeProbe[];
  meets_slo: boolean;
  /** what follows is of the part that was run */
  interrupted: boolean;
  /** stopped when the SLO could no longer be met */
  cut_short: boolean;
  cut_short_by: string;
  cut_short_by_kind: "none" | "target" | "queue_full" | "queue_grows" | "requests_lost" | "load_ends";
  /** by more than 2 % of the arrivals of the second half */
  queue_grows: boolean;
  warm_up_s: number;
  last_arrival_s: number;
  /** of the last request */
  end_s: number;
  /** when the queue first was full */
  saturated_s: number | null;
  /** all of them, by how they ended */
  requests: {
    submitted: number;
    finished: number;
    too_long: number;
    queue_full: number;
    timed_out: number;
    cancelled: number;
    failed: number;
    /** after the warm-up */
    measured: number;
    preemptions: number;
    out_of_order: number;
  };
  ttft: Latency;
  tpot: Latency;
  itl: Latency;
  e2e: Latency;
  queue: Latency;
  /** of blocks from below HBM, of requests that had any; null: none */
  load: Latency | null;
  /** from arrival until what is read from storage is there; null: nothing is */
  retrieval: Latency | null;
  targets: SloResult[];
  priorities: PriorityResult[];
  /** what broke, by order of time */
  faults: {
    /** null without faults */
    policy: "requeue" | "fail" | null;
    /** that failures met: started again, or ended */
    requests: number;
    fail: number;
    drain: number;
    degrade: number;
    repair: number;
    /** the first thousand */
    events: FaultRecord[];
  };
  /** empty unless it was cut short or nothing more was due */
  unfinished: Unfinished[];
  /** arrived after the warm-up */
  requests_per_s: number;
  /** of measured requests: they meet every limit of the SLO */
  good_share: number;
  /** good requests */
  goodput_requests_per_s: number;
  output_tokens_per_s: number;
  /** input and output */
  total_tokens_per_s: number;
  output_tokens_per_s_per_gpu: number;
  /** of the chips */
  energy_per_output_token_j: number;
  /** in its racks; null: the rack has no plant */
  running: Running | null;
  /** share of input tokens */
  prefix_hit_rate: number;
  /** share of hashed blocks */
  block_hit_rate: number;
  /** of input tokens: from tiers below HBM */
  loaded_share: number;
  /** below HBM, top down */
  tiers: TierResult[];
  /** of the fabric, at flow fidelity */
  layers: LayerResult[];
  /** of KV between pools */
  transfers: number;
  transferred_bytes: number;
  /** mean */
  transfer_exposed_s: number;
  pools: PoolResult[];
  window_s: number;
  series: SeriesPoint[];
  warnings: Notice[];
}

/** Several simulations side by side. */
export interface SimulationReports {
  /** what kind of document this is */
  format: "supernode-simulations";
  /** of the format: it may gain fields, none changes */
  version: 1;
  simulations: SimulationReport[];
}

/** One tenant of a shared machine. */
export interface TenantResult {
  name: string;
  /** of the share */
  gpus: number;
  simulation: SimulationReport;
}

/** Tenants of one machine at the same time, and the machine's sums. */
export interface SharedSimulation {
  /** what kind of document this is */
  format: "supernode-shared-simulation";
  /** of the format: it may gain fields, none changes */
  version: 1;
  name: string;
  machine: string;
  /** of the cluster */
  gpus: number;
  /** in nobody's share */
  left_over_gpus: number;
  /** all of them */
  meets_slo: boolean;
  interrupted: boolean;
  /** from the end of the warm-up */
  measured_s: number;
  requests_per_s: number;
  goodput_requests_per_s: number;
  output_tokens_per_s: number;
  /** input and output */
  total_tokens_per_s: number;
  /** of the machine */
  output_tokens_per_s_per_gpu: number;
  /** of the chips */
  energy_per_output_token_j: number;
  tenants: TenantResult[];
  warnings: Notice[];
}

/** How many there are of one kind. */
export interface ElementCount {
  kind: string;
  /** links: of one direction each */
  count: number;
  /** raw, of one link; 0 for devices */
  rate_bytes_per_s: number;
}

/** Transfers of one pattern; times from the first start on. */
export interface TransferGroup {
  from: string;
  to: string;
  count: number;
  each_bytes: number;
  /** the longest of them on an idle fabric */
  alone_s: number;
  /** the first is done; null: not played */
  flow_first_s: number | null;
  flow_last_s: number | null;
  packet_first_s: number | null;
  packet_last_s: number | null;
}

/** A link and its load. */
export interface LoadedLink {
  link: string;
  kind: string;
  share: number;
}

/** Transfers that began at the same moment. */
export interface PlayedTransfers {
  /** in the order of the request */
  groups: TransferGroup[];
  /** links by the share of what they could have carried until the end */
  busiest: LoadedLink[];
  /** by ECN */
  packets_marked: number;
  packets_trimmed: number;
  packets_dropped: number;
  /** of PFC */
  pauses: number;
  interrupted: boolean;
}

/** One link, and the device behind it. */
export interface FabricHop {
  /** the port that it leaves */
  link: string;
  to: string;
  kind: string;
  raw_bytes_per_s: number;
  efficiency: number;
  /** of the link */
  wire_s: number;
  /** of the device behind it */
  passing_s: number;
  so_far_s: number;
}

/** One path, hop by hop. */
export interface FabricPath {
  from: string;
  to: string;
  /** first byte out to first byte in */
  latency_s: number;
  /** of its narrowest trunk */
  raw_bytes_per_s: number;
  sustained_bytes_per_s: number;
  /** equal ones, 64 at most */
  ways: number;
  hops: FabricHop[];
}

/** Devices and links of a machine, and one path through them. */
export interface FabricReport {
  /** what kind of document this is */
  format: "supernode-fabric";
  /** of the format: it may gain fields, none changes */
  version: 1;
  scenario: string;
  rack: string;
  gpus: number;
  /** GPUs of a ScaleUp domain */
  domain: number;
  /** of ScaleUp */
  topology: string;
  /** of ScaleUp; empty: none known */
  protocol: string;
  /** by kind */
  devices: ElementCount[];
  /** by kind */
  links: ElementCount[];
  /** half of a ScaleUp domain to the other half */
  bisection_domain_bytes_per_s: number;
  /** half of all GPUs to the others; 0: one domain */
  bisection_cluster_bytes_per_s: number;
  /** links of the longest shortest path between GPUs */
  diameter: number;
  /** its latency */
  farthest_s: number;
  /** that were asked for; null: none */
  transfers: PlayedTransfers | null;
  /** between the two devices that were asked for */
  path: FabricPath | null;
}

/** Modules of one place. */
export interface RackModule {
  place: string;
  /** of the catalog */
  name: string;
  title: string;
  count: number;
  /** on one */
  gpus: number;
  /** of one, rack units; 0: not known */
  height_u: number;
  /** of one; 0: not known */
  weight_kg: number;
}

/** The sums of the power chain. */
export interface RackPower {
  chips_w: number;
  /** lost in the chips' regulators, part of chips_w */
  regulators_w: number;
  busbar_loss_w: number;
  /** current of the busbar */
  bus_a: number;
  /** of the supplies */
  output_w: number;
  supply_loss_w: number;
  /** of the rating of all shelves */
  supply_share: number;
  supply_efficiency: number;
  /** of the shelves without the spare ones */
  capacity_w: number;
  /** what the feed gives */
  input_w: number;
  /** heat into liquid */
  liquid_w: number;
  /** heat into air */
  air_w: number;
}

/** What the pieces of one kind draw. */
export interface RackPowerRow {
  place: string;
  item: string;
  count: number;
  each_w: number;
  total_w: number;
  /** the number that it rests on; empty: derived */
  param: string;
  source: string;
  grade: string;
  /** nothing is published */
  assumed: boolean;
}

/** What sources say of the total, beside the sum of the parts. */
export interface PublishedPower {
  /** least of the sources */
  low_w: number;
  /** most of them */
  high_w: number;
  used_w: number;
  /** used_w less the sum of the parts at full load */
  residual_w: number;
  /** the sum of the parts lies between them */
  within: boolean;
}

/** The limit of a chip that the envelope holds. */
export interface RackFit {
  gpus: number;
  possible: boolean;
  /** why not */
  reason: string;
  /** the rack at full load stays within its feed */
  chip_by_feed_w: number;
  /** that the cooling of one chip removes; 0: not published */
  chip_by_cooling_w: number;
  /** of the rack without the chips */
  rest_per_gpu_w: number;
}

/** Crest and trough of all chips together. */
export interface RackSwing {
  low_w: number;
  high_w: number;
  /** share of the time at the crest */
  duty: number;
  mean_w: number;
  /** that the supplies' stored energy carries the step */
  carried_s: number;
  /** the crest is below the shelves' pulse rating */
  within_pulse: boolean;
}

/** Clocks that hold a cap. */
export interface RackCap {
  policy: string;
  cap_w: number;
  /** false: even the lowest clock is above it */
  held: boolean;
  input_w: number;
  /** of the chips with priority */
  high_share: number;
  /** theirs, share of nominal */
  high_clock: number;
  /** of the others */
  low_clock: number;
  mean_clock: number;
}

/** The deployment at a clock below nominal. */
export interface ClockEffect {
  /** share of nominal */
  clock: number;
  /** the load is still carried */
  carried: boolean;
  /** mean at that load; 0 where it is not carried */
  tpot_s: number;
  /** at the load that still meets the SLO */
  knee_output_tokens_per_s: number;
}

/** The best deployment of the scenario. */
export interface RackPlan {
  deployment: string;
  /** of all its GPUs */
  output_tokens_per_s: number;
  input_tokens_per_s: number;
  gpus: number;
  /** 0: one pool does both */
  prefill_gpus: number;
  /** that it fills */
  racks: number;
  /** that clocks are judged at: 80 % of the plan's */
  load_requests_per_s: number;
  /** of the cap and of the event */
  clocks: ClockEffect[];
}

/** The coolant loop and a chip on it; zeros without liquid cooling. */
export interface HeatLoop {
  /** of the rack */
  flow_l_per_min: number;
  /** through the plate of one chip */
  chip_l_per_min: number;
  drop_kpa: number;
  pumps_w: number;
  supply_celsius: number;
  return_celsius: number;
  /** at nominal clock */
  junction_celsius: number;
  /** that keeps the junction at the throttle point, or 1 */
  clock: number;
  /** junction at that clock */
  throttled_celsius: number;
}

/** A loss of flow at time zero. */
export interface HeatEvent {
  name: string;
  /** share that is left */
  flow: number;
  /** until clocks fall; negative: never */
  throttle_s: number;
  /** until chips go off; negative: never */
  trip_s: number;
  /** at the end; 0: off */
  clock: number;
  /** highest */
  junction_celsius: number;
  /** junction at the end */
  end_celsius: number;
}

/** One moment after a loss of flow. */
export interface HeatPoint {
  time_s: number;
  junction_celsius: number;
  return_celsius: number;
  /** share of nominal */
  clock: number;
  /** share of the design's */
  flow: number;
  chip_w: number;
}

/** Temperatures and flows, and what a loss of flow does. */
export interface HeatReport {
  /** false: all heat goes into air, and no junction is modelled */
  liquid: boolean;
  /** at the load */
  loop: HeatLoop;
  /** at full load */
  full: HeatLoop;
  /** junction */
  throttle_celsius: number;
  trip_celsius: number;
  /** that carries the rest of the heat */
  air_m3_per_h: number;
  /** of the rack's input */
  pump_share: number;
  events: HeatEvent[];
  /** the event that was asked for; empty: none */
  course_of: string;
  /** second by second */
  course: HeatPoint[];
}

/** What fails, and what goes with it. */
export interface FaultClass {
  name: string;
  /** the blast radius */
  takes: string;
  /** in the rack */
  pieces: number;
  each_per_year: number;
  rack_per_year: number;
  /** out of service until the repair */
  gpus: number;
  /** share of its bandwidth that is left */
  scale_up: number;
  /** mean */
  repair_s: number;
}

/** Serving with so many GPUs, all of them or none. */
export interface SparePolicy {
  /** in service */
  gpus: number;
  /** GPUs of the rack that are not */
  spares: number;
  /** share of the time, closed form */
  up: number;
  /** by Monte Carlo */
  played_up: number;
  /** half of its 95 % interval */
  played_up_error: number;
  /** of the service, closed form */
  losses_per_year: number;
  played_losses_per_year: number;
  /** half of the 95 % interval, per year */
  played_losses_error: number;
  /** mean time between losses */
  between_s: number;
  /** in service, mean over time */
  expected_gpus: number;
}

/** A published mean beside what rates give. */
export interface MeanTimeCheck {
  of: string;
  gpus: number;
  ours_s: number;
  published_s: number;
  note: string;
}

/** How often a rack fails, and what spares make of it. */
export interface ReliabilityReport {
  /** entry of catalog/failures */
  failures: string;
  classes: FaultClass[];
  /** OS images: up or down as a whole */
  images: number;
  gpus_per_image: number;
  /** mean time between failures of one image */
  image_every_s: number;
  /** mean */
  image_repair_s: number;
  /** mean time between interruptions of a job on the rack */
  job_every_s: number;
  /** the same by the fleet's rates alone */
  fleet_every_s: number;
  /** 95 % interval of the fleet's count */
  fleet_every_low_s: number;
  fleet_every_high_s: number;
  /** up, mean over time */
  pooled_gpus: number;
  /** Monte Carlo's, half of the 95 % interval */
  pooled_error: number;
  policies: SparePolicy[];
  /** of one rack that were played */
  years: number;
  /** failures and repairs in them */
  events: number;
  /** repairs at a time; 0: as many as it takes */
  crews: number;
  /** means that others publish */
  checks: MeanTimeCheck[];
  /** stopped: fewer years than asked for */
  interrupted: boolean;
}

/** The building's input over the racks', term by term. */
export interface RackPue {
  value: number;
  /** UPS, transformers, cables */
  distribution: number;
  pumps: number;
  /** room coolers and towers */
  fans: number;
  chillers: number;
  /** share of the year that the liquid loop needs chillers */
  liquid_chilled: number;
  /** likewise room air */
  air_chilled: number;
}

/** Parts of one kind. */
export interface CostRow {
  item: string;
  count: number;
  each_usd: number;
  total_usd: number;
}

/** A figure, and what the ranges of its inputs make of it. */
export interface MoneyRange {
  value_usd: number;
  low_usd: number;
  high_usd: number;
}

/** What a million tokens cost, while the rack is used. */
export interface TokenCost {
  /** a million output tokens, all of the cost on them */
  output: MoneyRange;
  /** a million of input and output together */
  blended: MoneyRange;
  /** a million input tokens, GPUs of the prefill pool; 0: one pool */
  prefill_usd: number;
  /** a million output tokens, GPUs of the decode pool */
  decode_usd: number;
  /** of the building */
  energy_per_output_token_j: number;
  /** CO2 of a million output tokens */
  carbon_g: number;
}

/** One price at the ends of its range. */
export interface PriceEffect {
  param: string;
  value: string;
  low: string;
  high: string;
  /** one source alone: 20 % off */
  assumed_range: boolean;
  /** relative change of the cost of a GPU-hour */
  at_low: number;
  at_high: number;
}

/** What a rack costs to have and to run. */
export interface CostReport {
  /** entry of catalog/prices */
  prices: string;
  /** entry of catalog/sites */
  site: string;
  site_title: string;
  /** of the building, by climate */
  pue: RackPue;
  /** share of the GPUs that are up */
  up: number;
  /** share of the hours that are used */
  utilisation: number;
  capex_rows: CostRow[];
  capex_usd: number;
  /** a year */
  capital_usd: number;
  /** a year */
  energy_usd: number;
  /** a year */
  space_usd: number;
  /** a year */
  maintenance_usd: number;
  /** all four */
  year_usd: number;
  /** a year, PUE included */
  energy_kwh: number;
  /** CO2 a year, of operation */
  carbon_kg: number;
  /** a GPU-hour that is used */
  gpu_hour: MoneyRange;
  /** a MW of the rack's input for a year */
  mw_year_usd: number;
  /** price of the whole; null: none */
  published_rack_usd: number | null;
  /** parts that such a price holds: capex without ScaleOut */
  comparable_usd: number;
  /** of the deployment; null: none */
  tokens: TokenCost | null;
  /** what each price does to a GPU-hour, where it was asked for */
  effects: PriceEffect[];
}

/** A rack as a physical thing, under one load. */
export interface RackReport {
  /** what kind of document this is */
  format: "supernode-rack";
  /** of the format: it may gain fields, none changes */
  version: 1;
  rack: string;
  title: string;
  /** entry of catalog/plants */
  plant: string;
  chip: string;
  gpus: number;
  gpus_per_os: number;
  /** idle, plan, training or max */
  load: string;
  /** of a chip's dynamic power */
  chip_share: number;
  modules: RackModule[];
  /** of the modules whose weight is known */
  weight_kg: number;
  /** under the load */
  power: RackPower;
  /** the bill of power; it adds up to input_w */
  rows: RackPowerRow[];
  /** of it, what rests on assumptions or memory */
  assumed_w: number;
  feed_w: number;
  /** the total at full load; null: none */
  published: PublishedPower | null;
  fits: RackFit[];
  /** of synchronous training, a square wave */
  swing: RackSwing | null;
  /** on the input of the rack */
  cap: RackCap | null;
  /** the deployment that makes the load */
  plan: RackPlan | null;
  heat: HeatReport;
  reliability: ReliabilityReport;
  /** null: the chip has no price */
  cost: CostReport | null;
  /** stopped: see reliability */
  interrupted: boolean;
  warnings: Notice[];
}

/** A figure with its interval. */
export interface Spread {
  value: number;
  low: number;
  high: number;
}

/** What a rack carries under the SLO. */
export interface Carried {
  deployment: string;
  evidence: string;
  gpus: number;
  output_tokens_per_s: number;
  /** mean */
  tpot_s: number;
  /** middle 80 % of the models' error */
  output_tokens_per_s_per_gpu: Spread;
  /** of the racks' input */
  output_tokens_per_s_per_kw: Spread;
  /** prices' ranges and models' error together */
  output_tokens_per_usd: Spread;
  million_output_tokens_usd: Spread;
}

/** One rack. */
export interface ComparedRack {
  rack: string;
  title: string;
  chip: string;
  gpus: number;
  /** at full load */
  input_w: number;
  feed_w: number;
  /** share of the input that nobody publishes */
  assumed: number;
  per_gpu_w: number;
  hbm_bytes: number;
  hbm_bytes_per_s: number;
  /** of the narrowest format */
  peak_flop_per_s: number;
  /** a GPU and direction */
  scale_up_bytes_per_s: number;
  /** GPUs of a ScaleUp domain */
  domain: number;
  /** null: no price */
  capex_usd: number | null;
  /** used; null: no price */
  gpu_hour: Spread | null;
  /** mean time between interruptions of a job on it */
  job_every_s: number;
  /** share of its GPUs */
  up: number;
  /** with a model; null: none, or see reason */
  carried: Carried | null;
  /** why something is missing */
  reason: string;
}

/** Racks side by side. */
export interface CompareReport {
  /** what kind of document this is */
  format: "supernode-compare";
  /** of the format: it may gain fields, none changes */
  version: 1;
  /** empty: racks alone */
  model: string;
  /** lengths, SLO, rate */
  asked: string;
  racks: ComparedRack[];
  /** stopped: racks are missing */
  interrupted: boolean;
}

/** Single transfers alone; 0: there is no such thing in the scenario. */
export interface Probes {
  /** a mean prompt from the first tier below HBM */
  kv_fetch_s: number;
  /** a mean prompt's cache to the decode pool */
  hand_over_s: number;
  all_reduce_64k_s: number;
  /** one token a rank */
  dispatch_s: number;
  retrieval_s: number;
  /** weights of an OS image */
  cold_start_s: number;
  /** weights to a store */
  checkpoint_s: number;
  /** one way through the domain */
  scale_up_s: number;
}

/** One combination of directions. */
export interface DirectionRow {
  /** adapters, drives and CXL memory hang on ScaleUp */
  attach_scale_up: boolean;
  memory_semantics: boolean;
  two_layers: boolean;
  optics: boolean;
  /** largest of the workload's rate that meets the SLO; 0: not looked for */
  multiple: number;
  /** at the operating load */
  ttft_mean_s: number;
  ttft_p90_s: number;
  tpot_mean_s: number;
  output_tokens_per_s_per_gpu: number;
  /** of the deployment's racks; 0 without a plant */
  watts: number;
  /** 0 without prices */
  dollars_per_million_output: number;
  /** of GPUs */
  up_share: number;
  /** of ports, transfers and collectives */
  scale_up_utilisation: number;
  scale_up_transfer_bytes: number;
  dcn_utilisation: number;
  /** of input tokens, tiers included */
  prefix_hit_rate: number;
  /** of the ScaleUp medium */
  reach_m: number;
  domain_gpus: number;
  probes: Probes;
  /** what differs from the base */
  cause: string;
  /** why it could not be played */
  failed: string;
}

/** Four directions of GPU-centric machines on one deployment. */
export interface DirectionsReport {
  /** what kind of document this is */
  format: "supernode-directions";
  /** of the format: it may gain fields, none changes */
  version: 1;
  /** of the scenario */
  name: string;
  machine: string;
  /** that all combinations play */
  plan: string;
  /** of the rows with optics */
  medium: string;
  slo: string;
  /** operating load, of the workload's rate */
  multiple: number;
  /** the base first */
  rows: DirectionRow[];
  interrupted: boolean;
  warnings: Notice[];
}

/** What was found, at one value of what is swept. */
export interface ClaimPoint {
  /** empty: nothing is swept */
  at: string;
  /** in the claim's unit */
  found: number;
  /** within the claimed bounds and the tolerance */
  holds: boolean;
  /** no number */
  why_not: string;
}

/** A claim, run. */
export interface ClaimResult {
  id: string;
  title: string;
  citation: string;
  claimed_low: number;
  claimed_high: number;
  unit: string;
  /** of what is found */
  found_unit: string;
  /** share */
  tolerance: number;
  measure: string;
  conditions: string;
  points: ClaimPoint[];
  verdict: "holds" | "holds if" | "does not hold" | "cannot be judged";
  note: string;
}

/** The ledger of claims. */
export interface ClaimsReport {
  /** what kind of document this is */
  format: "supernode-claims";
  /** of the format: it may gain fields, none changes */
  version: 1;
  /** by id */
  claims: ClaimResult[];
  interrupted: boolean;
}

/** Rows left out, and why. */
export interface Skip {
  reason: string;
  rows: number;
}

/** Errors, predicted / measured - 1; null where there are none. */
export interface Metrics {
  /** mean of the absolute error */
  mape: number | null;
  /** of the absolute error */
  median: number | null;
  /** of the absolute error */
  p90: number | null;
  /** median of the signed error */
  bias: number | null;
  /** noise floor; null when no row has neighbours */
  floor: number | null;
  /** rows */
  n: number;
}

/** What one model prediction is judged by. */
export interface TableReport {
  group: string;
  rows: number;
  /** rows */
  predicted: number;
  /** rows that no model predicts */
  skipped: Skip[];
  /** of all rows */
  metrics: {
    latency: Metrics;
  };
  /** of rows that no fit has seen */
  held_out: {
    latency: Metrics;
    /** of collectives */
    busbw: Metrics | null;
  };
  /** error asked for */
  target: number;
  /** the median: of the held-out rows */
  target_of: "mape" | "median";
  met: boolean;
  /** a skipped row is an error of 100 % */
  coverage_adjusted_mape: number | null;
}

/** A row far from its prediction. */
export interface WorstCase {
  line: number;
  shape: string;
  measured_s: number;
  predicted_s: number;
}

/** A file of measurements. */
export interface FileReport {
  file: string;
  /** of operators */
  family: string;
  chip: string;
  framework: string;
  /** of published figures; empty: the reader's own file */
  citation: string;
  rows: number;
  /** rows */
  predicted: number;
  /** rows that no model predicts */
  skipped: Skip[];
  /** of all rows */
  metrics: {
    latency: Metrics;
  };
  /** of rows that no fit has seen */
  held_out: {
    latency: Metrics;
  };
  /** its tables */
  groups: TableReport[];
  /** by |ln(predicted / measured)| */
  worst: WorstCase[];
  /** malformed rows, a truncated file */
  faults: Notice[];
}

/** A fitted or assumed number that predictions rest on. */
export interface ParameterLine {
  scope: string;
  family: string;
  of: string;
  name: string;
  /** with its unit */
  value: string;
  source: string;
  confidence: string;
  note: string;
}

/** How many parameters one family has. */
export interface BudgetLine {
  scope: string;
  family: string;
  of: string;
  count: number;
  limit: number;
}

/** Means over tables. */
export interface Summary {
  /** a family or a chip */
  name: string;
  tables: number;
  tables_on_target: number;
  rows: number;
  /** rows */
  predicted: number;
  mape: number | null;
  /** a skipped row is an error of 100 % */
  coverage_adjusted_mape: number | null;
  /** of rows that no fit has seen */
  held_out_mape: number | null;
  mean_absolute_bias: number | null;
  floor: number | null;
}

/** Means over the tables of one family on one chip. */
export interface FamilyOnChip {
  family: string;
  chip: string;
  tables: number;
  tables_on_target: number;
  rows: number;
  /** rows */
  predicted: number;
  mape: number | null;
  /** a skipped row is an error of 100 % */
  coverage_adjusted_mape: number | null;
  /** of rows that no fit has seen */
  held_out_mape: number | null;
  mean_absolute_bias: number | null;
  floor: number | null;
}

/** Measured tables, predicted. */
export interface Validation {
  /** what kind of document this is */
  format: "supernode-validation";
  /** of the format: it may gain fields, none changes */
  version: 1;
  files: FileReport[];
  parameters: ParameterLine[];
  parameter_budget: BudgetLine[];
  /** unweighted means over tables */
  summary: {
    all: Summary;
    families: Summary[];
    chips: Summary[];
    families_by_chip: FamilyOnChip[];
  };
  /** files that no reader takes */
  ignored: string[];
  /** of the folder and of whole files */
  errors: Notice[];
  /** stopped: of the files that were done by then */
  interrupted: boolean;
}

/** Points of one kind. */
export interface ServingGroup {
  group: string;
  rows: number;
  /** rows */
  predicted: number;
  /** rows that no model predicts */
  skipped: Skip[];
  /** of all rows */
  metrics: {
    ttft: Metrics;
    tpot: Metrics;
    tput_per_gpu: Metrics;
  };
  /** of rows that no fit has seen */
  held_out: {
    ttft: Metrics;
    tpot: Metrics;
    tput_per_gpu: Metrics;
  };
  /** share of rows inside their 80 %; null without rows */
  interval_coverage: {
    ttft: number | null;
    tpot: number | null;
    tput_per_gpu: number | null;
  };
}

/** A file of measured deployments. */
export interface ServingFile {
  file: string;
  rows: number;
  /** rows */
  predicted: number;
  /** rows that no model predicts */
  skipped: Skip[];
  /** of all rows */
  metrics: {
    ttft: Metrics;
    tpot: Metrics;
    tput_per_gpu: Metrics;
  };
  /** of rows that no fit has seen */
  held_out: {
    ttft: Metrics;
    tpot: Metrics;
    tput_per_gpu: Metrics;
  };
  /** share of rows inside their 80 %; null without rows */
  interval_coverage: {
    ttft: number | null;
    tpot: number | null;
    tput_per_gpu: number | null;
  };
  groups: ServingGroup[];
  faults: Notice[];
}

/** A point far from its prediction. */
export interface ServingMiss {
  /** file and line */
  where: string;
  point: string;
  /** TTFT and TPOT in seconds, throughput in tokens/s per GPU */
  metric: "ttft" | "tpot" | "tput_per_gpu";
  fitted: boolean;
  measured: number;
  predicted: number;
}

/** Width of 80 % intervals beside the errors that they stand for. */
export interface EvidenceWidth {
  /** generation of the chip and version of the engine */
  evidence: string;
  disaggregated: boolean;
  metric: string;
  /** points */
  fitted: number;
  /** points never fitted */
  others: number;
  /** standard deviation of the logarithm; null without fitted points */
  needed: number | null;
  /** of points never fitted; null without */
  mape: number | null;
  /** median, over the prediction; null without points never fitted */
  half_width: number | null;
  /** share of points never fitted; null without */
  covered: number | null;
}

/** A published supernode figure on which nothing is fitted. */
export interface ScaleCase {
  case: string;
  title: string;
  citation: string;
  chip: string;
  gpus: number;
  phase: "prefill" | "decode" | "serving";
  published_tokens_per_s_per_gpu: number;
  predicted_tokens_per_s_per_gpu: number;
  /** of the prediction */
  interval80: {
    low: number;
    high: number;
  };
  /** of serving, the mean TPOT */
  step_s: number;
}

/** One latency of a recorded run and of its replay. */
export interface ReplayMetric {
  name: string;
  mean_measured_s: number;
  mean_predicted_s: number;
  p99_measured_s: number;
  p99_predicted_s: number;
}

/** A recorded run, request by request. */
export interface ReplayReport {
  run: string;
  chip: string;
  model: string;
  requests: number;
  met: boolean;
  metrics: ReplayMetric[];
}

/** Measured deployments, predicted. */
export interface ServingValidation {
  /** what kind of document this is */
  format: "supernode-serving-validation";
  /** of the format: it may gain fields, none changes */
  version: 1;
  files: ServingFile[];
  /** over all files */
  summary: {
    aggregated: ServingGroup;
    disaggregated: ServingGroup;
    /** no recipe says batches, budgets and slots: judged apart */
    unlimited_aggregated: ServingGroup;
    unlimited_disaggregated: ServingGroup;
    /** what their tables leave open is assumed */
    assumed: ServingGroup;
    groups: ServingGroup[];
  };
  worst: ServingMiss[];
  /** of intervals, by evidence */
  widths: EvidenceWidth[];
  /** launch recipes of engines */
  limits: {
    rows: number;
    /** points that found theirs */
    found: number;
  };
  /** published supernodes */
  cases: ScaleCase[];
  replays: ReplayReport[];
  /** files that no reader takes */
  ignored: string[];
  errors: Notice[];
  /** stopped: points that were not reached are skipped, and say so */
  interrupted: boolean;
}

/** Rows that are judged together. */
export interface TrainingGroup {
  group: string;
  rows: number;
  /** rows */
  predicted: number;
  /** rows that no model predicts */
  skipped: Skip[];
  /** of all rows */
  metrics: Metrics;
  /** of rows that no fit has seen */
  held_out: Metrics;
  /** mean absolute error asked for */
  target: number;
  /** by the rows that no fit has seen */
  met: boolean;
}

/** A measured step or memory beside its prediction. */
export interface TrainingRow {
  /** file and line */
  where: string;
  group: string;
  /** model, machine and parallelisation */
  name: string;
  quantity: "step" | "memory";
  /** a stretch was fitted to it */
  fitted: boolean;
  /** seconds of a step; bytes of a GPU, or a share of them */
  measured: number;
  predicted: number;
  /** what the table leaves open */
  assumed: string;
}

/** Measured training predicted, row by row. */
export interface TrainingValidation {
  groups: TrainingGroup[];
  /** those with a prediction */
  rows: TrainingRow[];
  errors: Notice[];
  interrupted: boolean;
}

/** A figure of a recorded run: measured, theirs, ours. */
export interface PeerFigure {
  run: string;
  metric: string;
  /** over requests */
  statistic: string;
  /** as the peer has it */
  measured_s: number;
  /** as the peer published it */
  theirs_s: number;
  /** nothing where the run's data is not there */
  ours_s: number | null;
  /** relative */
  their_error: number;
  /** relative */
  our_error: number | null;
}

/** Another program's published results beside ours. */
export interface PeerComparison {
  name: string;
  title: string;
  subject: string;
  citation: string;
  method: string;
  figures: PeerFigure[];
  /** over figures that have one of ours */
  their_mean_error: number;
  /** likewise */
  our_mean_error: number;
  /** figures */
  theirs_nearer: number;
  /** figures */
  ours_nearer: number;
}

/** Peers, and how far each is from what was measured. */
export interface PeerReport {
  /** what kind of document this is */
  format: "supernode-peers";
  /** of the format: it may gain fields, none changes */
  version: 1;
  peers: PeerComparison[];
  /** runs that the data does not have */
  missing: string[];
  interrupted: boolean;
}

/** All that was measured, predicted. */
export interface Evidence {
  /** what kind of document this is */
  format: "supernode-evidence";
  /** of the format: it may gain fields, none changes */
  version: 1;
  kernels: Validation | null;
  collectives: Validation | null;
  serving: ServingValidation | null;
}
