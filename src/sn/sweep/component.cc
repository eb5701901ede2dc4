// sn/sweep/component.cc
//
// Finds and loads components (see component.h): beside the program's folder in lib/supernode, in
// the folder of the program (a build), or where SUPERNODE_COMPONENTS says.

#include "sn/sweep/component.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

namespace sn::sweep {

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> folders() {
  std::vector<fs::path> out;
  const char* named = std::getenv("SUPERNODE_COMPONENTS");  // NOLINT(concurrency-mt-unsafe)
  if (named != nullptr) out.emplace_back(named);
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) return out;
  out.push_back(program.parent_path());
  out.push_back(program.parent_path().parent_path() / "lib/supernode");
  return out;
}

Error missing(const std::string& name, const std::string& why) {
  return {.code = ErrorCode::missing,
          .message = "this build has no component '" + name + "'" + (why.empty() ? "" : ": " + why),
          .where = {},
          .hint =
              "configure with its libraries installed: libopenmpi-dev for mpi, libpqxx-dev for "
              "postgresql"};
}

/// The function `symbol` of a component. It stays loaded: what it made lives in it.
template <class Function>
Result<Function> function_of(const std::string& name, const char* symbol) {
  std::string why;
  for (const fs::path& folder : folders()) {
    const fs::path file = folder / ("libsupernode-" + name + ".so");
    std::error_code error;
    if (!fs::exists(file, error)) continue;
    // Global: Open MPI's own parts look for its symbols.
    void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (library == nullptr) {
      why = ::dlerror();  // NOLINT(concurrency-mt-unsafe): of one thread, at the start
      continue;
    }
    const auto* version = static_cast<const int*>(::dlsym(library, "supernode_component_version"));
    if (version == nullptr || *version != component_version) {
      why = file.string() + " is of another build";
      continue;
    }
    if (void* found = ::dlsym(library, symbol)) return reinterpret_cast<Function>(found);
  }
  return fail(missing(name, why));
}

}  // namespace

Result<std::unique_ptr<Ranks>> open_ranks() {
  const auto open = function_of<Ranks* (*)()>("mpi", "supernode_open_ranks");
  if (!open) return fail(open.error());
  return std::unique_ptr<Ranks>((*open)());
}

Result<std::unique_ptr<store::Connection>> open_server(const std::string& where, store::Mode mode) {
  const auto open = function_of<store::Connection* (*)(const char*, bool, char**)>(
      "postgresql", "supernode_open_server");
  if (!open) return fail(open.error());
  char* why = nullptr;
  store::Connection* made = (*open)(where.c_str(), mode == store::Mode::read, &why);
  if (made != nullptr) return std::unique_ptr<store::Connection>(made);
  const std::unique_ptr<char, decltype(&std::free)> text(why, &std::free);
  return fail({.code = ErrorCode::io,
               .message = "no PostgreSQL database there: " + shown(why == nullptr ? "" : why, 200),
               .where = {.file = "database"},
               .hint = "postgresql://USER@HOST:PORT/DATABASE"});
}

}  // namespace sn::sweep
