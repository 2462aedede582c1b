#include "methods/end_to_end_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "base/text.h"
#include "polycause/error.h"

namespace polycause {
namespace {

std::vector<std::string> entries_of(const std::string& list) {
  std::vector<std::string> entries;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    const std::string entry(trimmed(std::string_view(list).substr(at, end - at)));
    if (!entry.empty()) entries.push_back(entry);
    at = end + 1;
  }
  return entries;
}

class Labels {
 public:
  Labels(const Study& study, const Split& split, const std::vector<std::string>& names)
      : study_(study),
        split_(split),
        names_(names),
        values_(study.participants() * names.size(), std::numeric_limits<float>::quiet_NaN()) {}

  void add(const std::string& entry) {
    const std::size_t equals = entry.find('=');
    if (equals != std::string::npos) {
      const std::string latent(trimmed(std::string_view(entry).substr(0, equals)));
      const std::string wanted(trimmed(std::string_view(entry).substr(equals + 1)));
      const Column* column = nullptr;
      for (const Table& table : study_.covariates) {
        for (const Column& c : table.columns) {
          if (table.name + "." + c.name == wanted) column = &c;
        }
      }
      if (column == nullptr) refuse(wanted, "\"table.column\" of a covariate table");
      set(latent, *column);
      return;
    }
    for (const Table& table : study_.covariates) {
      if (table.name != entry) continue;
      std::size_t used = 0;
      for (const Column& c : table.columns) {
        const auto found = std::find(names_.begin(), names_.end(), c.name);
        if (found == names_.end()) continue;
        set(c.name, c);
        ++used;
      }
      if (used == 0) {
        refuse(entry,
               fmt::format("a table with columns named as latents ({}, ...)", names_.front()));
      }
      return;
    }
    refuse(entry, "the name of a covariate table, or \"latent=table.column\"");
  }
  std::vector<float> take() { return std::move(values_); }

  [[noreturn]] static void refuse(const std::string& found, const std::string& expected) {
    throw ConfigError(fmt::format(
        "method.labels: found '{}'; expected {}; see 'polycause check' for the covariates", found,
        expected));
  }

 private:
  void set(const std::string& latent, const Column& column) {
    const auto found = std::find(names_.begin(), names_.end(), latent);
    if (found == names_.end()) {
      throw ConfigError(
          fmt::format("method.labels: found the latent '{}'; expected one of {}; each modality has "
                      "latents + private of them",
                      latent, fmt::join(names_, ", ")));
    }
    if (column.type == ColumnType::kCategorical) refuse(column.name, "a column with an order");
    double sum = 0;
    double squares = 0;
    double count = 0;
    for (const std::uint32_t row : split_.train) {
      const double v = column.values[row];
      if (!std::isfinite(v)) continue;
      sum += v;
      squares += v * v;
      count += 1;
    }
    const double mean = sum / std::max(1.0, count);
    const double sd = std::sqrt(std::max(0.0, squares / std::max(1.0, count) - mean * mean));
    if (!(sd > 0)) refuse(column.name, "a column that varies among those who train");
    const auto j = static_cast<std::size_t>(found - names_.begin());
    if (!labelled_.insert(latent).second) {
      throw ConfigError(fmt::format(
          "method.labels: found two labels of '{}'; expected one; leave one out", latent));
    }
    for (std::size_t i = 0; i < study_.participants(); ++i) {
      values_[i * names_.size() + j] = static_cast<float>((column.values[i] - mean) / sd);
    }
  }

  const Study& study_;
  const Split& split_;
  const std::vector<std::string>& names_;
  std::set<std::string> labelled_;
  std::vector<float> values_;
};

}  // namespace

std::vector<float> labels_of(const std::string& labels, const Study& study, const Split& split,
                             const std::vector<std::string>& names) {
  const std::vector<std::string> entries = entries_of(labels);
  if (entries.empty() && !labels.empty()) Labels::refuse(labels, "names, separated by commas");
  if (entries.empty()) return {};
  Labels found(study, split, names);
  for (const std::string& entry : entries) found.add(entry);
  return found.take();
}

double start_work(const StagedProblem& problem, const FitOptions& options) {
  return staged_codes_work(problem, options);
}

std::vector<std::vector<float>> codes_to_start(const FitContext& context, std::size_t restart) {
  const StagedProblem& problem = context.problem;
  const Decomposition parts =
      staged_codes(problem, context.options, context.options.seed,
                   fmt::format("restart{}", restart), 1, context.checkpoint, context.watch);
  const std::size_t n = problem.participants;
  const std::size_t latents = parts.z.size() / n;
  const std::size_t privates = parts.eta.size() / n;
  std::vector<std::vector<float>> start;
  std::size_t z = 0;
  std::size_t eta = 0;
  for (std::size_t m = 0; m < problem.latents.size(); ++m) {
    const auto own = static_cast<std::size_t>(problem.latents[m]);
    const auto rest = static_cast<std::size_t>(problem.privates[m]);
    std::vector<float> codes;
    codes.reserve(n * (own + rest));
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < own; ++k) codes.push_back(parts.z[i * latents + z + k]);
      for (std::size_t k = 0; k < rest; ++k) codes.push_back(parts.eta[i * privates + eta + k]);
    }
    // Nothing is learned from whom lacks the modality.
    for (float& v : codes) v = std::isfinite(v) ? v : 0.0f;
    start.push_back(std::move(codes));
    z += own;
    eta += rest;
  }
  return start;
}

}  // namespace polycause
