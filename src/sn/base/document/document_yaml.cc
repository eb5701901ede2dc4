// sn/base/document/document_yaml.cc
//
// YAML events of yaml-cpp 0.7 into the document tree. Internal to document.cc.
//
// yaml-cpp counts lines and columns from 0 (columns in bytes), gives plain scalars the tag "?" and
// quoted ones "!". Its scanner takes no limit on brackets and queues a token of some 200 bytes for
// each before the parser sees the first: a look ahead refuses texts that leave a thousand open.

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <iterator>
#include <streambuf>
#include <vector>

#include "sn/base/document/document_builder.h"

namespace sn {

namespace {

constexpr int most_open_brackets = 1000;

Place place_of(const YAML::Mark& mark) {
  return mark.is_null() ? Place{} : Place{mark.line + 1, mark.column + 1};
}

/// The text as a stream, without a copy.
class TextBuffer : public std::streambuf {
 public:
  explicit TextBuffer(const std::string& text) {
    char* begin = const_cast<char*>(text.data());  // read only: no put area is set
    setg(begin, begin, begin + text.size());
  }
};

class Handler : public YAML::EventHandler {
 public:
  explicit Handler(NodeBuilder& builder) : builder_(builder) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    const bool marked = text_at(mark).starts_with("---");
    builder_.stop(ErrorCode::syntax,
                  marked ? "a second document starts here; one is expected"
                         : "text after the end of the document",
                  place_of(mark),
                  marked ? "remove '---' or split the file" : "check the indentation");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    builder_.null(place_of(mark));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    refuse(mark, "aliases (*name)");
    builder_.scalar("alias", place_of(mark), false);  // keeps the tree in step; never seen
  }
  void OnAnchor(const YAML::Mark& mark, const std::string& /*name*/) override {
    refuse(mark, "anchors (&name)");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                const std::string& value) override {
    check_tag(mark, tag);
    check_quotes(mark, tag);
    builder_.scalar(value, place_of(mark), tag == "!");
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {
    check_tag(mark, tag);
    open(mark);
    builder_.open_list(place_of(mark));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    check_tag(mark, tag);
    if (builder_.wants_key() && !bracket_at(mark)) stop_at_open_bracket();
    open(mark);
    builder_.open_map(place_of(mark));
  }
  void OnMapEnd() override { close(); }

  /// Reports the innermost bracket that waits for its end; returns when there is none.
  void stop_at_open_bracket() {
    for (auto mark = open_.rbegin(); mark != open_.rend(); ++mark) {
      if (mark->pos < 0) continue;
      const bool map = text_at(*mark).starts_with('{');
      builder_.stop(ErrorCode::syntax,
                    fmt::format("'{}' is not closed, or ',' is missing in it", map ? '{' : '['),
                    place_of(*mark), fmt::format("close it with '{}'", map ? '}' : ']'));
    }
  }

 private:
  /// True when a '[' or '{' stands at `mark` that opens no other list or map: where one is not
  /// closed, yaml-cpp reports a map that nobody wrote, at the same place or at the next text.
  [[nodiscard]] bool bracket_at(const YAML::Mark& mark) const {
    const std::string_view text = text_at(mark);
    const bool taken = !open_.empty() && open_.back().pos == mark.pos;
    return !taken && (text.starts_with('[') || text.starts_with('{'));
  }

  void open(const YAML::Mark& mark) {
    const bool bracket = bracket_at(mark);
    open_.push_back(mark);
    if (!bracket) open_.back().pos = -1;
  }

  void close() {
    open_.pop_back();
    builder_.close();
  }

  /// yaml-cpp takes the end of the text for the missing quote when a line feed stands before it.
  void check_quotes(const YAML::Mark& mark, const std::string& tag) {
    const std::string_view text = text_at(mark);
    if (tag != "!" || !(text.starts_with('"') || text.starts_with('\''))) return;
    const char quote = text[0];
    for (std::size_t pos = 1; pos < text.size(); ++pos) {
      if (text[pos] == quote && quote == '\'' && text.substr(pos + 1).starts_with(quote)) {
        ++pos;
      } else if (text[pos] == quote) {
        return;
      } else if (text[pos] == '\\' && quote == '"') {
        ++pos;
      }
    }
    builder_.stop(ErrorCode::syntax, "text in quotes is not closed", place_of(mark),
                  "close it with the same quote");
  }

  [[nodiscard]] std::string_view text_at(const YAML::Mark& mark) const {
    const std::string_view text = builder_.source().text;
    const auto pos = static_cast<std::size_t>(std::max(0, mark.pos));
    return pos < text.size() ? text.substr(pos) : std::string_view{};
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    const bool own = tag == "?" || (tag == "!" && !text_at(mark).starts_with('!'));
    if (!tag.empty() && !own) refuse(mark, "tags (!name)");
  }

  void refuse(const YAML::Mark& mark, std::string_view what) {
    builder_.report(ErrorCode::syntax, fmt::format("{} are not accepted", what), place_of(mark), 1,
                    "write the value out, in quotes if it is text");
  }

  NodeBuilder& builder_;
  int documents_ = 0;
  std::vector<YAML::Mark> open_;  // of open lists and maps; pos is -1 where no bracket opened
};

/// yaml-cpp's words and ours, with what to do.
struct Wording {
  std::string_view theirs;
  std::string_view ours;
  std::string_view hint;
};

constexpr Wording wordings[] = {
    {"illegal map value", "':' is not expected here",
     "check the indentation, or put text that "
     "has ': ' in it in quotes"},
    {"illegal map key", "a key is not expected here", "check the indentation"},
    {"illegal block entry", "'- ' is not expected here", "start the list on a line of its own"},
    {"end of map not found", "this does not fit the map above it", "check the indentation"},
    {"end of sequence not found", "this does not fit the list above it", "check the indentation"},
    {"illegal flow end", "this bracket closes nothing that is open here", ""},
    {"illegal EOF in scalar", "text in quotes is not closed", "close it with the same quote"},
    {"illegal document indicator in scalar", "text in quotes is not closed", ""},
    {"unknown token", "a value cannot start with this character", "put the text in quotes"},
    {"illegal tab when looking for indentation", "a tab where blanks are expected",
     "indent with blanks"},
    {"the referenced anchor is not defined", "aliases (*name) are not accepted",
     "write the value out, in quotes if it is text"},
};

/// True when a tab stands among the blanks that open the line.
bool tab_indented(const Source& source, Place at) {
  const std::string line = locate(source, at.line, 1).excerpt;
  const std::string_view opening =
      std::string_view(line).substr(0, std::min(line.find_first_not_of(" \t"), line.size()));
  return opening.find('\t') != std::string_view::npos;
}

[[noreturn]] void stop_at(NodeBuilder& builder, const YAML::Exception& e) {
  const Place at = place_of(e.mark);
  std::string message = fmt::format("not valid YAML: {}", shown(e.msg, 120));
  std::string hint;
  for (const Wording& w : wordings) {
    if (e.msg.find(w.theirs) != 0) continue;
    message = w.ours;
    hint = w.hint;
    if (e.msg == w.theirs) break;
  }
  if (tab_indented(builder.source(), at)) hint = "indent with blanks, not tabs";
  builder.stop(ErrorCode::syntax, message, at, hint);
}

/// Brackets left open are counted without regard to quotes and comments; see the banner.
void check_brackets(NodeBuilder& builder) {
  int open = 0;
  Place at{1, 1};
  for (const char c : builder.source().text) {
    if (c == '[' || c == '{') ++open;
    if ((c == ']' || c == '}') && open > 0) --open;
    if (open > most_open_brackets) {
      builder.stop(ErrorCode::limit, fmt::format("more than {} brackets are open", open - 1), at);
    }
    ++at.column;
    if (c == '\n') at = {at.line + 1, 1};
  }
}

}  // namespace

void read_yaml(NodeBuilder& builder) {
  check_brackets(builder);
  TextBuffer buffer(builder.source().text);
  std::istream stream(&buffer);
  Handler handler(builder);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(handler)) {
    }
  } catch (const YAML::Exception& e) {
    if (e.msg.find(" flow not found") != std::string::npos) handler.stop_at_open_bracket();
    stop_at(builder, e);
  }
}

}  // namespace sn
