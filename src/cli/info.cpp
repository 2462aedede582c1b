#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "base/parallel.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "data/anndata.h"
#include "data/arrow_rows.h"
#include "data/xport.h"
#include "methods/method.h"
#include "model/kernels.h"
#include "networks/expert.h"
#include "networks/networks.h"
#include "polycause/version.h"

namespace polycause::cli {
namespace {

#if defined(__clang__)
constexpr const char* kCompiler = "clang " __clang_version__;
#else
constexpr const char* kCompiler = "gcc " __VERSION__;
#endif

std::vector<std::pair<std::string, std::string>> facts() {
  return {
      {"version", kVersion},
      {"compiler", kCompiler},
      {"simd", kernels().instruction_set},
      {"cores", fmt::format("{}", thread_count(0))},
      {"devices", "cpu"},
      {"methods", fmt::format("{}", fmt::join(method_names(), " "))},
      {"modality kinds", "tabular image series"},
      {"networks", networks_status()},
      {"laws", fmt::format("line stress_strain saturation{}",
                           has_formulas() ? " formula" : "; formula needs muParser")},
      {"readers", fmt::format("csv tsv txt{} npy npz{}{}, each also .gz; idx png jpeg tiff dicom "
                              "edf, as far as their libraries were there when this was built",
                              has_xport() ? " xpt" : "", has_anndata() ? " h5ad h5mu" : "",
                              has_arrow() ? " parquet feather" : "")}};
}

}  // namespace

void add_info(CLI::App& program, Terminal&) {
  auto as_json = std::make_shared<bool>(false);
  CLI::App* command =
      program.add_subcommand("info", "Version, compiler, devices, readers built in");
  add_json_flag(*command, *as_json);
  command->footer(
      "Example:\n"
      "  polycause info --json");
  command->callback([as_json] {
    if (*as_json) {
      nlohmann::ordered_json json;
      for (const auto& [name, value] : facts()) json[name] = value;
      print_result(json.dump(2) + "\n");
      return;
    }
    std::vector<std::vector<std::string>> rows;
    for (const auto& [name, value] : facts()) rows.push_back({name, value});
    print_result(aligned(rows));
  });
}

}  // namespace polycause::cli
