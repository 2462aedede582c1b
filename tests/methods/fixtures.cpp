#include "methods/fixtures.h"

#include <stdlib.h>

#include <cmath>
#include <numeric>

#include "base/random.h"

namespace polycause {

ScratchDirectory::ScratchDirectory() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "polycause-methods-XXXXXX").string();
  path_ = mkdtemp(pattern.data());
}

Simulated simulated(const std::string& name, const SimulateOptions& options, std::uint64_t seed) {
  Simulated result;
  result.truth = simulate(name, options, seed);
  const ScratchDirectory directory;
  write_simulation(result.truth, directory.path() + "/study");
  result.study = load_study(read_study_spec(directory.path() + "/study/study.toml"), seed);
  return result;
}

Simulated first_case(std::int64_t participants, std::uint64_t seed) {
  SimulateOptions options = simulation_preset("case1");
  options.participants = participants;
  return simulated("case1", options, seed);
}

FitOptions quick_options() {
  FitOptions options;
  options.prior = "additive";
  options.within_price = 0;  // fewer branches
  options.autoencoder_width = 16;
  options.conditioner_width = 16;
  options.autoencoder_epochs = 15;
  options.starts = 4;
  options.start_epochs = 8;
  options.branches = 1;
  options.branch_epochs = 20;
  options.restarts = 1;
  options.threads = 1;
  return options;
}

FitOptions hasty_options() {
  FitOptions options = quick_options();
  options.prior = "auto";
  options.autoencoder_epochs = 3;
  options.starts = 2;
  options.start_epochs = 2;
  options.branch_epochs = 3;
  return options;
}

Study some_of(const Study& study, const std::vector<std::size_t>& rows) {
  Study some = study;
  some.ids.clear();
  some.validation.clear();
  for (const std::size_t row : rows) {
    some.ids.push_back(study.ids[row]);
    some.validation.push_back(study.validation[row]);
  }
  for (std::size_t m = 0; m < study.modalities.size(); ++m) {
    Table& table = some.modalities[m].table;
    table.ids = some.ids;
    some.modalities[m].present.clear();
    for (const std::size_t row : rows) {
      if (!study.modalities[m].present.empty())
        some.modalities[m].present.push_back(study.modalities[m].present[row]);
    }
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      table.columns[c].values.clear();
      for (const std::size_t row : rows)
        table.columns[c].values.push_back(study.modalities[m].table.columns[c].values[row]);
    }
    if (const auto& blocks = study.modalities[m].blocks) {
      auto own = std::make_shared<Blocks>(blocks->shape(), rows.size(), BlockStorage::kFloat);
      std::vector<float> one(blocks->shape().size());
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto row = static_cast<std::uint32_t>(rows[i]);
        if (!blocks->present(row)) continue;
        blocks->read(&row, 1, one.data());
        own->write(i, one.data());
      }
      some.modalities[m].blocks = std::move(own);
    }
  }
  return some;
}

const Column& column_of(const Table& table, const std::string& name) {
  return table.columns.at(table.find(name));
}

std::vector<float> chain_of_latents(std::size_t n, const std::vector<std::size_t>& place) {
  const std::size_t modalities = place.size();
  std::vector<float> z(n * 2 * modalities);
  Random random(61, "chain");
  for (std::size_t i = 0; i < n; ++i) {
    double cause[2] = {random.laplace(), random.laplace()};
    for (std::size_t m = 0; m < modalities; ++m) {
      for (std::size_t k = 0; k < 2; ++k) {
        if (m > 0) cause[k] = std::tanh(2 * cause[k]) + 0.5 * random.laplace();
        z[i * 2 * modalities + 2 * place[m] + k] = static_cast<float>(cause[k]);
      }
    }
  }
  return z;
}

Split split_of(std::uint32_t train, std::uint32_t validation) {
  Split split;
  split.train.resize(train);
  split.validation.resize(validation);
  std::iota(split.train.begin(), split.train.end(), 0u);
  std::iota(split.validation.begin(), split.validation.end(), train);
  return split;
}

}  // namespace polycause
