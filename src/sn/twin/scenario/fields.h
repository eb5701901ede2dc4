// sn/twin/scenario/fields.h
//
// One field of a scenario by its dotted path: what `--vary` and `--set` change.

#pragma once

#include <string>

#include "sn/base/document/document.h"
#include "sn/base/result.h"

namespace sn::twin {

/// A field and the text that stands in its place.
struct FieldValue {
  std::string path;   // "cluster.rack.gpus"
  std::string value;  // one that begins with [ or { is a list or a map, as in the file
};

/// "cluster.rack.gpus=16". Errors: no '=', no path. `flag` is where it was written ("--set").
[[nodiscard]] Result<FieldValue> parse_field(const std::string& text, const std::string& flag);

/// `scenario` with `value` at `path`. A name on the way becomes {base: NAME}, so that
/// `cluster.rack.gpus` works on `rack: al128`. The new node is positioned at the flag.
[[nodiscard]] Node with_field(const Node& scenario, const std::string& path,
                              const std::string& value, const std::string& flag);

}  // namespace sn::twin
