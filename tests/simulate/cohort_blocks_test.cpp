// Pictures and nights of the cohort: what each latent does, and what stays as it was.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

#include "polycause/error.h"
#include "polycause/simulate.h"
#include "simulate/fundus.h"
#include "simulate/links.h"
#include "simulate/night.h"

namespace polycause {
namespace {

using simulation::Eye;
using simulation::Night;

constexpr std::size_t kSize = 32;
constexpr std::size_t kMinutes = 480;

SimulateOptions small() {
  SimulateOptions options = simulation_preset("cohort");
  options.participants = 400;
  return options;
}

const SimulatedBlocks& blocks_of(const Simulation& s, const std::string& name) {
  return *std::find_if(s.blocks.begin(), s.blocks.end(),
                       [&](const SimulatedBlocks& b) { return b.name == name; });
}

std::vector<float> values_of(const SimulatedBlocks& blocks, std::size_t row) {
  std::size_t size = 1;
  for (const std::size_t d : blocks.shape) size *= d;
  std::vector<float> values(size);
  blocks.draw(row, values.data());
  return values;
}

std::vector<float> fundus(const Eye& eye) {
  std::vector<float> values(kSize * kSize * 3);
  Random random(1, "fundus test");
  draw_fundus(eye, kSize, random, values.data());
  return values;
}

// Mean of a channel, or of the share of pixels that `counts`.
template <class F>
double mean_of(const std::vector<float>& picture, F&& value) {
  double sum = 0;
  for (std::size_t k = 0; k < picture.size(); k += 3) {
    sum += value(picture[k], picture[k + 1], picture[k + 2]);
  }
  return sum / (static_cast<double>(picture.size()) / 3);
}

bool is_blood(float red, float green, float) { return red > 60 && red < 160 && green < 70; }
bool is_cup(float red, float green, float) { return red > 230 && green > 200; }

TEST(Fundus, EachLatentChangesWhatItIsNamedAfter) {
  const auto at = [](double narrowing, double cupping, double yellowing) {
    Eye eye;
    eye.narrowing = narrowing;
    eye.cupping = cupping;
    eye.yellowing = yellowing;
    return fundus(eye);
  };
  const auto blue = [](float, float, float b) { return static_cast<double>(b); };
  EXPECT_GT(mean_of(at(-1.5, 0, 0), is_blood), 2 * mean_of(at(1.5, 0, 0), is_blood));
  EXPECT_GT(mean_of(at(0, 1.5, 0), is_cup), 2.5 * mean_of(at(0, -1.5, 0), is_cup));
  EXPECT_GT(mean_of(at(0, 0, -1.5), blue), 1.7 * mean_of(at(0, 0, 1.5), blue));
  EXPECT_NEAR(mean_of(at(0, 1.5, 0), is_blood), mean_of(at(0, -1.5, 0), is_blood), 0.02);
}

TEST(Fundus, EveryStepOfALatentShows) {
  for (int latent = 0; latent < 3; ++latent) {
    for (double z = -5; z < 5; z += 0.5) {
      const auto at = [&](double v) {
        Eye eye;
        (latent == 0 ? eye.narrowing : latent == 1 ? eye.cupping : eye.yellowing) = v;
        return fundus(eye);
      };
      const std::vector<float> a = at(z), b = at(z + 0.5);
      double change = 0;
      for (std::size_t k = 0; k < a.size(); ++k) change += std::fabs(a[k] - b[k]);
      EXPECT_GT(change, 10) << latent << " at " << z;  // same noise in both
    }
  }
}

TEST(Fundus, TheRightEyeMirrorsTheLeft) {
  const auto disc_column = [](bool right) {
    Eye eye;
    eye.right = right;
    const std::vector<float> p = fundus(eye);
    double sum = 0, moment = 0;
    for (std::size_t k = 0; k < p.size(); k += 3) {
      const double disc = std::max(0.0, p[k + 1] - 140.0);  // nothing else is as green
      sum += disc;
      moment += disc * static_cast<double>(k / 3 % kSize);
    }
    return moment / sum;
  };
  EXPECT_NEAR(disc_column(true) + disc_column(false), kSize - 1.0, 0.5);
  EXPECT_GT(disc_column(true), 18);
}

std::vector<float> record(const Night& night, std::uint64_t seed) {
  std::vector<float> values(kMinutes * simulation::kNightChannels);
  Random random(seed, "night test");
  draw_night(night, kMinutes, random, values.data());
  return values;
}

double channel_mean(const std::vector<float>& night, std::size_t channel) {
  double sum = 0, count = 0;
  for (std::size_t k = channel; k < night.size(); k += simulation::kNightChannels) {
    if (std::isnan(night[k])) continue;
    sum += night[k];
    count += 1;
  }
  return sum / count;
}

TEST(Nights, EachLatentChangesWhatItIsNamedAfter) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const auto at = [&](double apnoea, double restless, double heart_rate) {
      Night night;
      night.apnoea = apnoea;
      night.restless = restless;
      night.heart_rate = heart_rate;
      return record(night, seed);
    };
    const std::vector<float> calm = at(-1, 0, 0), apnoea = at(1, 0, 0);
    EXPECT_GT(channel_mean(calm, 0), channel_mean(apnoea, 0) + 1);      // saturation falls
    EXPECT_GT(channel_mean(apnoea, 1), channel_mean(calm, 1) + 0.5);    // heart rate rises
    EXPECT_NEAR(channel_mean(apnoea, 2), channel_mean(calm, 2), 0.01);  // movement does not
    EXPECT_GT(channel_mean(apnoea, 3), channel_mean(calm, 3) + 4);      // snoring
    EXPECT_GT(channel_mean(at(0, 1, 0), 2), 1.5 * channel_mean(at(0, -1, 0), 2));
    EXPECT_NEAR(channel_mean(at(0, 0, 1), 1) - channel_mean(at(0, 0, -1), 1),
                2 * 16 / std::sqrt(5.0), 0.5);
  }
}

TEST(Nights, AFallOfTheSaturationBringsARiseOfTheHeartRate) {
  Night night;
  night.apnoea = 1;
  const std::vector<float> n = record(night, 2);
  double after_events = 0, events = 0, after_others = 0, others = 0;
  for (std::size_t t = 30; t + 1 < kMinutes; ++t) {
    const double spo2 = n[t * 4], rate = n[(t + 1) * 4 + 1];
    if (std::isnan(spo2) || std::isnan(rate)) continue;
    (spo2 < 92 ? after_events : after_others) += rate;
    (spo2 < 92 ? events : others) += 1;
  }
  ASSERT_GT(events, 30);
  EXPECT_GT(after_events / events, after_others / others + 2);
}

TEST(Nights, AFewLackTheOximeterForAWhileAndAllElseIsPlausible) {
  SimulateOptions o = small();
  o.pictures = "off";
  const Simulation s = simulate("cohort", o, 7);
  const SimulatedBlocks& nights = blocks_of(s, "night");
  double with_gap = 0;
  for (std::size_t i = 0; i < nights.ids.size(); ++i) {
    const std::vector<float> n = values_of(nights, i);
    bool gap = false;
    for (std::size_t t = 0; t < kMinutes; ++t) {
      EXPECT_EQ(std::isnan(n[t * 4]), std::isnan(n[t * 4 + 1]));
      if (std::isnan(n[t * 4])) {
        gap = true;
        continue;
      }
      EXPECT_TRUE(n[t * 4] >= 50 && n[t * 4] <= 100);
      EXPECT_TRUE(n[t * 4 + 1] >= 30 && n[t * 4 + 1] <= 140);
      EXPECT_TRUE(n[t * 4 + 2] >= 0 && n[t * 4 + 3] > 10 && n[t * 4 + 3] < 80);
    }
    with_gap += gap ? 1 : 0;
  }
  EXPECT_NEAR(with_gap / static_cast<double>(nights.ids.size()), 0.05, 0.04);
}

TEST(CohortBlocks, TablesAndTheirTruthStayAsTheyWere) {
  SimulateOptions o = small();
  const Simulation with = simulate("cohort", o, 3);
  o.pictures = "off";
  o.nights = 0;
  const Simulation without = simulate("cohort", o, 3);
  EXPECT_TRUE(without.blocks.empty());
  ASSERT_EQ(without.latents.columns.size(), 8u);
  ASSERT_EQ(with.latents.columns.size(), 17u);
  for (std::size_t k = 0; k < 8; ++k) {
    EXPECT_EQ(with.latents.columns[k].name, without.latents.columns[k].name);
    EXPECT_EQ(with.latents.columns[k].values, without.latents.columns[k].values);
  }
  ASSERT_EQ(with.tables.size(), without.tables.size());
  for (std::size_t m = 0; m < with.tables.size(); ++m) {
    EXPECT_EQ(with.tables[m].ids, without.tables[m].ids);
    for (std::size_t k = 0; k < with.tables[m].columns.size(); ++k) {
      const std::vector<double>& a = with.tables[m].columns[k].values;
      const std::vector<double>& b = without.tables[m].columns[k].values;
      ASSERT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) {
        return x == y || (std::isnan(x) && std::isnan(y));
      }));
    }
  }
}

TEST(CohortBlocks, EveryModalityHasFullStructuralRank) {
  SimulateOptions o = small();
  o.participants = 50;
  o.nights = 3;
  const Simulation s = simulate("cohort", o, 1);
  ASSERT_EQ(s.blocks.size(), 5u);
  EXPECT_EQ(s.blocks[1].name, "night_2");
  simulation::Links links;
  std::vector<std::string> names;
  for (const Node& node : s.graph.nodes) {
    if (names.empty() || names.back() != node.modality) names.push_back(node.modality);
    links.modality.push_back(names.size() - 1);
  }
  ASSERT_EQ(names.size(), 9u);
  links.parents.resize(links.modality.size());
  for (const Edge& e : s.graph.edges) {
    EXPECT_LT(links.modality[e.source], links.modality[e.target]);
    links.parents[e.target].push_back(e.source);
  }
  for (std::size_t m = 0; m < names.size(); ++m) {
    const auto latents = std::count(links.modality.begin(), links.modality.end(), m);
    EXPECT_EQ(structural_rank(links, m), static_cast<std::size_t>(latents)) << names[m];
  }
}

TEST(CohortBlocks, PicturesBelongToTheirParticipants) {
  const Simulation s = simulate("cohort", small(), 6);
  for (const char* name : {"fundus_left", "fundus_right"}) {
    const SimulatedBlocks& eyes = blocks_of(s, name);
    EXPECT_GT(eyes.ids.size(), 370u);
    EXPECT_LT(eyes.ids.size(), 400u);
    EXPECT_EQ(std::set<std::string>(eyes.ids.begin(), eyes.ids.end()).size(), eyes.ids.size());
    std::unordered_map<std::string, double> yellowing;
    const Column& latent = s.latents.columns[s.latents.find(std::string(name) + ".z3")];
    for (std::size_t i = 0; i < s.latents.rows(); ++i) {
      yellowing[s.latents.ids[i]] = latent.values[i];
    }
    double low = 0, high = 0, lows = 0, highs = 0;
    for (std::size_t i = 0; i < eyes.ids.size(); ++i) {
      const std::vector<float> p = values_of(eyes, i);
      for (const float v : p) ASSERT_TRUE(v >= 0 && v <= 255 && v == std::round(v));
      const double share = mean_of(p, [](float, float, float b) { return double{b}; }) /
                           mean_of(p, [](float r, float, float) { return double{r}; });
      const double z = yellowing[eyes.ids[i]];
      if (z < -0.7) low += share, lows += 1;
      if (z > 0.7) high += share, highs += 1;
    }
    EXPECT_GT(low / lows, high / highs + 0.1) << name;
  }
}

TEST(CohortBlocks, BothEyesFollowTheSameCausesEachWithItsOwnNoise) {
  SimulateOptions o = small();
  o.participants = 4000;
  const Simulation s = simulate("cohort", o, 2);
  const auto correlation = [&](const std::string& a, const std::string& b) {
    const std::vector<double>& x = s.latents.columns[s.latents.find(a)].values;
    const std::vector<double>& y = s.latents.columns[s.latents.find(b)].values;
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
    return sum / static_cast<double>(x.size());
  };
  for (const char* k : {"z1", "z2", "z3"}) {
    const double r = correlation(std::string("fundus_left.") + k, std::string("fundus_right.") + k);
    EXPECT_GT(r, 0.6) << k;
    EXPECT_LT(r, 0.85) << k;
  }
  EXPECT_GT(correlation("sleep.z1", "night.z1"), 0.7);
  EXPECT_LT(correlation("sleep.z2", "night.z2"), -0.7);
  EXPECT_GT(correlation("vessels.z1", "fundus_left.z1"), 0.7);
}

TEST(CohortBlocks, TablesBecomeCovariatesAndTheirSourcesHidden) {
  SimulateOptions options = small();
  options.nights = 2;
  options.recordings = "npy";
  const Simulation whole = simulate("cohort", options, 3);
  options.tables = "covariates";
  const Simulation beside = simulate("cohort", options, 3);
  // The same people: the tables only change their place.
  for (const Column& column : beside.latents.columns) {
    const std::size_t k = whole.latents.find(column.name);
    ASSERT_LT(k, whole.latents.columns.size()) << column.name;
    EXPECT_EQ(column.values, whole.latents.columns[k].values);
  }
  EXPECT_EQ(beside.latents.columns.size(), 12u);  // two nights, two eyes
  EXPECT_EQ(whole.latents.columns.size(), 20u);
  EXPECT_TRUE(beside.graph.edges.empty());  // every cause of theirs is hidden
  const auto document = [](const Simulation& s, const std::string& name) -> std::string {
    for (const auto& [file, text] : s.documents) {
      if (file == name) return text;
    }
    return "";
  };
  const std::string edges = document(beside, "truth/hidden_edges.csv");
  EXPECT_NE(edges.find("\nsleep.z1,night_1.z1\n"), std::string::npos);
  EXPECT_NE(edges.find("\nbody.z1,blood.z1\n"), std::string::npos);
  EXPECT_EQ(document(beside, "truth/hidden.csv").substr(0, 37),
            "sample_id,body.z1,body.z2,body.eta1,b");
  EXPECT_EQ(document(whole, "truth/hidden_edges.csv"), "");
  const std::string columns = document(whole, "truth/column_edges.csv");
  EXPECT_NE(columns.find("\nsleep.z1,sleep.odi\n"), std::string::npos);
  EXPECT_NE(columns.find("\nbody.weight,body.bmi\n"), std::string::npos);
  EXPECT_EQ(columns.find("body.z1,body.bmi"), std::string::npos);
  EXPECT_NE(beside.study_toml.find("[[covariates]]\nname = \"body\"\npath = \"body.csv\"\n"
                                   "exclude = [\"bmi\"]\n"),
            std::string::npos);
  EXPECT_EQ(beside.study_toml.find("[[modality]]\nname = \"body\""), std::string::npos);
}

TEST(CohortBlocks, TablesAsCovariatesNeedTwoModalitiesBeside) {
  SimulateOptions options = small();
  options.tables = "covariates";
  options.pictures = "off";
  EXPECT_THROW(simulate("cohort", options, 1), ConfigError);
  options.nights = 2;
  EXPECT_NO_THROW(simulate("cohort", options, 1));
}

TEST(CohortBlocks, RefusesWhatItDoesNotUse) {
  SimulateOptions o = small();
  o.graph = "all_linked";
  EXPECT_THROW(simulate("cohort", o, 1), ConfigError);
  o = small();
  o.nights = 8;
  EXPECT_THROW(simulate("cohort", o, 1), ConfigError);
  o = small();
  o.recordings = "edf";
  EXPECT_THROW(simulate("cohort", o, 1), ConfigError);
  o = simulation_preset("case1");
  o.minutes = 100;
  EXPECT_THROW(simulate("case1", o, 1), ConfigError);
}

}  // namespace
}  // namespace polycause
