// bench/knee_pairs.h
//
// The fixed set of 200 (deployment, workload) pairs on which the closed forms of serving/steady are
// laid beside the engine; each pair is a scenario with one deployment.
//
// Machines of 8 to 128 GPUs; dense, expert and latent-attention models; aggregated and
// disaggregated plans; workloads from fixed lengths to agents with a shared prefix; tight and loose
// targets. A pool is written as "P3xTP2PP4/8k": three instances that prefill, tensor 2 by pipeline
// 4, chunks of 8192 tokens; A aggregated, D decodes. Experts spread over all ranks of a stage where
// dp > 1.

#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

namespace sn::pairs {

struct KneePair {
  std::string name;      // "dsv3-b200x32, P3xPP8/16k D1xDP8, mooncake, tight"
  std::string scenario;  // YAML
  int requests = 0;      // of a run
};

struct PairMachine {
  std::string_view name;
  std::string_view cluster;
  std::string_view model;
  std::string_view tight;
  std::string_view loose;
  int requests;  // of a run: arrivals span many times what the targets allow
};

struct PairLoad {
  std::string_view name;
  std::string_view text;  // N: requests of a run
};

struct PairRow {
  std::string_view machine;
  std::string_view pools;
  std::string_view cells;  // workloads, each with t(ight), l(oose) or both
};

inline constexpr std::array pair_machines = {
    PairMachine{"llama70b-h200", "{rack: hgx-h200}", "llama-3.1-70b",
                "{ttft: {p90: 1 s}, tpot: {p90: 40 ms}}", "{ttft: {p90: 5 s}, tpot: {p90: 100 ms}}",
                4000},
    PairMachine{"llama405b-b200", "{rack: hgx-b200}", "llama-3.1-405b",
                "{ttft: {p90: 2 s}, tpot: {p90: 60 ms}}", "{ttft: {p90: 8 s}, tpot: {p90: 120 ms}}",
                4000},
    PairMachine{"qwen235b-b200", "{rack: hgx-b200}", "qwen3-235b-a22b",
                "{ttft: {p90: 1 s}, tpot: {p90: 40 ms}}", "{ttft: {p90: 5 s}, tpot: {p90: 100 ms}}",
                4000},
    PairMachine{"gptoss-h200", "{rack: hgx-h200}", "gpt-oss-120b",
                "{ttft: {p90: 1 s}, tpot: {p90: 25 ms}}", "{ttft: {p90: 4 s}, tpot: {p90: 80 ms}}",
                12000},
    PairMachine{"dsv3-h200x16", "{rack: hgx-h200, racks: 2, scale_out: ib-ndr400}", "deepseek-v3",
                "{ttft: {p90: 2 s}, tpot: {p90: 60 ms}}", "{ttft: {p90: 8 s}, tpot: {p90: 150 ms}}",
                8000},
    PairMachine{"dsv3-b200x32", "{rack: hgx-b200, racks: 4, scale_out: ib-ndr400}", "deepseek-v3",
                "{ttft: {p90: 2 s}, tpot: {p90: 50 ms}}", "{ttft: {p90: 8 s}, tpot: {p90: 120 ms}}",
                16000},
    PairMachine{"dsv3-nvl72", "{rack: nvl72-gb200, racks: 1, scale_out: ib-ndr400}", "deepseek-v3",
                "{ttft: {p90: 2 s}, tpot: {p90: 50 ms}}", "{ttft: {p90: 8 s}, tpot: {p90: 120 ms}}",
                40000},
    PairMachine{"dsv3-al128", "{rack: al128, racks: 1, scale_out: hpn7, dcn: ethernet-100g}",
                "deepseek-v3", "{ttft: {p90: 2 s}, tpot: {p90: 50 ms}}",
                "{ttft: {p90: 8 s}, tpot: {p90: 120 ms}}", 12000}};

inline constexpr std::array pair_loads = {
    PairLoad{"fixed",
             "synthetic: {arrivals: {process: poisson, rate: 10 req/s}, "
             "input: 2000, "
             "output: 200, requests: N}"},
    PairLoad{"long",
             "synthetic: {arrivals: {process: poisson, rate: 10 req/s}, "
             "input: 32000, "
             "output: 300, requests: N}"},
    PairLoad{"spread",
             "synthetic: {arrivals: {process: poisson, rate: 10 req/s}, "
             "input: {median: 1000, p90: 4000, max: 16000}, "
             "output: {median: 250, p90: 700, max: 2000}, requests: N}"},
    PairLoad{"wide",
             "synthetic: {arrivals: {process: poisson, rate: 10 req/s}, "
             "input: {median: 1500, p90: 12000, max: 60000}, "
             "output: {median: 200, p90: 600, max: 2000}, requests: N}"},
    PairLoad{"code",
             "synthetic: {arrivals: {process: poisson, rate: 10 req/s}, "
             "input: {median: 1500, p90: 5000, max: 7500}, "
             "output: {median: 13, p90: 60, max: 400}, requests: N}"},
    PairLoad{"bursty",
             "synthetic: {arrivals: {process: gamma, cv: 2, rate: 10 req/s}, "
             "input: {median: 1000, p90: 4000, max: 16000}, "
             "output: {median: 250, p90: 700, max: 2000}, requests: N}"},
    PairLoad{"agents",
             "synthetic: {arrivals: {process: poisson, rate: 10 req/s}, "
             "input: {median: 500, p90: 2000, max: 8000}, "
             "output: {median: 200, p90: 500, max: 2000}, requests: N, sessions: {turns: 8, "
             "pause: 30 s, shared_prefix: 50000}}"},
    PairLoad{"mooncake", "preset: mooncake-conversation"},
    PairLoad{"azure", "preset: azure2023-conversation"}};

inline constexpr std::array pair_rows = {
    PairRow{"llama70b-h200", "A1xTP8/2k", "fixed:tl spread:tl code:tl wide:l azure:t"},
    PairRow{"llama70b-h200", "A1xTP8/8k", "fixed:l spread:tl code:t bursty:l"},
    PairRow{"llama70b-h200", "A2xTP4/4k", "fixed:l spread:tl azure:l long:l"},
    PairRow{"llama70b-h200", "A4xTP2/2k", "fixed:tl spread:l code:l azure:l"},
    PairRow{"llama70b-h200", "A1xTP2PP4/4k", "fixed:l spread:l code:t"},
    PairRow{"llama70b-h200", "P1xTP4/8k D1xTP4", "fixed:tl spread:tl code:t wide:l azure:l"},
    PairRow{"llama70b-h200", "P2xTP2/4k D1xTP4", "fixed:l spread:tl code:l bursty:l"},
    PairRow{"llama70b-h200", "P1xPP4/8k D1xTP4", "fixed:l spread:tl code:l azure:l"},
    PairRow{"llama70b-h200", "P1xPP4/2k D1xTP4", "fixed:t spread:tl wide:l"},
    PairRow{"llama405b-b200", "A1xTP8/2k", "fixed:tl spread:tl azure:l"},
    PairRow{"llama405b-b200", "A1xTP8/8k", "fixed:l spread:tl wide:l"},
    PairRow{"llama405b-b200", "A1xTP4PP2/4k", "spread:l code:l"},
    PairRow{"llama405b-b200", "P1xTP4/8k D1xTP4", "fixed:l spread:l code:l"},
    PairRow{"qwen235b-b200", "A1xTP8/4k", "fixed:tl spread:tl code:l azure:l"},
    PairRow{"qwen235b-b200", "A2xTP4/4k", "fixed:l spread:tl azure:t"},
    PairRow{"qwen235b-b200", "A1xDP8/2k", "fixed:tl spread:tl code:t azure:l"},
    PairRow{"qwen235b-b200", "A1xTP4DP2/4k", "spread:tl bursty:l"},
    PairRow{"qwen235b-b200", "P1xTP4/16k D1xTP4", "fixed:l spread:tl bursty:l"},
    PairRow{"qwen235b-b200", "P1xTP2PP2/8k D1xDP4", "fixed:t spread:tl azure:l bursty:l"},
    PairRow{"gptoss-h200", "A1xTP8/8k", "fixed:t spread:tl code:l"},
    PairRow{"gptoss-h200", "A4xTP2/2k", "fixed:tl spread:tl azure:l"},
    PairRow{"gptoss-h200", "P2xTP2/8k D2xTP2", "fixed:l spread:tl wide:l bursty:l"},
    PairRow{"dsv3-h200x16", "A2xTP8/4k", "fixed:tl spread:tl code:l azure:t agents:l"},
    PairRow{"dsv3-h200x16", "A2xDP8/2k", "fixed:tl spread:tl wide:l mooncake:l"},
    PairRow{"dsv3-h200x16", "A2xTP4DP2/4k", "spread:l mooncake:l"},
    PairRow{"dsv3-h200x16", "P1xTP8/8k D1xDP8", "fixed:tl spread:tl wide:l mooncake:l"},
    PairRow{"dsv3-h200x16", "P1xPP8/8k D1xDP8", "fixed:tl spread:tl mooncake:l"},
    PairRow{"dsv3-h200x16", "P1xTP2PP4/4k D1xDP8", "fixed:l spread:tl wide:l"},
    PairRow{"dsv3-h200x16", "P1xDP8/4k D1xDP8", "fixed:l spread:tl code:l"},
    PairRow{"dsv3-b200x32", "A4xTP8/2k", "fixed:t spread:l mooncake:l"},
    PairRow{"dsv3-b200x32", "A4xDP8/4k", "fixed:l spread:tl mooncake:l"},
    PairRow{"dsv3-b200x32", "P3xTP8/16k D1xDP8", "fixed:l spread:l mooncake:tl wide:t agents:l"},
    PairRow{"dsv3-b200x32", "P3xTP8/4k D1xDP8", "long:l mooncake:t wide:t"},
    PairRow{"dsv3-b200x32", "P3xTP4DP2/16k D1xDP8", "mooncake:tl wide:tl long:l"},
    PairRow{"dsv3-b200x32", "P3xTP2PP4/8k D1xDP8", "mooncake:tl wide:tl long:l agents:t"},
    PairRow{"dsv3-b200x32", "P3xPP8/16k D1xDP8", "mooncake:tl wide:tl spread:t"},
    PairRow{"dsv3-b200x32", "P3xPP8/4k D1xDP8", "mooncake:tl wide:t long:l"},
    PairRow{"dsv3-b200x32", "P3xDP8/8k D1xDP8", "mooncake:tl wide:l spread:t"},
    PairRow{"dsv3-nvl72", "A9xTP8/4k", "spread:l mooncake:t"},
    PairRow{"dsv3-nvl72", "A1xDP72/1k", "fixed:l spread:l"},
    PairRow{"dsv3-nvl72", "P5xTP8/16k D1xDP32", "mooncake:t wide:l agents:t"},
    PairRow{"dsv3-nvl72", "P5xPP8/8k D1xDP32", "mooncake:tl agents:t"},
    PairRow{"dsv3-nvl72", "P10xTP4/8k D1xDP32", "wide:tl spread:l"},
    PairRow{"dsv3-nvl72", "P1xDP32/4k D1xDP32", "spread:l mooncake:l"},
    PairRow{"dsv3-al128", "P14xPP8/16k D2xDP8MTP1", "mooncake:t"},
    PairRow{"dsv3-al128", "P14xPP8/8k D2xDP8MTP1", "mooncake:t"},
    PairRow{"dsv3-al128", "P14xPP8/4k D2xDP8MTP1", "mooncake:t"},
    PairRow{"dsv3-al128", "P14xTP2PP4/8k D2xDP8MTP1", "mooncake:t"},
    PairRow{"dsv3-al128", "P14xTP4DP2/16k D2xDP8MTP1", "mooncake:t wide:t"},
    PairRow{"dsv3-al128", "P14xTP8/16k D2xDP8MTP1", "mooncake:t"},
    PairRow{"dsv3-al128", "P14xDP8/8k D2xDP8MTP1", "mooncake:t"}};

namespace detail {

/// "P3xTP2PP4/8k" as an item of `deployments`.
inline std::string pool_text(std::string_view text) {
  const std::string role = text.front() == 'A'   ? "aggregated"
                           : text.front() == 'P' ? "prefill"
                                                 : "decode";
  std::string out = "{pool: " + role + ", replicas: ";
  for (const char c : text.substr(1, text.find('x') - 1)) out += c;
  std::string key;
  std::string value;
  const auto close = [&] {
    if (!key.empty()) out.append(", ").append(key).append(": ").append(value);
    key.clear();
    value.clear();
  };
  for (const char c : text.substr(text.find('x') + 1)) {
    if (c == '/') {
      close();
      key = "chunk";
    } else if (c == 'k') {
      value = std::to_string(1024 * std::stoi(value));
    } else if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      value += c;
    } else {
      if (!value.empty()) close();
      key += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  close();
  return out + "}";
}

/// Words of `text`.
inline std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

template <class List>
const auto& named(const List& list, std::string_view name) {
  const auto at =
      std::find_if(list.begin(), list.end(), [&](const auto& x) { return x.name == name; });
  return at == list.end() ? list.front() : *at;
}

inline KneePair make_pair(const PairRow& row, std::string_view load, bool tight) {
  const PairMachine& m = named(pair_machines, row.machine);
  std::string pools;
  for (const std::string_view pool : words(row.pools)) {
    pools += (pools.empty() ? "" : ", ") + pool_text(pool);
  }
  KneePair out;
  out.name.append(row.machine).append(", ").append(row.pools).append(", ");
  out.name.append(load).append(tight ? ", tight" : ", loose");
  out.scenario.append("supernode: 1\nname: pair\ncluster: ").append(m.cluster);
  out.scenario.append("\nmodel: ").append(m.model);
  out.scenario.append("\nprecision: {weights: fp8, activations: fp8, kv: fp8}\nworkload: {");
  std::string workload(named(pair_loads, load).text);
  out.requests = m.requests;
  if (const std::size_t n = workload.find("requests: N"); n != workload.npos) {
    workload.replace(n + 10, 1, std::to_string(m.requests));
  }
  out.scenario.append(workload).append(", rate: knee}\nslo: ");
  out.scenario.append(tight ? m.tight : m.loose).append("\ndeployments: [").append(pools);
  out.scenario.append("]\n");
  return out;
}

}  // namespace detail

/// All pairs, in a fixed order.
inline std::vector<KneePair> knee_pairs() {
  std::vector<KneePair> out;
  for (const PairRow& row : pair_rows) {
    for (const std::string_view cell : detail::words(row.cells)) {
      const std::size_t colon = cell.find(':');
      for (const char target : cell.substr(colon + 1)) {
        out.push_back(detail::make_pair(row, cell.substr(0, colon), target == 't'));
      }
    }
  }
  return out;
}

}  // namespace sn::pairs
