// sn/twin/scenario/speculation.cc
//
// What drafts tokens, and how often they are accepted (see scenario_parts.h and llm::DraftModel).

#include "sn/base/document/document.h"
#include "sn/twin/scenario/scenario_parts.h"

namespace sn::twin {

namespace {

constexpr std::size_t most_positions = 8;  // as many drafts a step as can be asked for

/// Shares of steps that accept a draft at each position, none above the one before.
std::vector<double> read_acceptance(MapReader& r, Errors& errors) {
  std::vector<double> out;
  const Node* node = r.get("acceptance");
  if (node == nullptr) return out;
  if (!node->is_list() || node->items().empty() || node->items().size() > most_positions) {
    r.report(ErrorCode::wrong_type,
             "'speculation.acceptance' is a list of 1 to 8 shares, one a position", node,
             "acceptance: [0.8, 0.6, 0.4]");
    return out;
  }
  for (const Node& item : node->items()) {
    const auto share = read_quantity(item, "acceptance", Dimension{}, {0.0, 1.0}, errors);
    if (!share) continue;
    if (!out.empty() && *share > out.back()) {
      r.report(ErrorCode::range, "a draft is accepted after the one before it: shares do not rise",
               &item, "shares of all steps, as engines count acceptance by position");
      return out;
    }
    out.push_back(*share);
  }
  return out;
}

}  // namespace

void read_speculation(MapReader& root, Machine& machine, Errors& errors) {
  const Node* node = root.get("speculation");
  if (node == nullptr) return;
  const std::string example = "speculation: {method: eagle3, acceptance: [0.8, 0.6, 0.4]}";
  if (!is_map(*node, "speculation", example, errors)) return;
  MapReader r(*node, "speculation", errors);
  const std::string method = r.choice("method", {"mtp", "eagle3", "ngram"}).value_or("mtp");
  llm::DraftModel draft;
  using Kind = llm::DraftModel::Kind;
  draft.kind = method == "eagle3" ? Kind::eagle3 : method == "ngram" ? Kind::ngram : Kind::mtp;
  draft.acceptance = read_acceptance(r, errors);
  if (draft.kind == Kind::eagle3) {
    // The published draft of Llama-3.1-8B: one layer, a vocabulary of 32,000.
    const Range size{1.0, 1e6};
    draft.heads = r.integer("heads", size).value_or(32);
    draft.kv_heads = r.integer("kv_heads", size).value_or(8);
    draft.head_dim = r.integer("head_dim", size).value_or(128);
    draft.inter = r.integer("intermediate", size).value_or(14336);
    draft.vocab = r.integer("vocabulary", size).value_or(32000);
  }
  r.finish();
  const llm::ModelSpec& model = machine.model;
  if (model.layers > 0 && draft.kind == Kind::mtp && model.mtp_layers == 0) {
    r.report(ErrorCode::infeasible, model.name + " has no MTP layers to draft tokens with",
             r.get("method"), "method: eagle3 or ngram");
  }
  if (draft.kind != Kind::mtp && draft.acceptance.empty() && node->find("acceptance") == nullptr) {
    r.report(ErrorCode::missing, "'speculation.acceptance' is required of method " + method, node,
             "acceptance: [0.8, 0.6, 0.4], as the engine's metrics count it by position");
  }
  machine.model.draft = std::move(draft);
}

}  // namespace sn::twin
