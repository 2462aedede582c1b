// Saving, loading and encoding: the same participants, new ones, ones with gaps; damaged files.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "methods/fixtures.h"
#include "polycause/error.h"
#include "polycause/evaluate.h"

namespace polycause {
namespace {

using Json = nlohmann::ordered_json;

bool equal_values(const Table& a, const Table& b) {
  if (a.ids != b.ids || a.columns.size() != b.columns.size()) return false;
  for (std::size_t c = 0; c < a.columns.size(); ++c) {
    if (a.columns[c].name != b.columns[c].name || a.columns[c].values != b.columns[c].values)
      return false;
  }
  return true;
}

std::vector<std::size_t> range(std::size_t begin, std::size_t end) {
  std::vector<std::size_t> rows;
  for (std::size_t i = begin; i < end; ++i) rows.push_back(i);
  return rows;
}

TEST(ModelFile, EncodesTheFitsParticipantsAsTheFitDid) {
  for (const char* prior : {"additive", "general"}) {
    const Simulated data = first_case(400, 3);
    FitOptions options = hasty_options();
    options.prior = prior;
    const Fit fit = train(data.study, options);
    EXPECT_EQ(fit.prior, prior);
    const ScratchDirectory directory;
    fit.model.save(directory.path() + "/model");
    const Model model = Model::load(directory.path() + "/model");
    const Encoding again = encode(model, data.study);
    EXPECT_TRUE(equal_values(again.latents, fit.encoding.latents)) << prior;
    EXPECT_TRUE(equal_values(again.private_parts, fit.encoding.private_parts)) << prior;
    EXPECT_TRUE(equal_values(again.exogenous, fit.encoding.exogenous)) << prior;
    ASSERT_EQ(model.modalities().size(), 2u);
    EXPECT_EQ(model.modalities()[1].name, data.study.modalities[1].name);
    EXPECT_EQ(model.modalities()[1].table.columns.size(), 15u);
    model.save(directory.path() + "/again");
    for (const char* file : {"/model.json", "/model.safetensors"}) {
      EXPECT_EQ(read_file(directory.path() + "/again" + file),
                read_file(directory.path() + "/model" + file));
    }
  }
}

TEST(ModelFile, NewParticipantsGetTheirOwnLatents) {
  const Simulated data = first_case(2000, 2);
  const Study fitted = some_of(data.study, range(0, 1500));
  const Study fresh = some_of(data.study, range(1500, 2000));
  const Fit fit = train(fitted, quick_options());
  const Encoding encoding = encode(fit.model, fresh);
  EXPECT_EQ(encoding.latents.ids, fresh.ids);
  const Scores scores = evaluate(encoding.latents, data.truth.latents, nullptr, nullptr);
  EXPECT_EQ(scores.participants, 500u);
  EXPECT_GT(scores.mcc_spearman, 0.9);
  // One at a time gives what all together give.
  const Encoding one = encode(fit.model, some_of(fresh, {7}));
  for (std::size_t c = 0; c < 4; ++c) {
    EXPECT_EQ(one.latents.columns[c].values[0], encoding.latents.columns[c].values[7]);
  }
  EXPECT_TRUE(encode(fit.model, some_of(fresh, {})).latents.ids.empty());
}

TEST(ModelFile, GapsInTheFitAndInNewParticipants) {
  Simulated data = first_case(400, 3);
  const double gap = std::numeric_limits<double>::quiet_NaN();
  const Fit complete = train(data.study, hasty_options());
  Study gappy = data.study;
  for (std::size_t i = 0; i < 400; i += 3)
    gappy.modalities[0].table.columns[i % 15].values[i] = gap;
  for (const Fit& fit : {train(gappy, hasty_options()), train(data.study, hasty_options())}) {
    const Encoding encoding = encode(fit.model, gappy);
    for (const Column& column : encoding.latents.columns) {
      for (const double v : column.values) ASSERT_TRUE(std::isfinite(v)) << column.name;
    }
  }
  const Fit with_gaps = train(gappy, hasty_options());
  EXPECT_TRUE(equal_values(encode(with_gaps.model, gappy).latents, with_gaps.encoding.latents));
}

TEST(ModelFile, OtherColumnsAreRefused) {
  const Simulated data = first_case(300, 3);
  const Fit fit = train(data.study, hasty_options());
  Study other = data.study;
  other.modalities[0].table.columns[3].name = "renamed";
  EXPECT_THROW(encode(fit.model, other), DataError);
  Study fewer = data.study;
  fewer.modalities.pop_back();
  EXPECT_THROW(encode(fit.model, fewer), Error);
}

class Damage : public testing::Test {
 protected:
  Damage() {
    const Simulated data = first_case(300, 3);
    train(data.study, hasty_options()).model.save(directory_.path());
    json_ = Json::parse(read_file(directory_.path() + "/model.json"));
  }
  void overwrite(const std::string& name, const std::string& bytes) const {
    std::ofstream(directory_.path() + "/" + name, std::ios::binary | std::ios::trunc) << bytes;
  }
  void expect_refused(const Json& json, const std::string& what) const {
    overwrite("model.json", json.dump());
    try {
      Model::load(directory_.path());
      ADD_FAILURE() << "accepted: " << what;
    } catch (const DataError& error) {
      EXPECT_NE(std::string(error.what()).find("model."), std::string::npos)
          << what << ": " << error.what();
    }
  }
  /// The model with the value at a path replaced.
  void expect_refused_with(const std::string& pointer, const Json& value) const {
    Json changed = json_;
    changed.at(Json::json_pointer(pointer)) = value;
    expect_refused(changed, pointer + " = " + value.dump());
  }

  ScratchDirectory directory_;
  Json json_;
};

TEST_F(Damage, AModelThatIsWholeIsAccepted) {
  overwrite("model.json", json_.dump());
  EXPECT_EQ(Model::load(directory_.path()).modalities().size(), 2u);
}

TEST_F(Damage, FilesThatAreAbsentOrCut) {
  EXPECT_THROW(Model::load(directory_.path() + "/absent"), DataError);
  const std::string text = json_.dump();
  for (std::size_t size = 0; size < text.size(); size += 997) {
    overwrite("model.json", text.substr(0, size));
    EXPECT_THROW(Model::load(directory_.path()), DataError) << size;
  }
  overwrite("model.json", text);
  const std::string tensors = read_file(directory_.path() + "/model.safetensors");
  for (const std::size_t size : {std::size_t{0}, std::size_t{100}, tensors.size() - 1}) {
    overwrite("model.safetensors", tensors.substr(0, size));
    EXPECT_THROW(Model::load(directory_.path()), DataError) << size;
  }
}

TEST_F(Damage, ValuesThatDoNotFitTogether) {
  expect_refused_with("/format", 1);
  expect_refused_with("/units", Json::array());
  expect_refused_with("/units", Json::array({0, 0}));
  expect_refused_with("/units", Json::array({1, 0}));
  expect_refused_with("/units", Json::array({0, 1, 1}));
  expect_refused_with("/modalities/0/kind", "image");
  expect_refused_with("/modalities", Json::array());
  expect_refused_with("/modalities/0/latents", 3);
  expect_refused_with("/modalities/0/latents", -1);
  expect_refused_with("/modalities/0/private", 5);
  expect_refused_with("/modalities/0/columns/0/type", "colour");
  expect_refused_with("/encodings", Json::array());
  expect_refused_with("/encodings/0/version", 99);
  expect_refused_with("/autoencoders/0/width", 14);
  expect_refused_with("/autoencoders/0/width", -14);
  expect_refused_with("/autoencoders/0/width", 2000000000);
  expect_refused_with("/autoencoders/0/code", 4);
  expect_refused_with("/autoencoders/0/code", 0);
  expect_refused_with("/autoencoders/0/hidden", 1000000000);
  expect_refused_with("/autoencoders/0/hidden", -16);
  expect_refused_with("/autoencoders/0/masked", "yes");
  expect_refused_with("/autoencoders/0/whitening", Json::array({1, 2, 3}));
  expect_refused_with("/density/latents", Json::array({2}));
  expect_refused_with("/density/latents", Json::array({2, -2}));
  expect_refused_with("/density/latents", Json::array({1, 3}));
  expect_refused_with("/density/latents", Json::array({2, 2000000000}));
  expect_refused_with("/density/private", Json::array());
  expect_refused_with("/density/hidden", -32);
  expect_refused_with("/density/hidden", 1000000000);
  expect_refused_with("/density/layers_per_width", -1);
  expect_refused_with("/density/layers_per_width", 1000000000);
  expect_refused_with("/density/prior", "magic");
  expect_refused_with("/density/pairs/0", Json::array({0, 999}));
  expect_refused_with("/density/pairs/0", Json::array({-1, 2}));
  expect_refused_with("/density/pairs/0", Json::array({0}));
  expect_refused_with("/density/pairs/0", Json::array({1, 1}));  // its own cause
  expect_refused_with("/latents", Json::array());
  expect_refused_with("/latents/0", Json::array({0, 0, 1}));  // sd 0
  expect_refused_with("/exogenous", Json::array({Json::array({0, 1, 1})}));
  for (const auto& [key, value] : json_.items()) {
    if (key == "method") continue;
    Json without = json_;
    without.erase(key);
    expect_refused(without, "without " + key);
  }
}

TEST_F(Damage, FilesOfTwoFits) {
  const Simulated data = first_case(300, 3);
  FitOptions options = hasty_options();
  options.conditioner_width = 32;
  const ScratchDirectory other;
  train(data.study, options).model.save(other.path());
  overwrite("model.json", read_file(other.path() + "/model.json"));
  EXPECT_THROW(Model::load(directory_.path()), DataError);
}

}  // namespace
}  // namespace polycause
