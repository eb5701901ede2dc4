// sn/base/report/report_type.cc
//
// Types from a walk over default values, and their two written forms; see the header.

#include "sn/base/report/report_type.h"

#include <fmt/format.h>

#include <algorithm>

#include "sn/base/result.h"
#include "sn/base/text/json_writer.h"

namespace sn {

using Kind = ReportType::Kind;

TypeReport::TypeReport() { open({}, {}, Kind::list); }

ReportType TypeReport::root() && {
  SN_ASSERT(open_.size() == 1 && open_[0].type.element.size() == 1);
  return std::move(open_[0].type.element[0]);
}

void TypeReport::add(Name name, Doc doc, ReportType type) {
  ReportType& parent = open_.back().type;
  if (parent.kind == Kind::list) {
    SN_ASSERT(name.empty() && parent.element.empty());
    parent.element.push_back(std::move(type));
    return;
  }
  const auto same = [&](const ReportField& f) { return f.name == name; };
  SN_ASSERT(!name.empty() && std::ranges::none_of(parent.fields, same));
  parent.fields.push_back({std::string(name), std::string(doc), std::move(type)});
}

void TypeReport::open(Name name, Doc doc, Kind kind) {
  ReportType type;
  type.kind = kind;
  type.nullable = nullable_;
  nullable_ = false;
  open_.push_back({std::string(name), std::string(doc), std::move(type)});
}

void TypeReport::close() {
  ReportField done = std::move(open_.back());
  open_.pop_back();
  add(done.name, done.doc, std::move(done.type));
}

void TypeReport::type(Name name, Doc doc) {
  ReportType& object = open_.back().type;
  SN_ASSERT(object.kind == Kind::object && object.name.empty() && object.fields.empty());
  object.name = name;
  object.doc = doc;
}

void TypeReport::number(Name name, Doc doc, double) {
  open(name, doc, Kind::number);
  close();
}

void TypeReport::whole(Name name, Doc doc, std::int64_t, bool is_signed) {
  open(name, doc, is_signed ? Kind::integer : Kind::count);
  close();
}

void TypeReport::text(Name name, Doc doc, std::string_view) {
  open(name, doc, Kind::text);
  close();
}

void TypeReport::flag(Name name, Doc doc, bool) {
  open(name, doc, Kind::flag);
  close();
}

void TypeReport::choice(Name name, Doc doc, std::string_view,
                        std::span<const std::string_view> allowed) {
  open(name, doc, Kind::choice);
  open_.back().type.values.assign(allowed.begin(), allowed.end());
  close();
}

void TypeReport::constant(Name name, Doc doc, std::string_view value) {
  open(name, doc, Kind::constant);
  open_.back().type.values = {std::string(value)};
  close();
}

void TypeReport::constant(Name name, Doc doc, std::int64_t value) {
  open(name, doc, Kind::constant);
  open_.back().type.constant = value;
  close();
}

void TypeReport::null(Name, Doc) {
  SN_ASSERT(false);  // a walk over types describes what may be absent
}

void TypeReport::begin_object(Name name, Doc doc) { open(name, doc, Kind::object); }
void TypeReport::end_object() { close(); }
void TypeReport::begin_list(Name name, Doc doc) { open(name, doc, Kind::list); }
void TypeReport::end_list() { close(); }

namespace {

/// Named objects below `type`, each before those that use it, once.
void collect(const ReportType& type, std::vector<ReportType>& named) {
  for (const ReportField& field : type.fields) collect(field.type, named);
  for (const ReportType& element : type.element) collect(element, named);
  if (type.name.empty()) return;
  const auto same = [&](const ReportType& t) { return t.name == type.name; };
  const auto found = std::ranges::find_if(named, same);
  if (found == named.end()) {
    named.push_back(type);
    named.back().nullable = false;
    return;
  }
  SN_ASSERT(found->doc == type.doc && found->fields == type.fields);
}

std::vector<ReportType> definitions(const std::vector<ReportType>& roots) {
  std::vector<ReportType> named;
  for (const ReportType& root : roots) {
    SN_ASSERT(!root.name.empty());
    collect(root, named);
  }
  return named;
}

void write_body(JsonWriter& w, const ReportType& type);

void write_ref(JsonWriter& w, const std::string& name) {
  w.member("$ref", "#/definitions/" + name);
}

/// The members of a schema of `type`, in an object that is open.
void write_schema(JsonWriter& w, const ReportType& type) {
  if (!type.nullable) {
    if (type.name.empty()) {
      write_body(w, type);
    } else {
      write_ref(w, type.name);
    }
    return;
  }
  ReportType present = type;
  present.nullable = false;
  w.key("anyOf").begin_array().begin_object();
  write_schema(w, present);
  w.end_object().begin_object().member("type", "null").end_object().end_array();
}

void write_object(JsonWriter& w, const ReportType& type) {
  w.member("type", "object").member("additionalProperties", false);
  w.key("required").begin_array();
  for (const ReportField& field : type.fields) w.value(field.name);
  w.end_array().key("properties").begin_object();
  for (const ReportField& field : type.fields) {
    w.key(field.name).begin_object();
    if (!field.doc.empty()) w.member("description", field.doc);
    write_schema(w, field.type);
    w.end_object();
  }
  w.end_object();
}

void write_body(JsonWriter& w, const ReportType& type) {
  switch (type.kind) {
    case Kind::number:
      w.member("type", "number");
      return;
    case Kind::count:
      w.member("type", "integer").member("minimum", 0);
      return;
    case Kind::integer:
      w.member("type", "integer");
      return;
    case Kind::text:
      w.member("type", "string");
      return;
    case Kind::flag:
      w.member("type", "boolean");
      return;
    case Kind::choice:
      w.key("enum").begin_array();
      for (const std::string& value : type.values) w.value(value);
      w.end_array();
      return;
    case Kind::constant:
      if (type.values.empty()) {
        w.member("const", type.constant);
      } else {
        w.member("const", type.values[0]);
      }
      return;
    case Kind::list:
      w.member("type", "array").key("items").begin_object();
      write_schema(w, type.element[0]);
      w.end_object();
      return;
    case Kind::object:
      write_object(w, type);
      return;
  }
}

std::string quoted(std::string_view text) {
  JsonWriter w;
  w.value(text);
  std::string out = std::move(w).str();
  out.pop_back();  // the final newline
  return out;
}

std::string comment(std::string_view doc, std::string_view indent) {
  return doc.empty() ? std::string() : fmt::format("{}/** {} */\n", indent, doc);
}

std::string type_text(const ReportType& type, const std::string& indent);

std::string fields_text(const ReportType& type, const std::string& indent) {
  std::string out = "{\n";
  for (const ReportField& field : type.fields) {
    out += comment(field.doc, indent + "  ");
    out += fmt::format("{}  {}: {};\n", indent, field.name, type_text(field.type, indent + "  "));
  }
  return out + indent + "}";
}

std::string present_text(const ReportType& type, const std::string& indent) {
  switch (type.kind) {
    case Kind::number:
    case Kind::count:
    case Kind::integer:
      return "number";
    case Kind::text:
      return "string";
    case Kind::flag:
      return "boolean";
    case Kind::choice: {
      std::string out;
      for (const std::string& value : type.values) {
        out += (out.empty() ? "" : " | ") + quoted(value);
      }
      return out;
    }
    case Kind::constant:
      return type.values.empty() ? std::to_string(type.constant) : quoted(type.values[0]);
    case Kind::list: {
      const ReportType& element = type.element[0];
      const std::string text = type_text(element, indent);
      const bool simple = !element.nullable && element.kind != Kind::choice;
      return simple ? text + "[]" : "(" + text + ")[]";
    }
    case Kind::object:
      return type.name.empty() ? fields_text(type, indent) : type.name;
  }
  return "never";
}

std::string type_text(const ReportType& type, const std::string& indent) {
  const std::string text = present_text(type, indent);
  return type.nullable ? text + " | null" : text;
}

}  // namespace

std::string json_schema(std::string_view title, std::string_view doc,
                        const std::vector<ReportType>& roots) {
  JsonWriter w;
  w.begin_object();
  w.member("$schema", "http://json-schema.org/draft-07/schema#");
  w.member("title", title).member("description", doc);
  w.key("anyOf").begin_array();
  for (const ReportType& root : roots) {
    w.begin_object();
    write_ref(w, root.name);
    w.end_object();
  }
  w.end_array().key("definitions").begin_object();
  for (const ReportType& type : definitions(roots)) {
    w.key(type.name).begin_object();
    if (!type.doc.empty()) w.member("description", type.doc);
    write_body(w, type);
    w.end_object();
  }
  w.end_object().end_object();
  return std::move(w).str();
}

std::string typescript(std::string_view doc, const std::vector<ReportType>& roots) {
  std::string out = comment(doc, "");
  for (const ReportType& type : definitions(roots)) {
    out += "\n" + comment(type.doc, "");
    out += fmt::format("export interface {} {}\n", type.name, fields_text(type, ""));
  }
  return out;
}

}  // namespace sn
