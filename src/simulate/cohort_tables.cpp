#include "simulate/cohort_tables.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "base/random.h"
#include "simulate/mechanisms.h"
#include "simulate/tables.h"

namespace polycause::simulation {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr double kMeasurementNoise = 0.2;  // sd, in units of the score's sd
constexpr double kLargestScore = 3.5;

// The sources that the columns load on: (z1, z2, eta) bent by a triangular, hence invertible, map.
MatrixXd bend(const MatrixXd& sources) {
  MatrixXd bent = sources;
  bent.col(0).array() += 0.3 * sources.col(2).array().tanh();
  bent.col(1).array() += 0.4 * ((1.0 + sources.col(0).array().square()).sqrt() - 1.0);
  for (Index k = 0; k < 3; ++k) standardise(bent.col(k));
  return bent;
}

double rounded(double value, int decimals) {
  const double unit = std::pow(10.0, decimals);
  return std::round(value * unit) / unit + 0.0;
}

double measure(const ColumnSpec& spec, double u) {
  switch (spec.link) {
    case Link::kLinear:
      return spec.location + spec.scale * u;
    case Link::kLog:
      return spec.location * std::exp(spec.scale * u);
    case Link::kDeficit:
      return 100.0 - spec.location * std::exp(spec.scale * u);
    case Link::kLogistic:
      return spec.low +
             (spec.high - spec.low) / (1.0 + std::exp(-(spec.location + spec.scale * u)));
    case Link::kLevels: {
      double level = 0;
      for (const double threshold : spec.thresholds) level += u > threshold ? 1 : 0;
      return level;
    }
    case Link::kDerived:
      break;
  }
  return kMissing;
}

// A column that follows from others of the table, missing where one of them is.
std::vector<double> derive(const ColumnSpec& spec, const Table& table) {
  std::vector<double> values(table.rows());
  std::vector<double> part(spec.parts.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t k = 0; k < part.size(); ++k) {
      part[k] = table.columns[table.find(spec.parts[k])].values[i];
    }
    if (spec.name == "bmi") {
      values[i] = part[0] / std::pow(part[1] / 100.0, 2);
    } else if (spec.name == "homa_ir") {
      values[i] = part[0] * part[1] / 405.0;
    } else if (spec.name == "total_cholesterol") {
      values[i] = part[0] + part[1] + part[2] / 5.0;
    } else {
      values[i] = part[0] - part[1];  // pulse_pressure
    }
    values[i] = rounded(values[i], spec.decimals);
  }
  return values;
}

}  // namespace

Table draw_demographics(std::size_t n, std::uint64_t seed) {
  Table table;
  table.name = "demographics";
  table.ids = participant_ids('P', n);
  table.columns = {{"age", ColumnType::kContinuous, {}, {}},
                   {"sex", ColumnType::kBinary, {}, {"female", "male"}},
                   {"smoking", ColumnType::kCategorical, {}, {"never", "former", "current"}},
                   {"center", ColumnType::kCategorical, {}, {"north", "central", "south"}}};
  Random random(seed, "cohort.demographics");
  for (std::size_t i = 0; i < n; ++i) {
    const double u = random.uniform();
    table.columns[0].values.push_back(std::round(40.0 + 32.0 * std::pow(u, 1.2)));
    table.columns[1].values.push_back(random.coin() ? 1 : 0);
    const double smoking = random.uniform();
    table.columns[2].values.push_back(smoking < 0.55 ? 0 : smoking < 0.83 ? 1 : 2);
    table.columns[3].values.push_back(static_cast<double>(random.below(3)));
  }
  return table;
}

Table draw_table(const ModalitySpec& modality, const MatrixXd& sources, std::size_t index,
                 const std::vector<std::string>& ids, std::uint64_t seed) {
  const MatrixXd bent = bend(sources);
  Table table;
  table.name = modality.name;
  table.ids = ids;
  for (const ColumnSpec& spec : modality.columns) {
    Column column{spec.name, ColumnType::kContinuous, {}, spec.levels};
    if (spec.link == Link::kLevels) {
      column.type = spec.levels.size() == 2 ? ColumnType::kBinary : ColumnType::kOrdinal;
    }
    VectorXd u = spec.z1 * bent.col(0) + spec.z2 * bent.col(1) + spec.eta * bent.col(2);
    standardise(u);
    Random random(seed, "cohort.measurement." + modality.name + "." + spec.name, index);
    for (double& score : u) {
      score =
          kLargestScore * std::tanh((score + kMeasurementNoise * random.normal()) / kLargestScore);
      column.values.push_back(rounded(measure(spec, score), spec.decimals));
    }
    table.columns.push_back(std::move(column));
  }
  return table;
}

Table weather(const Table& table, double absent, double missing_cells, std::uint64_t seed) {
  Random random(seed, "cohort.missing." + table.name);
  std::vector<double> share;  // some measurements fail more often than others
  for (std::size_t k = 0; k < table.columns.size(); ++k) {
    share.push_back(missing_cells * random.uniform(0.3, 1.7));
  }
  Table kept;
  kept.name = table.name;
  for (const Column& column : table.columns) {
    kept.columns.push_back({column.name, column.type, {}, column.levels});
  }
  for (const std::size_t row : random.permutation(table.rows())) {
    if (random.uniform() < absent) continue;
    kept.ids.push_back(table.ids[row]);
    for (std::size_t k = 0; k < table.columns.size(); ++k) {
      const bool empty = random.uniform() < share[k];
      kept.columns[k].values.push_back(empty ? kMissing : table.columns[k].values[row]);
    }
  }
  return kept;
}

void add_derived(const ModalitySpec& modality, Table& table) {
  for (std::size_t k = 0; k < modality.columns.size(); ++k) {
    const ColumnSpec& spec = modality.columns[k];
    if (spec.link == Link::kDerived) table.columns[k].values = derive(spec, table);
  }
}

std::string dictionary_csv() {
  std::string text = "table,column,unit,meaning\n";
  for (const ModalitySpec& modality : cohort_modalities()) {
    for (const ColumnSpec& spec : modality.columns) {
      std::string meaning = spec.meaning;
      for (std::size_t k = 0; k < spec.levels.size(); ++k) {
        meaning += (k == 0 ? ": " : " | ") + spec.levels[k];
      }
      text += fmt::format("{},{},{},\"{}\"\n", modality.name, spec.name, spec.unit, meaning);
    }
  }
  text +=
      "demographics,age,years,\"age at the visit\"\n"
      "demographics,sex,,\"female | male\"\n"
      "demographics,smoking,,\"never | former | current\"\n"
      "demographics,center,,\"where the visit took place: north | central | south; acts on "
      "nothing\"\n";
  return text;
}

std::string column_edges_csv() {
  std::string text = "source,target\n";
  for (const ModalitySpec& modality : cohort_modalities()) {
    for (const ColumnSpec& spec : modality.columns) {
      const auto add = [&](const std::string& source) {
        text += fmt::format("{0}.{1},{0}.{2}\n", modality.name, source, spec.name);
      };
      if (spec.z1 != 0) add("z1");
      if (spec.z2 != 0) add("z2");
      if (spec.eta != 0) add("eta1");
      for (const std::string& part : spec.parts) add(part);
    }
  }
  return text;
}

}  // namespace polycause::simulation
