// tests/fuzz/arguments_fuzz.cc
//
// libFuzzer target: lines as the arguments of `supernode`. Any command line ends with an exit code
// that is documented, and what it does with no file to read is done.
//
// The command runs in a folder of the kernel in which nothing can be written, with an empty
// standard input. Arguments that name a place outside of it are not tried, nor is `doctor`, which
// plans and writes.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "apps/cli/cli.h"
#include "sn/base/result.h"

namespace {

using namespace sn;

/// A descriptor that stands for another one until it is destroyed.
class Redirected {
 public:
  Redirected(int descriptor, const char* path) : descriptor_(descriptor), kept_(::dup(descriptor)) {
    const int other = ::open(path, O_RDWR | O_CLOEXEC);
    SN_ASSERT(kept_ >= 0 && other >= 0 && ::dup2(other, descriptor) == descriptor);
    ::close(other);
  }
  ~Redirected() {
    ::dup2(kept_, descriptor_);
    ::close(kept_);
  }
  Redirected(const Redirected&) = delete;
  Redirected& operator=(const Redirected&) = delete;

 private:
  int descriptor_;
  int kept_;
};

/// The working folder, elsewhere until it is destroyed.
class Elsewhere {
 public:
  explicit Elsewhere(const char* folder) : here_(::open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    SN_ASSERT(here_ >= 0 && ::chdir(folder) == 0);
  }
  ~Elsewhere() {
    SN_ASSERT(::fchdir(here_) == 0);
    ::close(here_);
  }
  Elsewhere(const Elsewhere&) = delete;
  Elsewhere& operator=(const Elsewhere&) = delete;

 private:
  int here_;
};

/// Units have a slash ("tok/s"), and so have paths.
bool leaves_the_folder(std::string_view argument) {
  for (std::size_t at = argument.find('/'); at != std::string_view::npos;
       at = argument.find('/', at + 1)) {
    const bool glued = argument.front() == '-' && !argument.starts_with("--");
    const char before = at == 0 ? '=' : argument[at - 1];
    const bool unit = (before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z');
    if (glued || !unit) return true;
  }
  return argument.find("..") != std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  cli::Args args;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (leaves_the_folder(word) || word.find('\0') != std::string_view::npos) return 0;
    args.emplace_back(word);
  }
  if (!args.empty() && args.front() == "doctor") return 0;
  const Redirected input(STDIN_FILENO, "/dev/null");
  const Redirected output(STDOUT_FILENO, "/dev/null");
  const Elsewhere nowhere("/proc/self/fdinfo");
  const int code = cli::run(args);
  constexpr std::array<int, 4> codes = {cli::exit_done, cli::exit_fault, cli::exit_mistake,
                                        cli::exit_interrupted};
  SN_ASSERT(std::find(codes.begin(), codes.end(), code) != codes.end());
  return 0;
}
