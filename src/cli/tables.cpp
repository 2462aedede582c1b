#include "cli/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/parallel.h"
#include "cli/experiment_pool.h"
#include "cli/experiment_summary.h"
#include "cli/signals.h"
#include "polycause/error.h"

namespace polycause::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

bool has_pictures(const ReproduceArguments& arguments) {
  return std::any_of(arguments.sets.begin(), arguments.sets.end(),
                     [](const std::string& set) { return set.rfind("simulate.mnist=", 0) == 0; });
}

std::vector<Experiment> asked_for(const ReproduceArguments& arguments) {
  std::vector<Experiment> all;
  for (Experiment& experiment : experiments()) {
    const bool named = arguments.name == experiment.name;
    const bool part =
        arguments.name == "all" && (!experiment.needs_pictures || has_pictures(arguments));
    if (named || part) all.push_back(std::move(experiment));
  }
  return all;
}

std::string row_path(const ReproduceArguments& arguments, const Row& row) {
  return join_path(arguments.out, "rows/" + row.key + ".json");
}

/// Finished rows; one that failed is done again.
Results finished(const std::vector<Row>& rows, const ReproduceArguments& arguments) {
  Results results;
  for (const Row& row : rows) {
    const auto result = read_row(row_path(arguments, row), row);
    if (result && result->error.empty()) results.emplace(row.key, *result);
  }
  return results;
}

/// Core-seconds of the rows without result: as expected, scaled by what finished rows of the method
/// took here.
double seconds_left(const std::vector<Row>& rows, const Results& results) {
  std::map<std::string, std::pair<double, double>> taken;  // method -> {measured, expected}
  for (const Row& row : rows) {
    const auto found = results.find(row.key);
    if (found == results.end()) continue;
    taken[row.method].first += found->second.seconds;
    taken[row.method].second += row.expected_seconds;
  }
  double total = 0;
  for (const Row& row : rows) {
    if (results.count(row.key) != 0) continue;
    const auto [measured, expected] = taken[row.method];
    total += row.expected_seconds * (measured > 0 ? measured / expected : 1.0);
  }
  return total;
}

/// In a child process: silent, stops when asked to.
class RowObserver : public Observer {
 public:
  bool cancelled() const override { return interrupted(); }
};

int compute(const Row& row, const ReproduceArguments& arguments) {
  RowObserver observer;
  const std::string work = join_path(arguments.out, "work/" + row.key);
  RowResult result;
  try {
    make_directory(work);
    result = run_row(row, work, observer);
  } catch (const Interrupted&) {
    return 130;
  } catch (const std::exception& error) {
    result.error = error.what();
  }
  write_row(row_path(arguments, row), row, result);
  std::error_code ignored;
  fs::remove_all(work, ignored);
  return result.error.empty() ? 0 : 4;
}

std::string progress_text(const Row& row, const RowResult& result) {
  if (result.chosen.empty())
    return fmt::format("{}: MCC {:.3f}, R2 {:.3f}, {}", row.key, result.mcc_spearman, result.r2,
                       duration_text(result.seconds));
  return fmt::format("{}: {} latents, {}", row.key, fmt::join(result.chosen, " "),
                     duration_text(result.seconds));
}

/// Runs what has no result yet; returns all results, failures with their error.
Results run_rows(const std::vector<Row>& rows, const ReproduceArguments& arguments,
                 Terminal& terminal) {
  Results results = finished(rows, arguments);
  std::vector<Row> open;
  for (const Row& row : rows) {
    if (results.count(row.key) == 0) open.push_back(row);
  }
  // Long ones first, so that no core is left with one at the end.
  std::stable_sort(open.begin(), open.end(), [](const Row& a, const Row& b) {
    return a.expected_seconds > b.expected_seconds;
  });
  const std::size_t workers = thread_count(static_cast<long>(arguments.threads.value_or(0)));
  terminal.info(fmt::format(
      "{} of {} rows to run, about {} on {} cores", open.size(), rows.size(),
      duration_text(seconds_left(rows, results) / static_cast<double>(workers)), workers));
  make_directory(join_path(arguments.out, "rows"));
  std::size_t done = 0;
  run_in_processes(
      open.size(), workers, [&](std::size_t i) { return compute(open[i], arguments); },
      [&](std::size_t i, int code) {
        const Row& row = open[i];
        if (code == 130) return;
        RowResult result;
        if (const auto stored = read_row(row_path(arguments, row), row)) result = *stored;
        if (code < 0) result.error = "the process crashed";
        if (code > 0 && result.error.empty()) result.error = "the process failed";
        ++done;
        if (result.error.empty()) {
          terminal.info(progress_text(row, result));
        } else {
          terminal.warning(row.key + ": " + result.error);
        }
        results[row.key] = std::move(result);
        terminal.progress({"rows", static_cast<double>(done) / static_cast<double>(open.size()),
                           seconds_left(rows, results) / static_cast<double>(workers)});
      });
  std::error_code ignored;
  fs::remove(join_path(arguments.out, "work"), ignored);  // empty by now
  return results;
}

void print_plan(const std::vector<Experiment>& all, const ReproduceArguments& arguments) {
  const std::vector<Row> rows = plan_rows(all, arguments);
  const Results results = finished(rows, arguments);
  const std::size_t workers = thread_count(static_cast<long>(arguments.threads.value_or(0)));
  std::vector<std::vector<std::string>> cells{{"experiment", "rows", "to run", "core time"}};
  const auto add = [&](const std::string& name, const std::vector<Row>& part) {
    const auto open = std::count_if(part.begin(), part.end(),
                                    [&](const Row& row) { return results.count(row.key) == 0; });
    cells.push_back({name, fmt::format("{}", part.size()), fmt::format("{}", open),
                     duration_text(seconds_left(part, results))});
  };
  for (const Experiment& experiment : all) add(experiment.name, plan_rows({experiment}, arguments));
  add("together (shared rows once)", rows);
  const double hours = seconds_left(rows, results) / static_cast<double>(workers);
  print_result(aligned(cells) + fmt::format("\nabout {} on {} cores; an estimate, which improves "
                                            "with every row that is done\n",
                                            duration_text(hours), workers));
}

Json line_json(const ExperimentLine& line) {
  const auto value = [](double v) { return std::isfinite(v) ? Json(v) : Json(nullptr); };
  return {{"setting", line.setting->name},
          {"method", line.contender->name},
          {"choice", line.choice},
          {"seeds", line.results.size()},
          {"failed", line.failed},
          {"mcc_spearman", value(line.mcc_spearman.mean)},
          {"mcc", value(line.mcc.mean)},
          {"r2", value(line.r2.mean)},
          {"shd", value(line.shd.mean)},
          {"paper_mcc", value(line.paper.mcc)},
          {"paper_r2", value(line.paper.r2)},
          {"changed", line.changed}};
}

}  // namespace

std::vector<std::string> table_names() {
  std::vector<std::string> names;
  for (const Experiment& experiment : experiments()) names.push_back(experiment.name);
  names.emplace_back("all");
  return names;
}

void check_tables(const ReproduceArguments& arguments) {
  const std::vector<std::string> known = contender_names();
  for (const std::string& name : arguments.methods) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    throw ConfigError(
        fmt::format("--methods: found '{}'; expected some of {}", name, fmt::join(known, ", ")));
  }
  for (const std::string& set : arguments.sets) {
    if (set.rfind("method.name=", 0) != 0) continue;
    throw ConfigError(
        "--set: found method.name; expected other settings, since every row has a method of its "
        "own; choose rows with --methods");
  }
  const std::vector<Experiment> all = asked_for(arguments);
  for (const Experiment& experiment : all) {
    if (!experiment.needs_pictures || has_pictures(arguments)) continue;
    throw ConfigError(
        fmt::format("{}: found no pictures; expected the files of MNIST and Fashion-MNIST; add "
                    "--set simulate.mnist=DIR --set simulate.fashion=DIR",
                    experiment.name));
  }
  const std::vector<Row> rows = plan_rows(all, arguments);
  if (rows.empty()) {
    throw ConfigError(fmt::format("--methods: none of {} takes part in {}; expected another",
                                  fmt::join(arguments.methods, ", "), arguments.name));
  }
  check_rows(rows);
}

void reproduce_tables(const ReproduceArguments& arguments, Terminal& terminal) {
  const std::vector<Experiment> all = asked_for(arguments);
  if (arguments.plan) return print_plan(all, arguments);
  const std::vector<Row> rows = plan_rows(all, arguments);
  const Results results = run_rows(rows, arguments, terminal);
  Json json = Json::object();
  std::string text;
  std::size_t failed = 0;
  for (const Experiment& experiment : all) {
    const std::vector<Row> own = plan_rows({experiment}, arguments);
    const std::vector<ExperimentLine> lines = experiment_lines(experiment, own, results);
    write_file(join_path(arguments.out, experiment.name + ".csv"), lines_csv(lines));
    write_file(join_path(arguments.out, experiment.name + ".html"), lines_page(experiment, lines));
    text += lines_text(experiment, lines) + "\n";
    Json& entries = json[experiment.name] = Json::array();
    for (const ExperimentLine& line : lines) entries.push_back(line_json(line));
  }
  for (const auto& [key, result] : results) failed += result.error.empty() ? 0 : 1;
  print_result(arguments.json ? json.dump(2) + "\n"
                              : text + fmt::format("pages and CSV: {}\n", arguments.out));
  if (failed > 0) {
    throw NumericError(fmt::format(
        "reproduce: {} of {} rows failed, see the warnings; the same command tries them again",
        failed, rows.size()));
  }
}

}  // namespace polycause::cli
