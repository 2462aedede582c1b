#include "report/sample.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <stdexcept>

#include "base/files.h"
#include "base/random.h"
#include "report/recorder.h"
#include "report/run_folder.h"

namespace polycause::sample {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

struct Blueprint {
  std::string name;
  std::vector<std::string> columns;
};

// Two latents per modality: z1 loads on the first half of the columns, z2 on the second.
std::vector<Blueprint> blueprints(bool hostile) {
  std::vector<Blueprint> all = {{"body",
                                 {"weight", "height", "waist_circumference", "arm_circumference",
                                  "subscapular_skinfold", "body_mass_index"}},
                                {"blood",
                                 {"glucose", "glycohemoglobin", "triglycerides", "hdl_cholesterol",
                                  "creatinine", "albumin", "uric_acid", "white_cells"}},
                                {"activity",
                                 {"steps_morning", "steps_evening", "sedentary_minutes",
                                  "moderate_minutes", "night_activity"}}};
  if (hostile) {
    all[0].columns[0] = "</script><script>document.title='owned'</script>";
    all[0].columns[1] = "a,b\"c\"\nd";
    all[1].columns[0] = "größe µmol/L \xE2\x80\xA8 \xF0\x9F\xA7\xAA";
    all[1].columns[1] = "<img src=x onerror=\"document.title='owned'\">";
    all[2].columns[0] = "latin1 \xE9t\xE9 & 'quotes' `backtick` {{x}} $& $1";
  }
  return all;
}

double clipped_noise(Random& random) { return std::max(-4.0, std::min(4.0, random.laplace())); }

Column column(const std::string& name, ColumnType type, std::size_t n) {
  Column out;
  out.name = name;
  out.type = type;
  out.values.resize(n);
  return out;
}

// (n, 6) hidden values: body z1, z2 -> blood z1, z2 -> activity z1, z2.
std::vector<std::vector<double>> hidden(std::size_t n) {
  Random random(7, "sample/hidden");
  std::vector<std::vector<double>> z(6, std::vector<double>(n));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < 2; ++k) {
      z[k][i] = clipped_noise(random);
      z[2 + k][i] = 0.75 * std::tanh(1.4 * z[k][i]) + 0.6 * clipped_noise(random);
    }
    z[4][i] = -0.8 * z[2][i] + 0.6 * clipped_noise(random);
    z[5][i] = 0.7 * z[3][i] + 0.2 * z[1][i] + 0.6 * clipped_noise(random);
  }
  return z;
}

Table latent_table(const Study& study, double noise, std::uint64_t seed) {
  const auto z = hidden(study.participants());
  Random random(seed, "sample/latents");
  Table table;
  table.ids = study.ids;
  for (std::size_t m = 0; m < study.modalities.size(); ++m) {
    for (std::size_t k = 0; k < 2; ++k) {
      Column c = column(fmt::format("{}.z{}", study.modalities[m].name, k + 1),
                        ColumnType::kContinuous, study.participants());
      const double spread = noise * (m == 2 && k == 1 ? 6 : 1);
      for (std::size_t i = 0; i < c.values.size(); ++i) {
        c.values[i] = z[2 * m + k][i] + spread * random.normal();
      }
      table.columns.push_back(std::move(c));
    }
  }
  return table;
}

Table side_table(const Study& study, const char* suffix, std::uint64_t seed) {
  Random random(seed, suffix);
  Table table;
  table.ids = study.ids;
  for (const Modality& modality : study.modalities) {
    Column c = column(fmt::format("{}.{}1", modality.name, suffix), ColumnType::kContinuous,
                      study.participants());
    for (double& value : c.values) value = random.laplace();
    table.columns.push_back(std::move(c));
  }
  return table;
}

Edge edge(std::size_t source, std::size_t target, double strength, double stability) {
  Edge e;
  e.source = source;
  e.target = target;
  e.kind = "discovered";
  e.strength = strength;
  e.p_value = std::fabs(strength) > 0.5 ? 0 : std::exp(-60 * std::fabs(strength));
  e.q_value = e.p_value * 3;
  e.n = 4000;
  e.stability = stability;
  return e;
}

}  // namespace

Study study(std::size_t participants, bool hostile) {
  Study s;
  s.spec.name = hostile ? "</title><b>study & \"co\"" : "Metabolic health, fabricated";
  const std::size_t n = participants;
  for (std::size_t i = 0; i < n; ++i) s.ids.push_back(fmt::format("person-{:06d}x", 100003 + i));
  for (std::size_t i = 0; i < n; ++i) s.validation.push_back(i % 10 == 3);
  const auto z = hidden(n);
  Random random(11, "sample/columns");
  for (const Blueprint& plan : blueprints(hostile)) {
    const std::size_t m = s.modalities.size();
    Modality modality;
    modality.name = plan.name;
    modality.kind = "tabular";
    modality.table.name = plan.name;
    modality.table.ids = s.ids;
    for (std::size_t j = 0; j < plan.columns.size(); ++j) {
      Column c = column(plan.columns[j], ColumnType::kContinuous, n);
      const std::vector<double>& own = z[2 * m + (2 * j < plan.columns.size() ? 0 : 1)];
      const double loading = (j % 3 == 1 ? -1.0 : 1.0) * (1.1 - 0.12 * static_cast<double>(j));
      std::size_t missing = 0;
      for (std::size_t i = 0; i < n; ++i) {
        c.values[i] = loading * own[i] + 0.5 * random.normal();
        if (random.uniform() < 0.02 * static_cast<double>(j)) {
          c.values[i] = kMissing;
          ++missing;
        }
      }
      s.columns.push_back({plan.name, c.name, c.type, missing, true, ""});
      modality.table.columns.push_back(std::move(c));
    }
    modality.rank_normal.assign(modality.table.columns.size(), m == 2);
    s.columns.push_back({plan.name, "comment_code", ColumnType::kCategorical, n, false,
                         "dropped: every cell is missing"});
    s.tables.push_back({plan.name, n + 40 * m, n, {}});
    if (m > 0) s.tables.back().dropped.push_back({"not in every modality", 40 * m});
    s.modalities.push_back(std::move(modality));
  }

  Table people;
  people.name = "demographics";
  people.ids = s.ids;
  people.columns = {
      column("age", ColumnType::kContinuous, n), column("sex", ColumnType::kBinary, n),
      column("smoking", ColumnType::kCategorical, n), column("diabetes", ColumnType::kBinary, n)};
  people.columns[1].levels = {"female", "male"};
  people.columns[2].levels = {"never", "former", "current"};
  for (std::size_t i = 0; i < n; ++i) {
    people.columns[0].values[i] = std::round(50 + 12 * (0.5 * z[2][i] + random.normal()));
    people.columns[1].values[i] = z[1][i] + 0.7 * random.normal() > 0 ? 1 : 0;
    people.columns[2].values[i] = z[5][i] > 0.8 ? 2 : (random.coin() ? 0 : 1);
    people.columns[3].values[i] = z[2][i] + 0.8 * random.normal() > 1.6 ? 1 : 0;
    if (i % 17 == 0) people.columns[3].values[i] = kMissing;
  }
  for (const Column& c : people.columns) {
    const std::size_t missing = c.name == "diabetes" ? (n + 16) / 17 : 0;
    s.columns.push_back({people.name, c.name, c.type, missing, true, ""});
  }
  s.tables.push_back({people.name, n + 12, n, {{"not in every modality", 12}}});
  s.covariates.push_back(std::move(people));
  s.warnings = {"blood: column 'comment_code' is dropped, every cell is missing"};
  return s;
}

Fit fit(const Study& study) {
  Fit f;
  f.encoding.latents = latent_table(study, 0.1, 1);
  f.encoding.private_parts = side_table(study, "eta", 2);
  f.encoding.exogenous = side_table(study, "eps", 3);
  f.encoding.predicted = latent_table(study, 2, 6);
  f.replicates = {latent_table(study, 0.2, 4), latent_table(study, 0.25, 5)};
  f.replicate_names = {"restart1/branch0", "restart0/branch1"};
  for (const Column& c : f.encoding.latents.columns) {
    f.learned.nodes.push_back({c.name, c.name.substr(0, c.name.rfind('.')), "latent"});
  }
  const double agreements[] = {0.991, 0.984, 0.972, 0.948, 0.931, 0.612};
  for (std::size_t k = 0; k < 6; ++k) {
    f.latents.push_back({f.learned.nodes[k].id, agreements[k], agreements[k] - 0.01, 2,
                         0.1 * static_cast<double>(k)});
  }
  const std::size_t links[][2] = {{0, 2}, {1, 3}, {2, 4}, {3, 5}};
  for (const auto& link : links) {
    Edge e = edge(link[0], link[1], 0.98 - 0.1 * static_cast<double>(link[1] - 2), 1);
    e.kind = "learned";
    e.p_value = e.q_value = e.n = kMissing;
    f.learned.edges.push_back(e);
  }
  f.branches = {{"restart0/branch0", "additive", 7.1182, 7.0382, 4, true, 1},
                {"restart0/branch1", "additive", 7.1231, 7.0231, 5, false, 0.953},
                {"restart1/branch0", "general", 7.2042, 7.1042, 5, false, 0.912}};
  f.reconstruction_r2 = {0.912, 0.874, 0.557};
  f.prior = "additive";
  f.checks = {{"private_latent_dependence", 0.041}, {"private_private_dependence", 0.037},
              {"exogenous_dependence", 0.052},      {"weakest_trace.body", 0.58},
              {"structural_rank.body", 2},          {"weakest_trace.blood", 0.61},
              {"structural_rank.blood", 2},         {"weakest_trace.activity", 0.31},
              {"structural_rank.activity", 2}};
  f.warnings = {{"unstable_latent",
                 "activity.z2: agreement .61 between restarts; expected .95 or more; read its "
                 "relations and edges as tentative"},
                {"tie",
                 "restart0/branch1 is within 0.005 nat of the selected branch and differs from it "
                 "(agreement .953); look at both"}};
  f.seconds = {{"autoencoders", 8.2}, {"starts", 11.9}, {"branches", 21.4}, {"prune", 0.6}};
  return f;
}

Graph discovered(const Study& study) {
  Graph g = fit(study).learned;
  g.edges.clear();
  for (const Table& table : study.covariates) {
    for (const Column& c : table.columns) {
      g.nodes.push_back({table.name + "." + c.name, table.name, "covariate"});
    }
  }
  g.edges = {edge(0, 2, 0.58, 0.99), edge(1, 3, 0.49, 0.97),  edge(2, 4, -0.61, 1),
             edge(3, 5, 0.33, 0.81), edge(2, 9, 0.36, 0.93),  edge(6, 2, 0.24, 0.88),
             edge(7, 1, 0.41, 0.95), edge(5, 8, -0.12, 0.55), edge(4, 6, -0.08, 0.34)};
  g.edges[4].separating_set = {"demographics.age"};
  g.edges[7].mark_target = Mark::kTail;
  g.edges[8].mark_source = Mark::kArrow;
  g.edges[8].kind = "conflict";
  g.frequencies = {{0, 2, 0.99, 0.95, 0.0, 0.04, 0.0}, {4, 6, 0.34, 0.1, 0.06, 0.04, 0.14}};
  g.separations = {{0, 1, {}, 0.41, 0.01, 4361}, {0, 4, {"blood.z1"}, 0.22, 0.02, 4361}};
  return g;
}

Scores scores(const Study& study) {
  Scores s;
  s.mcc_spearman = 0.942;
  s.mcc_spearman_min = 0.78;
  s.mcc = 0.931;
  s.r2 = 0.897;
  s.shd = 1;
  s.shd_within = 0;
  for (const Column& c : fit(study).encoding.latents.columns) {
    const double value = c.name == "activity.z2" ? 0.78 : 0.975;
    s.latents.push_back({c.name, c.name, value, value - 0.01, value * value});
  }
  return s;
}

Directory::Directory() {
  std::string name = (std::filesystem::temp_directory_path() / "polycause-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
  path_ = name;
}

Directory::~Directory() {
  std::error_code code;
  std::filesystem::remove_all(path_, code);
}

std::string Directory::file(const std::string& name) const { return join_path(path_, name); }

void feed_metrics(Observer& observer) {
  Random random(5, "sample/metrics");
  const auto curve = [&](const std::string& series, long steps, double end, double drop) {
    for (long step = 1; step <= steps; ++step) {
      const double left = std::exp(-6 * static_cast<double>(step) / static_cast<double>(steps));
      observer.metric({series, step, end + drop * left + 0.004 * drop * random.normal()});
    }
  };
  for (int restart = 0; restart < 2; ++restart) {
    for (int k = 0; k < 3; ++k) {
      curve(fmt::format("restart{}/autoencoder{}/mse_validation", restart, k), 30, 0.1 + 0.1 * k,
            1);
    }
    for (int k = 0; k < 4; ++k) {
      curve(fmt::format("restart{}/start{}/nll", restart, k), 12, 7.3 + 0.05 * k, 2);
    }
    curve(fmt::format("restart{}/start2/again/nll", restart), 12, 7.2, 0.5);
    for (int k = 0; k < 2; ++k) {
      curve(fmt::format("restart{}/branch{}/nll", restart, k), 40, 7.05 + 0.03 * k, 1.5);
    }
  }
}

void write_whole_run(const std::string& directory, const Study& study) {
  Recorder recorder(directory);
  recorder.message(LogLevel::kInfo, "reading");
  feed_metrics(recorder);
  write_fit(directory, study, fit(study), FitOptions(),
            {"[study]\nname = \"sample\"\n\n[train]\nbatch = 256  # participants per step\n",
             {{"read", 0.4}}});
  write_discovered(directory, discovered(study));
  write_scores(directory, scores(study));
  append_to_run(directory, "discover", 1.3,
                {{"weak_edge",
                  "activity.z1 and demographics.age: the edge appears in 34 % of the "
                  "bootstrap samples"}});
  recorder.close();
}

}  // namespace polycause::sample
