#include "methods/problem.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/numbered.h"
#include "base/pattern.h"
#include "base/random.h"
#include "base/settings.h"
#include "networks/networks.h"
#include "polycause/error.h"
#include "polycause/version.h"

namespace polycause {
namespace {

constexpr std::size_t kLeastComplete = 50;  // complete training participants

/// The covariates of study.condition_on as one table, columns "<table>.<column>".
Table condition_table(const Study& study) {
  Table all;
  all.ids = study.ids;
  for (const std::string& wanted : study.spec.condition_on) {
    std::size_t found = 0;
    std::string first;  // of a column without its table
    for (const Table& table : study.covariates) {
      for (const Column& column : table.columns) {
        const std::string name = table.name + "." + column.name;
        if (!fits_pattern(wanted, name) && wanted != column.name) continue;
        if (wanted == column.name && !first.empty()) {
          throw ConfigError(fmt::format(
              "study.condition_on: found '{}', which is a column of several tables; expected "
              "\"table.column\": '{}' or '{}'",
              wanted, first, name));
        }
        if (wanted == column.name) first = name;
        ++found;
        const bool twice = std::any_of(all.columns.begin(), all.columns.end(),
                                       [&](const Column& c) { return c.name == name; });
        if (twice) continue;
        all.columns.push_back(column);
        all.columns.back().name = name;
      }
    }
    if (found == 0) {
      throw ConfigError(
          fmt::format("study.condition_on: '{}' names no usable column of a covariate table; "
                      "expected \"table.column\", a column's name that one table has, or a pattern "
                      "such as \"demographics.*\"; see "
                      "'polycause check' for the columns",
                      wanted));
    }
  }
  return all;
}

std::vector<bool> continuous_columns(const Table& table) {
  std::vector<bool> continuous;
  for (const Column& column : table.columns)
    continuous.push_back(column.type == ColumnType::kContinuous);
  return continuous;
}

/// The participants who have every modality. Throws DataError when they are too few to start from.
Split complete_split(const Study& study, const StagedProblem& problem) {
  if (problem.present.empty()) return problem.split;
  const std::size_t modalities = study.modalities.size();
  std::vector<std::size_t> lacking(modalities, 0);
  const auto those = [&](const std::vector<std::uint32_t>& rows) {
    std::vector<std::uint32_t> kept;
    for (const std::uint32_t row : rows) {
      bool all = true;
      for (std::size_t m = 0; m < modalities; ++m) {
        if (problem.present[row * modalities + m] != 0) continue;
        all = false;
        ++lacking[m];
      }
      if (all) kept.push_back(row);
    }
    return kept;
  };
  Split complete{those(problem.split.train), those(problem.split.validation)};
  if (complete.train.size() >= kLeastComplete && !complete.validation.empty()) return complete;
  const auto most =
      static_cast<std::size_t>(std::max_element(lacking.begin(), lacking.end()) - lacking.begin());
  throw DataError(fmt::format(
      "study: {} participants to fit and {} held out have every modality; expected at least {} and "
      "1, since links between modalities are found among them; modality '{}' is missing most ({} "
      "of {}): leave it out, add participants, or raise study.validation",
      complete.train.size(), complete.validation.size(), kLeastComplete,
      study.modalities[most].name, lacking[most], study.participants()));
}

/// Units of a modality of pictures or series: one, or one per stream.
void add_blocks(const Modality& modality, std::size_t index, StagedProblem& problem) {
  problem.cells.emplace_back();
  problem.networks.push_back(networks().choose(modality.blocks->shape(), modality.network));
  problem.block_digests.push_back(hash64(blocks_identity(modality)));
  const bool streams = problem.networks.back() == "streams";
  const std::size_t units = streams ? modality.latents : 1;
  for (std::size_t u = 0; u < units; ++u) {
    problem.latents.push_back(streams ? 1 : static_cast<int>(modality.latents));
    problem.privates.push_back(0);
    problem.modality_of_unit.push_back(index);
  }
}

/// A block of shared latents: a unit whose code its members' coders give.
void add_shared(const Modality& modality, std::size_t index, StagedProblem& problem) {
  problem.cells.emplace_back();
  problem.networks.emplace_back();
  problem.block_digests.push_back(0);
  SharedUnit block;
  block.unit = problem.latents.size();
  for (const std::size_t member : modality.members)
    block.members.push_back(problem.first_unit(member));
  problem.shared.push_back(std::move(block));
  problem.latents.push_back(static_cast<int>(modality.latents));
  problem.privates.push_back(0);
  problem.modality_of_unit.push_back(index);
}

/// Shared latents that each modality shows.
std::vector<std::size_t> shown_latents(const Study& study) {
  std::vector<std::size_t> shown(study.modalities.size(), 0);
  for (const Modality& shared : study.modalities) {
    for (const std::size_t member : shared.members) shown[member] += shared.latents;
  }
  return shown;
}

}  // namespace

Split split_of(const Study& study, std::size_t least) {
  Split split;
  for (std::size_t i = 0; i < study.participants(); ++i)
    (study.validation[i] ? split.validation : split.train).push_back(static_cast<std::uint32_t>(i));
  if (split.train.size() >= least && !split.validation.empty()) return split;
  throw DataError(fmt::format(
      "study: {} participants, {} of them held out; expected some to fit and some to hold out; "
      "add participants or change study.validation",
      study.participants(), split.validation.size()));
}

Modality without_rows(const Modality& modality) {
  Modality bare = modality;
  bare.table.ids.clear();
  bare.present.clear();
  for (Column& c : bare.table.columns) c.values.clear();
  if (!modality.blocks) return bare;
  const BlockShape& shape = modality.blocks->shape();
  bare.blocks = std::make_shared<Blocks>(shape, 0, BlockStorage::kFloat);
  bare.network = networks().choose(shape, modality.network);
  return bare;
}

std::string blocks_identity(const Modality& modality) {
  const BlockShape& shape = modality.blocks->shape();
  std::string text = fmt::format("{}x{}x{}", shape.channels, shape.height, shape.width);
  for (const Column& column : modality.table.columns) {
    text.append(reinterpret_cast<const char*>(column.values.data()),
                column.values.size() * sizeof(double));
  }
  return text;
}

StagedProblem problem_of(const Study& study, Model::Impl& model) {
  StagedProblem problem;
  problem.order_given = study.spec.order == "given";
  problem.split = split_of(study, 1);
  const std::vector<std::size_t> fit_rows(problem.split.train.begin(), problem.split.train.end());
  problem.present = presence_of(study);
  problem.complete = complete_split(study, problem);
  problem.participants = study.participants();
  problem.groups = numbered(study.groups);
  const std::vector<std::size_t> shown = shown_latents(study);
  for (std::size_t index = 0; index < study.modalities.size(); ++index) {
    const Modality& m = study.modalities[index];
    problem.names.push_back(m.name);
    problem.blocks.push_back(m.blocks);
    model.modalities.push_back(without_rows(m));
    if (m.blocks) model.modalities.back().private_dims = 0;  // they have no code
    if (m.kind == "shared") {
      add_shared(m, index, problem);
      model.encodings.emplace_back();
      continue;
    }
    if (m.blocks) {
      add_blocks(m, index, problem);
      model.encodings.emplace_back();
      continue;
    }
    model.encodings.push_back(TableEncoding::fit(m.table, m.rank_normal, fit_rows));
    problem.cells.push_back(cells_of(model.encodings.back(), m.table, m.present));
    problem.networks.emplace_back();
    problem.block_digests.push_back(0);
    problem.latents.push_back(static_cast<int>(m.latents));
    problem.privates.push_back(static_cast<int>(m.private_dims));
    problem.modality_of_unit.push_back(index);
    const auto width = static_cast<std::size_t>(problem.cells.back().width);
    if (width < m.latents + m.private_dims + shown[index]) {
      throw ConfigError(fmt::format(
          "modality '{}': latents + private{} = {} but only {} usable columns; expected "
          "at most as many; lower 'latents' or 'private', or give more columns",
          m.name, shown[index] > 0 ? " + shared" : "", m.latents + m.private_dims + shown[index],
          width));
    }
  }
  if (!study.spec.condition_on.empty()) {
    const Table table = condition_table(study);
    for (const Column& column : table.columns) model.conditions.push_back(column.name);
    const Cells cells =
        cells_of(TableEncoding::fit(table, continuous_columns(table), fit_rows), table);
    problem.conditions.count = static_cast<std::size_t>(cells.width);
    problem.conditions.values = cells.x;
  }
  if (problem.cells.size() - problem.shared.size() < 2) {
    throw ConfigError(
        "study: one modality; expected at least two, since a latent is found by its trace in "
        "another");
  }
  return problem;
}

std::uint64_t fingerprint_of(const StagedProblem& problem, const FitOptions& options) {
  std::string text;
  FitOptions plain = options;
  plain.threads = 0;
  plain.restarts = 0;  // restarts are units of their own, so that more can be added later
  class Writer : public SettingsVisitor {
   public:
    explicit Writer(std::string& out) : out_(out) {}
    void visit(const std::string& key, bool& v, const std::string&) override {
      put(key, v ? "1" : "0");
    }
    void visit(const std::string& key, std::int64_t& v, std::int64_t, std::int64_t,
               const std::string&) override {
      put(key, fmt::format("{}", v));
    }
    void visit(const std::string& key, double& v, double, double, const std::string&) override {
      put(key, fmt::format("{}", v));
    }
    void visit(const std::string& key, std::string& v, const std::vector<std::string>&,
               const std::string&) override {
      put(key, v);
    }

   private:
    void put(const std::string& key, const std::string& value) { out_ += key + "=" + value + ";"; }
    std::string& out_;
  } writer(text);
  visit_settings(plain, writer);
  text += fmt::format("version={};seed={};order={};", kVersion, options.seed, problem.order_given);
  for (std::size_t u = 0; u < problem.latents.size(); ++u)
    text += fmt::format("{}+{};", problem.latents[u], problem.privates[u]);
  for (const SharedUnit& block : problem.shared)
    text += fmt::format("shared={}:{};", block.unit, fmt::join(block.members, ","));
  for (std::size_t m = 0; m < problem.cells.size(); ++m) {
    const Cells& c = problem.cells[m];
    text +=
        fmt::format("{}:{}:{}:{};", problem.networks[m], problem.block_digests[m],
                    hash64({reinterpret_cast<const char*>(c.x.data()), c.x.size() * sizeof(float)}),
                    hash64({reinterpret_cast<const char*>(c.present.data()), c.present.size()}));
  }
  const auto add = [&](const char* what, const std::vector<float>& values) {
    if (values.empty()) return;
    text += fmt::format(
        "{}={};", what,
        hash64({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)}));
  };
  add("conditions", problem.conditions.values);
  add("labels", problem.labels);
  for (const std::size_t group : problem.groups) text += fmt::format("g{},", group);
  if (!problem.present.empty()) {
    text += fmt::format(
        "present={};",
        hash64({reinterpret_cast<const char*>(problem.present.data()), problem.present.size()}));
  }
  for (const std::uint32_t row : problem.split.validation) text += fmt::format("{},", row);
  return hash64(text);
}

}  // namespace polycause
