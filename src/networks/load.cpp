#include <dlfcn.h>
#include <fmt/format.h>

#include <filesystem>
#include <mutex>
#include <vector>

#include "networks/networks.h"
#include "polycause/error.h"

namespace polycause {
namespace {

namespace fs = std::filesystem;

struct Loaded {
  std::unique_ptr<Networks> networks;
  std::string problem;
};

/// Beside the program or library that holds this code, and where an installation puts it.
std::vector<fs::path> candidates() {
  std::vector<fs::path> found;
  Dl_info where{};
  if (dladdr(reinterpret_cast<const void*>(&candidates), &where) != 0 &&
      where.dli_fname != nullptr) {
    std::error_code failed;
    const fs::path self = fs::canonical(where.dli_fname, failed);
    const fs::path folder = failed ? fs::path(where.dli_fname).parent_path() : self.parent_path();
    for (const char* near : {"", "polycause", "../" POLYCAUSE_LIBRARY_FOLDER "/polycause",
                             "../../bin"}) {  // the last: tests in a build tree
      found.push_back(folder / near / "polycause_networks.so");
    }
  }
  return found;
}

Loaded load() {
  Loaded result;
  result.problem =
      "pictures, series and methods other than \"staged\" need LibTorch, which this build lacks; "
      "expected the module polycause_networks.so; install libtorch-dev and build again";
  for (const fs::path& path : candidates()) {
    std::error_code failed;
    if (path.empty() || !fs::exists(path, failed)) continue;
    const auto misfit = [&](const std::string& reason) {
      result.problem = fmt::format(
          "{}: cannot be loaded ({}); expected a module that fits this "
          "program; build and install both together",
          path.filename().string(), reason);
    };
    void* module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (module == nullptr) {
      misfit(dlerror());
      continue;
    }
    using Interface = const char* (*)();
    using Make = Networks* (*)();
    const auto interface =
        reinterpret_cast<Interface>(dlsym(module, "polycause_networks_interface"));
    const auto make = reinterpret_cast<Make>(dlsym(module, "polycause_make_networks"));
    if (interface == nullptr || make == nullptr ||
        std::string(interface()) != POLYCAUSE_NETWORKS_INTERFACE) {
      misfit("it was built with another version");
      continue;
    }
    result.networks.reset(make());
    result.problem.clear();
    return result;
  }
  return result;
}

const Loaded& loaded() {
  static const Loaded once = load();
  return once;
}

}  // namespace

const Networks& networks() {
  if (!loaded().networks) throw ConfigError(loaded().problem);
  return *loaded().networks;
}

std::string networks_status() {
  return loaded().networks ? loaded().networks->version() : "absent: " + loaded().problem;
}

}  // namespace polycause
