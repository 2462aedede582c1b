#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <set>
#include <sstream>

#include "base/files.h"
#include "base/parallel.h"
#include "discover/assemble.h"
#include "discover/correlation.h"
#include "discover/engines.h"
#include "discover/fisher_z.h"
#include "discover/options.h"
#include "polycause/discover.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr double kSymmetric = 1e-6;  // relative difference that rounding in a file may leave

struct Line {
  std::size_t number = 0;
  std::vector<std::string> cells;
};

std::vector<std::string> cells_of(const std::string& line) {
  char separator = ' ';
  for (const char candidate : {',', '\t', ';'}) {
    if (line.find(candidate) != std::string::npos) {
      separator = candidate;
      break;
    }
  }
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, separator);) {
    const std::size_t first = cell.find_first_not_of(" \t\r\"");
    cell = first == std::string::npos
               ? ""
               : cell.substr(first, cell.find_last_not_of(" \t\r\"") - first + 1);
    if (separator != ' ' || !cell.empty()) cells.push_back(std::move(cell));
  }
  while (!cells.empty() && cells.back().empty()) cells.pop_back();
  return cells;
}

bool read_number(const std::string& text, double* value) {
  char* end = nullptr;
  *value = std::strtod(text.c_str(), &end);
  return !text.empty() && *end == '\0' && std::isfinite(*value);
}

std::vector<Line> read_lines(const std::string& path) {
  std::vector<Line> lines;
  std::istringstream in(read_file(path));
  std::size_t number = 0;
  for (std::string text; std::getline(in, text);) {
    ++number;
    if (!text.empty() && (text[0] == '#' || text[0] == '/')) continue;
    std::vector<std::string> cells = cells_of(text);
    if (!cells.empty()) lines.push_back({number, std::move(cells)});
  }
  return lines;
}

// `triangle` is set by the first line that ends at the diagonal.
void read_row(const std::string& path, Line line, std::size_t i, Covariance* covariance,
              bool* triangle) {
  const std::size_t d = covariance->names.size();
  double value = 0;
  if (!read_number(line.cells[0], &value)) {
    if (line.cells[0] != covariance->names[i]) {
      throw DataError(path, line.number, line.cells[0],
                      fmt::format("names line {} of the matrix; expected '{}', or a number; give "
                                  "rows and columns the same order",
                                  i + 1, covariance->names[i]));
    }
    line.cells.erase(line.cells.begin());
  }
  if (line.cells.size() != d && line.cells.size() != i + 1) {
    throw DataError(path, line.number, covariance->names[i],
                    fmt::format("{} numbers; expected {} (the whole line) or {} (the lower "
                                "triangle)",
                                line.cells.size(), d, i + 1));
  }
  if (i + 1 < d && line.cells.size() == i + 1) *triangle = true;
  for (std::size_t j = 0; j < line.cells.size(); ++j) {
    if (!read_number(line.cells[j], &value)) {
      throw DataError(path, line.number, covariance->names[j],
                      fmt::format("holds \"{}\"; expected a number", line.cells[j]));
    }
    covariance->matrix[i * d + j] = value;
    if (*triangle) covariance->matrix[j * d + i] = value;
  }
}

// Correlations of the variables in the order `order`.
std::vector<double> correlations_of(const Covariance& covariance,
                                    const std::vector<std::size_t>& order) {
  const std::size_t d = covariance.names.size();
  const auto at = [&](std::size_t i, std::size_t j) { return covariance.matrix[i * d + j]; };
  for (std::size_t i = 0; i < d; ++i) {
    if (!(at(i, i) > 0)) {
      throw DataError("covariance", 0, covariance.names[i],
                      fmt::format("has variance {}; expected more than 0; leave it out", at(i, i)));
    }
    for (std::size_t j = 0; j < i; ++j) {
      const double unit = std::sqrt(at(i, i) * at(j, j));
      if (!(std::fabs(at(i, j) - at(j, i)) <= kSymmetric * unit)) {
        throw DataError("covariance", 0, covariance.names[i],
                        fmt::format("with '{}' has {} above and {} below the diagonal; expected a "
                                    "symmetric matrix",
                                    covariance.names[j], at(j, i), at(i, j)));
      }
      if (!(std::fabs(at(i, j)) <= (1 + kSymmetric) * unit)) {
        throw DataError("covariance", 0, covariance.names[i],
                        fmt::format("correlates {:.6g} with '{}'; expected at most 1 in size",
                                    at(i, j) / unit, covariance.names[j]));
      }
    }
  }
  std::vector<double> correlation(d * d, 1.0);
  for (std::size_t a = 0; a < d; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      const std::size_t i = order[a];
      const std::size_t j = order[b];
      correlation[a * d + b] = correlation[b * d + a] =
          0.5 * (at(i, j) + at(j, i)) / std::sqrt(at(i, i) * at(j, j));
    }
  }
  return correlation;
}

void check_covariance(const Covariance& covariance, const DiscoverOptions& options) {
  const std::size_t d = covariance.names.size();
  if (d == 0 || covariance.matrix.size() != d * d) {
    throw DataError("covariance", 0, "",
                    fmt::format("{} numbers for {} variables; expected {}",
                                covariance.matrix.size(), d, d * d));
  }
  std::set<std::string> names;
  for (const std::string& name : covariance.names) {
    if (!names.insert(name).second) {
      throw DataError("covariance", 0, name,
                      "the name occurs twice; expected distinct names; rename one of the two");
    }
  }
  if (!(covariance.n > 4)) {
    throw ConfigError(fmt::format(
        "covariance of {} rows: expected at least 5; say how many with --n", covariance.n));
  }
  const auto needs_rows = [](bool wanted, const std::string& what) {
    if (!wanted) return;
    throw ConfigError("discover." + what +
                      " needs the rows of a table; found a covariance matrix; leave it out");
  };
  needs_rows(options.test != "auto" && options.test != "fisherz", "test = " + options.test);
  needs_rows(options.bootstrap > 0, "bootstrap");
  needs_rows(options.mvpc, "mvpc");
  needs_rows(options.rank_normal, "rank_normal");
  needs_rows(options.score == "bdeu", "score = bdeu");
}

}  // namespace

Covariance read_covariance(const std::string& path, double n) {
  std::vector<Line> lines = read_lines(path);
  Covariance covariance;
  covariance.n = n;
  double stated = 0;
  if (!lines.empty() && lines[0].cells.size() == 1 && read_number(lines[0].cells[0], &stated)) {
    if (n > 0 && n != stated) {
      throw DataError(
          path, lines[0].number, "",
          fmt::format("says {} rows; expected {} as given; leave out one of the two", stated, n));
    }
    covariance.n = stated;
    lines.erase(lines.begin());
  }
  if (lines.empty()) throw DataError(path, 1, "", "is empty; expected a line of names");
  covariance.names = lines[0].cells;
  if (covariance.names[0].empty()) covariance.names.erase(covariance.names.begin());
  const std::size_t d = covariance.names.size();
  if (lines.size() != d + 1) {
    throw DataError(
        path, lines.back().number, "",
        fmt::format("{} lines after the names; expected {}, one per name", lines.size() - 1, d));
  }
  covariance.matrix.assign(d * d, 0.0);
  bool triangle = false;
  for (std::size_t i = 0; i < d; ++i) read_row(path, lines[i + 1], i, &covariance, &triangle);
  return covariance;
}

Graph discover(const Covariance& covariance, const Knowledge& knowledge,
               const DiscoverOptions& options, Observer* observer) {
  check_options(options);
  check_covariance(covariance, options);
  std::vector<std::size_t> position(covariance.names.size());
  std::iota(position.begin(), position.end(), std::size_t{0});
  if (order_free(options)) {
    std::sort(position.begin(), position.end(), [&](std::size_t a, std::size_t b) {
      return covariance.names[a] < covariance.names[b];
    });
  }
  std::vector<std::string> names;
  for (const std::size_t i : position) names.push_back(covariance.names[i]);
  const std::vector<double> correlation = correlations_of(covariance, position);
  check_collinear(correlation, covariance.n, names, "covariance");
  const Constraints constraints = constraints_on(names, knowledge, observer);
  Search search;
  search.test = [&] { return make_fisher_z(correlation, covariance.n); };
  search.score = [&] { return make_gaussian_score(correlation, covariance.n, options.penalty); };
  const Found found =
      run_search(search, constraints, options, thread_count(options.threads), observer, true);
  Graph graph = to_graph(names, position, found);
  check_and_tell(graph, found, "fisherz", options, observer);
  return graph;
}

}  // namespace polycause
