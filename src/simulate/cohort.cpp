#include "simulate/cohort.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "polycause/error.h"
#include "simulate/cohort_columns.h"
#include "simulate/mechanisms.h"
#include "simulate/shape.h"
#include "simulate/tables.h"

namespace polycause::simulation {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr double kMeasurementNoise = 0.2;  // sd, in units of the score's sd
constexpr double kMissingCells = 0.03;
constexpr double kAbsent = 0.02;  // participants without a table
constexpr double kLargestScore = 3.5;

// Latents: 0, 1 body; 2, 3 blood; 4, 5 sleep; 6, 7 vessels.
struct Cause {
  std::size_t source, target;
  Effect effect;
  double weight;
};
constexpr Cause kCauses[] = {
    {0, 2, Effect::kLeaky, 1.0},  // adiposity -> glycaemia
    {1, 3, Effect::kTanh, -1.0},  // muscularity -> lipids
    {0, 4, Effect::kCubic, 1.0},  // adiposity -> apnoea
    {1, 5, Effect::kSine, 1.0},   // muscularity -> consolidation of sleep
    {4, 6, Effect::kTanh, 1.0},   // apnoea -> pressure
    {0, 6, Effect::kLeaky, 0.8},  // adiposity -> pressure
    {3, 7, Effect::kCubic, 1.0},  // lipids -> stiffness
    {2, 7, Effect::kLeaky, 0.8},  // glycaemia -> stiffness
};
// Each covariate acts on one latent, so that it confounds none; center acts on nothing.
struct CovariateCause {
  const char* name;
  std::size_t column, target;
  double weight;
};
constexpr CovariateCause kCovariateCauses[] = {
    {"age", 0, 7, 0.7}, {"sex", 1, 1, 0.6}, {"smoking", 2, 3, 0.6}};

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

// (n, 8), columns of mean 0 and variance 1.
MatrixXd draw_cohort_latents(const SimulateOptions& options, const Table& demographics,
                             std::uint64_t seed) {
  const auto n = static_cast<Index>(demographics.rows());
  MatrixXd z(n, 8);
  for (std::size_t node = 0; node < 8; ++node) {
    const auto column = static_cast<Index>(node);
    Random random(seed, "cohort.noise", node);
    VectorXd noise(n);
    for (double& value : noise) value = draw_noise(options.noise, random);
    for (const CovariateCause& cause : kCovariateCauses) {
      if (cause.target != node) continue;
      const std::vector<double>& values = demographics.columns[cause.column].values;
      VectorXd covariate = Eigen::Map<const VectorXd>(values.data(), n);
      standardise(covariate);
      noise += cause.weight * covariate;
    }
    VectorXd sum = VectorXd::Zero(n);
    bool root = true;
    for (const Cause& cause : kCauses) {
      if (cause.target != node) continue;
      root = false;
      VectorXd effect_of = z.col(static_cast<Index>(cause.source)).unaryExpr([&](double x) {
        return effect(cause.effect, x);
      });
      standardise(effect_of);
      sum += cause.weight * effect_of;
    }
    standardise(noise);
    standardise(sum);
    z.col(column) = root ? noise : VectorXd(options.edge_scale * sum + 0.6 * noise);
    standardise(z.col(column));
  }
  return z;
}

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

// Empties some cells, leaves some participants out and shuffles the rows.
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

std::string meaning_csv() {
  std::string text = "latent,meaning\n";
  for (const ModalitySpec& modality : cohort_modalities()) {
    text += fmt::format("{0}.z1,{1}\n{0}.z2,{2}\n{0}.eta1,{3} (private)\n", modality.name,
                        modality.z1, modality.z2, modality.eta);
  }
  return text;
}

// Demographics cause and are not caused; then the modalities, one tier each when their order is
// given.
std::string tiers_toml(const std::vector<std::string>& modalities, bool given) {
  std::string text = "\n[discover]\ntiers = [\n  [\"demographics.*\"],\n";
  if (given) {
    for (const std::string& name : modalities) text += fmt::format("  [\"{}.*\"],\n", name);
  } else {
    text += fmt::format("  [\"{}.*\"],\n", fmt::join(modalities, ".*\", \""));
  }
  return text + "]\n";
}

void check_fixed(const SimulateOptions& options) {
  const SimulateOptions preset = simulation_preset("cohort");
  checked_shape(options);
  const auto fixed = [](const char* setting, bool same) {
    if (same) return;
    throw ConfigError(fmt::format(
        "simulate.{}: found another value than the cohort's; the tables of the cohort are fixed; "
        "leave it out, or simulate 'free' instead",
        setting));
  };
  fixed("modalities", options.modalities == preset.modalities);
  fixed("latents", options.latents == preset.latents);
  fixed("private_dims", options.private_dims == preset.private_dims);
  fixed("columns", options.columns == preset.columns);
  fixed("sizes", options.sizes == preset.sizes);
  fixed("mixing", options.mixing == preset.mixing);
  fixed("mechanism", options.mechanism == preset.mechanism);
  fixed("confounder", options.confounder == preset.confounder);
  fixed("extra_edges", options.extra_edges == preset.extra_edges);
  fixed("sparsity_ratio", options.sparsity_ratio == preset.sparsity_ratio);
}

}  // namespace

Simulation simulate_cohort(const SimulateOptions& options, std::uint64_t seed) {
  check_fixed(options);
  const auto n = static_cast<std::size_t>(options.participants);
  const std::vector<std::string> ids = participant_ids('P', n);
  const Table demographics = draw_demographics(n, seed);
  const MatrixXd z = draw_cohort_latents(options, demographics, seed);
  const std::vector<ModalitySpec>& modalities = cohort_modalities();

  std::vector<std::size_t> listing(modalities.size());
  std::iota(listing.begin(), listing.end(), std::size_t{0});
  if (options.hidden_order) {
    Random random(seed, "cohort.order");
    listing = random.permutation(listing.size());
  }

  Simulation result;
  result.name = "cohort";
  result.latents.ids = ids;
  result.private_parts.ids = ids;
  // Many measurements are skewed.
  StudyText study{"cohort", options.hidden_order ? "unknown" : "given", true, {}, {}};
  std::vector<std::size_t> node_of(8);
  std::vector<std::string> names;
  for (const std::size_t m : listing) {
    const ModalitySpec& modality = modalities[m];
    const std::string file = modality.name + ".csv";
    MatrixXd sources(z.rows(), 3);
    sources.leftCols(2) = z.middleCols(static_cast<Index>(2 * m), 2);
    Random random(seed, "cohort.private", m);
    for (double& value : sources.col(2)) value = draw_noise(options.noise, random);
    standardise(sources.col(2));
    for (std::size_t k = 0; k < 2; ++k) {
      node_of[2 * m + k] = result.graph.nodes.size();
      const std::string id = fmt::format("{}.z{}", modality.name, k + 1);
      result.graph.nodes.push_back({id, modality.name, "latent"});
      result.latents.columns.push_back(rounded_column(id, sources.col(static_cast<Index>(k))));
    }
    result.private_parts.columns.push_back(rounded_column(modality.name + ".eta1", sources.col(2)));
    Table table =
        weather(draw_table(modality, sources, m, ids, seed), kAbsent, kMissingCells, seed);
    for (std::size_t k = 0; k < modality.columns.size(); ++k) {
      const ColumnSpec& spec = modality.columns[k];
      if (spec.link == Link::kDerived) table.columns[k].values = derive(spec, table);
    }
    result.tables.push_back(std::move(table));
    result.files.push_back(file);
    study.modalities.push_back({modality.name, file, 2, 1});
    names.push_back(modality.name);
  }
  for (const Cause& cause : kCauses) {
    Edge edge;
    edge.source = node_of[cause.source];
    edge.target = node_of[cause.target];
    edge.kind = "true";
    result.graph.edges.push_back(edge);
  }
  for (const CovariateCause& cause : kCovariateCauses) {
    result.covariate_edges.emplace_back(std::string("demographics.") + cause.name,
                                        result.graph.nodes[node_of[cause.target]].id);
  }
  result.tables.push_back(weather(demographics, 0, 0.005, seed));
  result.files.push_back("demographics.csv");
  study.covariates.push_back({"demographics", "demographics.csv", 0, 0});
  result.study_toml = study_toml(study) + tiers_toml(names, !options.hidden_order);
  result.documents = {{"dictionary.csv", dictionary_csv()}, {"truth/meaning.csv", meaning_csv()}};
  return result;
}

}  // namespace polycause::simulation
