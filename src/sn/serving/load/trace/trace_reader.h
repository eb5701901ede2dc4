// sn/serving/load/trace/trace_reader.h
//
// A trace request by request, in the order of its lines; holds one line at a time (rules: trace.h).

#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "sn/base/files/text_reader.h"
#include "sn/serving/load/trace/trace.h"
#include "sn/serving/load/trace/trace_formats.h"

namespace sn::serving {

/// Lines of a text that are not blank, without line ends and byte order mark.
class Lines {
 public:
  Lines(std::unique_ptr<TextReader> text, const TraceLimits& limits);

  /// False at the end. The view holds until the next call; of a line beyond the limit, its start.
  [[nodiscard]] bool next(std::string_view& line);
  /// Of the line last given: its number, from 1, and its bytes.
  [[nodiscard]] std::size_t number() const { return number_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Why the text ended early; empty when it did not.
  [[nodiscard]] const Errors& stopped() const { return stopped_; }

 private:
  [[nodiscard]] bool whole_line(std::string_view& line);
  [[nodiscard]] bool fill();
  void stop(std::string message);

  std::unique_ptr<TextReader> text_;
  std::size_t kept_;     // bytes of a line
  std::size_t most_;     // bytes of the text
  std::size_t longest_;  // bytes of a line that is read to its end
  std::size_t blank_most_;
  std::string_view rest_;
  std::string carried_;  // a line that began in an earlier piece
  std::size_t read_ = 0;
  std::size_t number_ = 0;
  std::size_t size_ = 0;
  std::size_t blank_ = 0;  // lines
  bool ended_ = false;
  Errors stopped_;
};

class TraceReader {
 public:
  /// Looks for the format in the first line.
  TraceReader(std::string name, std::unique_ptr<TextReader> text, const TraceLimits& limits);
  TraceReader(const TraceReader&) = delete;
  TraceReader& operator=(const TraceReader&) = delete;

  /// False at the end, be it of the text, at a limit of the whole trace, or at unreadable data.
  [[nodiscard]] bool next(Request& request);
  /// After the end: why the trace is refused; empty when it is good.
  [[nodiscard]] Errors faults() const;
  /// Format and block size are known from the start, the rest so far.
  [[nodiscard]] const TraceFacts& facts() const { return facts_; }

 private:
  [[nodiscard]] bool take(std::string_view& line);
  [[nodiscard]] ParsedLine parse_within(std::string_view line) const;
  [[nodiscard]] bool within(const Request& request);
  void reject(const Fault& fault, std::string_view line);
  [[nodiscard]] bool hopeless() const;
  [[nodiscard]] Error whole(ErrorCode code, std::string message, std::string hint) const;

  std::string name_;
  TraceLimits limits_;
  Lines lines_;
  LineParser parse_;          // empty without a known format
  std::string_view pending_;  // the first line, until it is taken
  TraceFacts facts_;
  Errors stopped_;  // what ended the reading before the text did
  bool given_up_ = false;
  Nanos latest_;
  std::size_t count_ = 0;     // lines that are not blank; the header is none
  std::size_t requests_ = 0;  // good ones
  std::size_t blocks_ = 0;
};

}  // namespace sn::serving
