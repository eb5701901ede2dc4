// sn/api/glossary.cc
//
// The terms (see glossary.h). Definitions of latencies are those of `vllm bench serve`.

#include "sn/api/glossary.h"

#include <algorithm>

#include "sn/api/request_error.h"
#include "sn/base/text/text.h"

namespace sn::api {

namespace {

constexpr Term terms[] = {
    {"activations", "",
     "What a layer hands to the next while a step runs; kept for that step alone.",
     "supernode plan llama70b --explain"},
    {"aggregated", "", "One pool of instances does prefill and decode, mixed into the same steps.",
     "supernode plan llama70b"},
    {"algbw", "algorithm bandwidth",
     "Bytes of a collective's buffer over its time, as nccl-tests defines it.",
     "supernode collective al128"},
    {"alpha", "", "The time of a collective of no bytes: software and latency of the links.",
     "supernode collective al128"},
    {"batch", "", "Sequences that take part in one step of an instance.",
     "supernode plan llama70b"},
    {"bill", "", "A time split into lines by what it is spent on; the lines add up to it.",
     "supernode plan llama70b --explain"},
    {"bound", "",
     "The least time that physics allows: bytes over bandwidth or operations over peak rate. No "
     "model is below it.",
     "supernode plan llama70b --explain"},
    {"busbw", "bus bandwidth",
     "algbw times the factor by which a collective's traffic per link exceeds its buffer "
     "(2(n-1)/n for all-reduce); comparable between operations.",
     "supernode collective al128"},
    {"chunked prefill", "",
     "A prompt is computed in pieces of so many tokens a step, so that decoding goes on between "
     "them.",
     "supernode plan llama70b"},
    {"CP", "context parallelism", "A prompt's tokens are divided among GPUs.", ""},
    {"decode", "",
     "The phase that makes output tokens one step at a time; limited by memory bandwidth, as a "
     "rule.",
     "supernode plan llama70b --explain"},
    {"disaggregated", "",
     "Prefill and decode run in pools of their own; the KV cache travels between them.",
     "supernode plan al128"},
    {"domain", "ScaleUp domain", "GPUs that reach each other over ScaleUp links.",
     "supernode fabric al128"},
    {"DP", "data parallelism", "Copies of the attention layers, each with requests of its own.",
     ""},
    {"E2E", "end-to-end latency", "From sending a request to its last token.",
     "supernode simulate llama70b"},
    {"elasticity", "", "Relative change of the result over relative change of one input.",
     "supernode plan llama70b --explain"},
    {"EP", "expert parallelism",
     "Experts of a mixture are divided among GPUs; tokens travel to them and back (dispatch, "
     "combine).",
     ""},
    {"evidence", "",
     "How far the numbers behind a result are measured: calibrated, other_generation, "
     "family_default, assumption.",
     "supernode validate kernels --help"},
    {"goodput", "", "Requests per second that meet every limit of the SLO.",
     "supernode simulate llama70b"},
    {"hit rate", "", "Share of input tokens that were found in the prefix cache.",
     "supernode workload --help"},
    {"instance", "", "One copy of the engine: the GPUs that run its steps together.",
     "supernode plan llama70b"},
    {"ITL", "inter-token latency", "Gap between consecutive tokens of a request as they arrive.",
     "supernode simulate llama70b"},
    {"knee", "", "The largest load that meets the SLO; `limit` says what fails just above it.",
     "supernode plan llama70b"},
    {"KV cache", "",
     "Keys and values of the tokens so far, which attention reads at each step; in blocks "
     "(pages).",
     "supernode plan llama70b --explain"},
    {"MFU", "model FLOPs utilisation",
     "Operations that the model needs over what the chips could do at peak in that time.", ""},
    {"MLA", "multi-head latent attention",
     "Attention over a compressed KV cache, as in DeepSeek-V2 and V3.", ""},
    {"MoE", "mixture of experts", "A layer of many experts of which each token uses a few.", ""},
    {"MTP", "multi-token prediction",
     "Draft tokens by a layer of the model itself; accepted ones save steps.", ""},
    {"multiple", "",
     "Load in units of the workload's own rate: 2x is twice as many requests a second.",
     "supernode simulate --help"},
    {"Pareto front", "", "Points that no other point beats in both figures.",
     "supernode plan --help"},
    {"PP", "pipeline parallelism", "Layers are divided among groups of GPUs, one after the other.",
     ""},
    {"prefill", "",
     "The phase that computes a prompt and makes the first token; limited by compute, as a rule.",
     "supernode plan llama70b --explain"},
    {"PUE", "power usage effectiveness", "Power of the building over power of the racks.",
     "supernode rack al128"},
    {"rate", "", "Requests per second; or knee, or a multiple of the workload's own.",
     "supernode simulate --help"},
    {"ScaleOut", "",
     "The network between ScaleUp domains: NICs and Ethernet or InfiniBand switches.",
     "supernode fabric al128"},
    {"ScaleUp", "",
     "The network within a domain: NVLink, UALink and their like, memory semantics, several "
     "times faster than ScaleOut.",
     "supernode fabric al128"},
    {"screen", "", "Rank by closed forms alone, without playing requests on the engine.",
     "supernode plan llama70b --screen"},
    {"SLO", "service-level objective",
     "Limits on TTFT, TPOT or E2E that a share of the requests must meet.",
     "supernode plan --help"},
    {"step", "",
     "One pass of an instance over its batch: a token for every sequence, a chunk of prompts.",
     "supernode plan llama70b --explain"},
    {"supernode", "", "A rack-scale machine whose GPUs are one ScaleUp domain.",
     "supernode rack al128"},
    {"sweep", "", "A design space asked point by point, kept and resumed.",
     "supernode sweep --help"},
    {"TP", "tensor parallelism", "Each matrix is divided among GPUs, with an all-reduce after it.",
     ""},
    {"TPOT", "time per output token",
     "(end-to-end - TTFT) / (output tokens - 1), one value a request; requests of one token left "
     "out.",
     "supernode simulate llama70b"},
    {"TTFT", "time to first token", "From sending a request to its first token, queueing included.",
     "supernode simulate llama70b"},
    {"World", "", "A scenario resolved: every value that models read, checked, with its source.",
     ""},
};

}  // namespace

std::span<const Term> glossary() { return terms; }

Result<Term> find_term(const std::string& name) {
  const std::string wanted = lower(name);
  std::vector<std::string> names;
  for (const Term& t : glossary()) {
    if (lower(t.name) == wanted || (!t.long_name.empty() && lower(t.long_name) == wanted)) {
      return t;
    }
    names.emplace_back(t.name);
    if (!t.long_name.empty()) names.emplace_back(t.long_name);
  }
  return fail(request_error("term", "'" + shown(name) + "' is not in the glossary",
                            nearest_hint(name, names, "supernode explain lists all terms")));
}

}  // namespace sn::api
