// sn/serving/engine/action_test_util.h
//
// What random tests do to an engine.

#pragma once

#include <cstdint>

#include "sn/serving/engine/engine.h"

namespace sn::serving {

/// What is done to an engine of one deployment, and when.
struct Action {
  enum class Kind { submit, cancel, fail, drain, start, slow, lose };
  Kind kind = Kind::submit;
  Nanos at;
  std::uint32_t instance = 0;
  std::uint64_t id = 0;
  std::uint32_t tier = 0;  // of `lose`: one half of it
  Request request;
};

inline void act(ServingEngine& engine, const Action& a) {
  switch (a.kind) {
    case Action::Kind::submit:
      engine.submit(a.request, a.at);
      return;
    case Action::Kind::cancel:
      engine.cancel(a.id, a.at);
      return;
    case Action::Kind::fail:
      engine.fail(0, a.instance, a.at);
      return;
    case Action::Kind::drain:
      engine.drain(0, a.instance, a.at);
      return;
    case Action::Kind::start:
      engine.start(0, a.instance, a.at);
      return;
    case Action::Kind::slow:
      engine.set_conditions(0, a.instance, {.clock = 0.5}, a.at);
      return;
    case Action::Kind::lose:
      engine.lose_tier(0, a.tier, 0, 2, a.at);
      return;
  }
}

}  // namespace sn::serving
