// Codes of a participant do not depend on who else is encoded.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>

#include "base/random.h"
#include "fixtures.h"
#include "networks/networks.h"

namespace polycause {
namespace {

constexpr std::size_t kPeople = 300;  // more than are encoded at once

void add_table(Study& study, const std::vector<double>& hidden, Random& random) {
  Modality table;
  table.name = "blood";
  table.kind = "tabular";
  table.latents = 1;
  table.rank_normal.assign(4, false);
  for (std::size_t j = 0; j < 4; ++j) {
    Column column;
    column.name = "c" + std::to_string(j);
    for (std::size_t i = 0; i < kPeople; ++i)
      column.values.push_back(hidden[i] * static_cast<double>(j + 1) + random.normal());
    table.table.columns.push_back(column);
  }
  study.modalities.push_back(table);
}

void add_blocks(Study& study, const std::string& name, const std::string& network,
                const BlockShape& shape, const std::vector<double>& hidden, Random& random) {
  Modality modality;
  modality.name = name;
  modality.kind = shape.kind;
  modality.latents = network == "streams" ? 2 : 1;
  modality.network = network;
  modality.present.assign(kPeople, true);
  auto blocks = std::make_shared<Blocks>(shape, kPeople, BlockStorage::kFloat);
  std::vector<float> one(shape.size());
  for (std::size_t i = 0; i < kPeople; ++i) {
    if (i % 11 == 5) {
      modality.present[i] = false;
      continue;
    }
    const double level = 1 / (1 + std::exp(-hidden[i]));
    for (std::size_t k = 0; k < one.size(); ++k)
      one[k] = static_cast<float>(k % 3 == 0 ? level : 0.2 + 0.1 * random.uniform());
    if (shape.kind == "series" && i % 4 == 0) one[3] = std::numeric_limits<float>::quiet_NaN();
    blocks->write(i, one.data());
  }
  modality.blocks = std::move(blocks);
  study.modalities.push_back(modality);
}

/// A table, then pictures and series of what it says.
Study study_with(const std::string& pictures, const std::string& series) {
  Study study;
  study.spec.name = "company";
  Random random(3, "company");
  std::vector<double> hidden;
  for (std::size_t i = 0; i < kPeople; ++i) {
    hidden.push_back(random.normal());
    study.ids.push_back("p" + std::to_string(1000 + i));
    study.validation.push_back(i % 6 == 0);
  }
  study.groups = study.ids;
  add_table(study, hidden, random);
  add_blocks(study, "eye", pictures, {"image", 3, 16, 16, 0, {"red", "green", "blue"}}, hidden,
             random);
  add_blocks(study, "night", series, {"series", 2, 1, 48, 1, {"pulse", "snore"}}, hidden, random);
  for (Modality& modality : study.modalities) modality.table.ids = study.ids;
  return study;
}

class Company : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(Company, LeavesCodesAsTheyAre) {
  if (networks_status().rfind("absent", 0) == 0) GTEST_SKIP() << "this build has no LibTorch";
  const Study study = study_with(GetParam().first, GetParam().second);
  FitOptions options = hasty_options();
  options.network_epochs = 1;
  const Model model = train(study, options).model;
  const Encoding all = encode(model, study);
  const std::vector<std::vector<std::size_t>> companies = {
      {0}, {5}, {17, 4, 5, 299}};  // 5 has no blocks
  for (const std::vector<std::size_t>& rows : companies) {
    const Encoding own = encode(model, some_of(study, rows));
    for (const auto& [a, b] :
         {std::pair{&all.latents, &own.latents}, std::pair{&all.private_parts, &own.private_parts},
          std::pair{&all.exogenous, &own.exogenous}}) {
      for (std::size_t j = 0; j < a->columns.size(); ++j) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
          const double expected = a->columns[j].values[rows[i]];
          const double found = b->columns[j].values[i];
          EXPECT_TRUE(expected == found || (std::isnan(expected) && std::isnan(found)))
              << a->columns[j].name << " of " << rows[i] << ": " << found - expected;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, Company,
                         ::testing::Values(std::pair{"small", "tcn"},
                                           std::pair{"streams", "lstm"}));

}  // namespace
}  // namespace polycause
