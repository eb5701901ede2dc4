// sn/base/report/report_json.cc
//
// A report handed to the JSON writer; see the header.

#include "sn/base/report/report_json.h"

namespace sn {

JsonWriter& JsonReport::under(Name name) { return name.empty() ? writer_ : writer_.key(name); }

void JsonReport::number(Name name, Doc, double value) { under(name).value(value); }
void JsonReport::text(Name name, Doc, std::string_view value) { under(name).value(value); }
void JsonReport::flag(Name name, Doc, bool value) { under(name).value(value); }

void JsonReport::choice(Name name, Doc, std::string_view value, std::span<const std::string_view>) {
  under(name).value(value);
}

void JsonReport::whole(Name name, Doc, std::int64_t value, bool) { under(name).value(value); }
void JsonReport::constant(Name name, Doc, std::string_view value) { under(name).value(value); }
void JsonReport::constant(Name name, Doc, std::int64_t value) { under(name).value(value); }
void JsonReport::null(Name name, Doc) { under(name).null(); }

void JsonReport::begin_object(Name name, Doc) { under(name).begin_object(); }
void JsonReport::end_object() { writer_.end_object(); }
void JsonReport::begin_list(Name name, Doc) { under(name).begin_array(); }
void JsonReport::end_list() { writer_.end_array(); }

}  // namespace sn
