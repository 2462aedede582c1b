// Whole fits: tables and curves whose latents lie on a grid of known features.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "networks/plugin/pima/trainer.h"

namespace polycause {
namespace {

using torch::Tensor;
constexpr std::int64_t kPeople = 1200;
constexpr std::int64_t kColumns = 8;

/// Two nodes, 0 -> 1, of three outcomes: two tables that are curved functions of both, or a table
/// and a straight line by node 0.
struct World {
  Tensor features;             // (n, 2) long
  std::vector<Tensor> values;  // per modality (n, 1, 1, width)
  std::vector<PimaInput> inputs;
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> held_out;
};

PimaInput input_of(const std::string& name, const Tensor& values) {
  PimaInput input;
  input.name = name;
  input.shape.kind = "table";
  input.shape.width = static_cast<std::size_t>(values.size(3));
  const auto width = input.shape.width;
  input.read = [values, width](const std::uint32_t* rows, std::size_t count, float* out) {
    for (std::size_t i = 0; i < count; ++i)
      std::memcpy(out + i * width, values.data_ptr<float>() + rows[i] * width,
                  width * sizeof(float));
  };
  return input;
}

World make_world(std::uint64_t seed) {
  World world;
  at::Generator generator = torch::make_generator<at::CPUGeneratorImpl>(seed);
  const Tensor a =
      torch::multinomial(torch::tensor({0.4f, 0.35f, 0.25f}), kPeople, true, generator);
  const Tensor copies = torch::rand({kPeople}, generator) < 0.6;
  const Tensor b = torch::where(copies, a, torch::randint(0, 3, {kPeople}, generator));
  world.features = torch::stack({a, b}, 1);
  const Tensor z =
      torch::stack({a, b}, 1).to(torch::kFloat) - 1 + 0.15 * torch::randn({kPeople, 2}, generator);
  for (int m = 0; m < 2; ++m) {
    const Tensor map = torch::randn({2, kColumns}, generator);
    const Tensor x = torch::tanh(0.4 * z.mm(map)) +
                     0.3 * z.mm(torch::randn({2, kColumns}, generator)) +
                     0.03 * torch::randn({kPeople, kColumns}, generator);
    world.values.push_back(x.contiguous().view({kPeople, 1, 1, kColumns}));
    world.inputs.push_back(input_of("table" + std::to_string(m), world.values.back()));
  }
  for (std::uint32_t i = 0; i < kPeople; ++i)
    (i % 10 == 0 ? world.held_out : world.train).push_back(i);
  return world;
}

PimaOptions options_of(std::uint64_t seed) {
  PimaOptions options;
  options.outcomes = {3, 3};
  options.latents = 3;
  options.width = 32;
  options.graph = "potentials";
  options.responsibility = "exact";
  options.start = "additive";
  options.pretrain_epochs = 25;
  options.epochs = 8;
  options.batch = 64;
  options.rate = 3e-3;
  options.seed = seed;
  return options;
}

PimaCode code_of(const PimaModel& model, const World& world) {
  std::vector<const float*> values;
  for (const Tensor& t : world.values) values.push_back(t.data_ptr<float>());
  return model.encode(values, kPeople);
}

/// Share of participants whose node is right, nodes and outcomes matched.
double accuracy(const std::vector<float>& gamma, const Tensor& features) {
  const Tensor joint = torch::from_blob(const_cast<float*>(gamma.data()), {kPeople, 9}).argmax(1);
  const std::vector<Tensor> found{torch::div(joint, 3, "floor"), joint.remainder(3)};
  double best = 0;
  for (const bool swapped : {false, true}) {
    double sum = 0;
    for (std::int64_t node = 0; node < 2; ++node) {
      const Tensor own = found[static_cast<std::size_t>(swapped ? 1 - node : node)];
      std::vector<std::int64_t> map{0, 1, 2};
      double most = 0;
      do {
        const Tensor named = torch::tensor(map).index_select(0, own);
        most = std::max(
            most, named.eq(features.select(1, node)).to(torch::kDouble).mean().item<double>());
      } while (std::next_permutation(map.begin(), map.end()));
      sum += most;
    }
    best = std::max(best, sum / 2);
  }
  return best;
}

TEST(PimaFit, FindsFeaturesAndNetwork) {
  for (const std::uint64_t seed : {1U, 2U}) {
    const World world = make_world(seed);
    const auto model =
        fit_pima_networks(world.inputs, world.train, world.held_out, options_of(seed));
    const PimaCode code = code_of(*model, world);
    EXPECT_GT(accuracy(code.gamma, world.features), 0.95) << seed;
    const std::vector<bool>& parents = model->network().parents;
    EXPECT_EQ(parents[1] + parents[2], 1) << seed;
    EXPECT_GT(model->network().margins[parents[1] ? 1 : 2], 0.05);
    double total = 0;
    for (const double a : model->network().joint) total += a;
    EXPECT_NEAR(total, 1, 1e-5);
    EXPECT_GT(model->quality().explained[0], 0.8);
    EXPECT_GT(model->quality().predicted[0], 0.6);
    EXPECT_GT(model->quality().information, 1);
    std::printf("seed %d: accuracy %.3f, bound %.2f, predicted %.2f\n", static_cast<int>(seed),
                accuracy(code.gamma, world.features), model->quality().bound,
                model->quality().predicted[0]);
  }
}

/// Where the truth lies on the grid of both nodes, as if a search had found it.
PimaGrid true_grid(const World& world, const std::vector<std::uint32_t>& people) {
  PimaGrid grid;
  for (const std::uint32_t row : people) {
    for (std::int64_t c = 0; c < 9; ++c) grid.responsibilities.push_back(0);
    std::int64_t joint = 0;
    for (std::int64_t node = 0; node < 2; ++node) {
      const auto own = world.features[row][node].item<std::int64_t>();
      joint = joint * 3 + own;
      grid.coordinates.push_back(static_cast<float>(own - 1));
    }
    grid.responsibilities[grid.responsibilities.size() - 9 + static_cast<std::size_t>(joint)] = 1;
  }
  for (int c = 0; c < 9; ++c) {
    grid.positions.push_back(static_cast<float>(c / 3 - 1));
    grid.positions.push_back(static_cast<float>(c % 3 - 1));
    grid.spread.insert(grid.spread.end(), {0.3F, 0.3F});
  }
  return grid;
}

TEST(PimaFit, AGridGivesEveryNodeALatentOfItsOwn) {
  const World world = make_world(9);
  PimaOptions options = options_of(9);
  options.start = "grid";
  options.means = "own";
  options.encoders_held = true;
  options.grid = [&](const float* latents, std::size_t count, std::size_t,
                     const std::vector<int>&) {
    EXPECT_EQ(count, world.train.size());
    PimaGrid grid = true_grid(world, world.train);
    grid.rest.assign(latents, latents + count * 3);
    return grid;
  };
  const auto model = fit_pima_networks(world.inputs, world.train, world.held_out, options);
  const PimaCode code = code_of(*model, world);
  EXPECT_GT(accuracy(code.gamma, world.features), 0.97);
  EXPECT_GT(model->quality().explained[0], 0.8);
  const Tensor z = torch::from_blob(const_cast<float*>(code.mean.data()), {kPeople, 3});
  for (std::int64_t node = 0; node < 2; ++node) {
    const Tensor pair =
        torch::stack({z.select(1, node), world.features.select(1, node).to(torch::kFloat)});
    EXPECT_GT(torch::corrcoef(pair)[0][1].item<double>(), 0.95) << node;
  }
  // A latent differs by the outcomes of its own node only.
  const std::vector<float>& means = model->means();
  const std::vector<float>& variances = model->variances();
  for (std::size_t c = 0; c < 9; ++c) {
    EXPECT_EQ(means[c * 3], means[c / 3 * 3 * 3]);
    EXPECT_EQ(variances[c * 3 + 1], variances[c % 3 * 3 + 1]);
    EXPECT_EQ(means[c * 3 + 2], means[2]);
  }
}

TEST(PimaFit, BlockUpdatesRaiseTheBoundOfATrainedModel) {
  const World world = make_world(3);
  PimaOptions options = options_of(3);
  options.graph = "search";
  options.network_price = 0;
  PimaTrainer trainer(world.inputs, world.train, world.held_out, options);
  trainer.scale();
  trainer.pretrain();
  trainer.start();
  trainer.block_update(1, 0.5);
  double before = trainer.bound(world.train);
  for (int round = 0; round < 5; ++round) {
    trainer.block_update(1, 0);  // clusters
    const double clusters = trainer.bound(world.train);
    EXPECT_GE(clusters, before - 1e-4) << round;
    trainer.block_update(1, 0.5);  // and the network
    before = trainer.bound(world.train);
    EXPECT_GE(before, clusters - 1e-4) << round;
  }
}

TEST(PimaFit, SameSeedSameModelAndValuesRestoreIt) {
  const World world = make_world(4);
  PimaOptions options = options_of(4);
  options.pretrain_epochs = 2;
  options.epochs = 2;
  const auto a = fit_pima_networks(world.inputs, world.train, world.held_out, options);
  const auto b = fit_pima_networks(world.inputs, world.train, world.held_out, options);
  std::vector<float> first = a->values();
  std::vector<float> second = b->values();
  ASSERT_EQ(first.size(), second.size());
  EXPECT_EQ(std::memcmp(first.data(), second.data(), first.size() * sizeof(float)), 0);
  PimaNet again(world.inputs, options);
  again.load(first);
  const std::vector<float> restored = again.values();  // bytes: some of them are no numbers
  ASSERT_EQ(restored.size(), first.size());
  EXPECT_EQ(std::memcmp(restored.data(), first.data(), first.size() * sizeof(float)), 0);
  EXPECT_EQ(code_of(again, world).gamma, code_of(*a, world).gamma);
  first.pop_back();
  EXPECT_THROW(again.load(first), std::invalid_argument);
}

TEST(PimaFit, AnySubsetOfModalitiesIsEncoded) {
  World world = make_world(5);
  const auto model = fit_pima_networks(world.inputs, world.train, world.held_out, options_of(5));
  const double both = accuracy(code_of(*model, world).gamma, world.features);
  for (std::size_t only = 0; only < 2; ++only) {
    std::vector<const float*> values(2, nullptr);
    values[only] = world.values[only].data_ptr<float>();
    const PimaCode code = model->encode(values, kPeople);
    EXPECT_GT(accuracy(code.gamma, world.features), both - 0.1);
  }
  // Absent for some, missing cells for others, nothing at all for one.
  const float nan = std::numeric_limits<float>::quiet_NaN();
  world.values[0].slice(0, 0, 100).fill_(nan);
  world.values[1].slice(0, 100, 200).slice(3, 0, 2).fill_(nan);
  world.values[1][0].fill_(nan);
  const PimaCode code = code_of(*model, world);
  EXPECT_TRUE(std::isnan(code.mean[0]));
  EXPECT_TRUE(std::isnan(code.gamma[8]));
  for (std::size_t i = 9; i < code.gamma.size(); ++i) ASSERT_TRUE(std::isfinite(code.gamma[i]));
}

TEST(PimaFit, TrainsWithGapsAndAbsentModalities) {
  World world = make_world(6);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (std::int64_t i = 0; i < kPeople; ++i) {
    if (i % 3 == 0) world.values[0][i].fill_(nan);
    if (i % 3 == 1) world.values[1][i].fill_(nan);
    if (i % 5 == 0) world.values[1][i].slice(2, 0, 3).fill_(nan);
    if (i % 300 == 7) world.values[0][i].fill_(nan);
  }
  PimaOptions options = options_of(6);
  options.epochs = 3;
  const auto model = fit_pima_networks(world.inputs, world.train, world.held_out, options);
  EXPECT_TRUE(std::isfinite(model->quality().bound));
  EXPECT_GT(model->quality().explained[0], 0.5);
}

/// y = slope x + level, by the normal equations.
class Line : public Expert {
 public:
  const std::vector<std::string>& parameter_names() const override { return names_; }
  std::size_t width() const override { return 6; }
  void predict(const double* p, double* curve) const override {
    for (int i = 0; i < 6; ++i) curve[i] = p[0] * i + p[1];
  }
  void fit(const double* mean, const double* weight, double* p) const override {
    double w = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (int i = 0; i < 6; ++i) {
      if (weight[i] <= 0) continue;
      w += weight[i];
      x += weight[i] * i;
      y += weight[i] * mean[i];
      xx += weight[i] * i * i;
      xy += weight[i] * i * mean[i];
    }
    p[0] = (w * xy - x * y) / (w * xx - x * x + 1e-12);
    p[1] = (y - p[0] * x) / w;
  }

 private:
  std::vector<std::string> names_{"slope", "level"};
};

TEST(PimaFit, ExpertsFindTheLineOfEveryCluster) {
  World world = make_world(7);
  at::Generator generator = torch::make_generator<at::CPUGeneratorImpl>(17);
  const Tensor slope = world.features.select(1, 0).to(torch::kFloat) * 2 - 1;  // -1, 1, 3
  Tensor lines = slope.unsqueeze(1) * torch::arange(6).to(torch::kFloat) + 5 +
                 0.5 * torch::randn({kPeople, 6}, generator);
  world.values[1] = lines.contiguous().view({kPeople, 1, 1, 6});
  world.inputs[1] = input_of("line", world.values[1]);
  const Line line;
  world.inputs[1].expert = &line;
  const auto model = fit_pima_networks(world.inputs, world.train, world.held_out, options_of(7));
  const PimaCode code = code_of(*model, world);
  EXPECT_GT(accuracy(code.gamma, world.features), 0.95);
  const std::vector<double>& parameters = model->parameters(1);
  ASSERT_EQ(parameters.size(), 18u);
  for (std::size_t c = 0; c < 9; ++c) {
    if (model->quality().occupation[c] < 20) continue;
    const double s = parameters[2 * c];
    EXPECT_LT(std::min({std::fabs(s + 1), std::fabs(s - 1), std::fabs(s - 3)}), 0.15) << c;
    EXPECT_NEAR(parameters[2 * c + 1], 5, 0.3);
  }
  EXPECT_GT(model->quality().predicted[1], 0.8);  // the line from the table alone
  std::vector<float> out(kPeople * 6);
  model->decode(1, code.mean.data(), code.gamma.data(), kPeople, out.data());
  double wrong = 0;
  for (std::size_t i = 0; i < kPeople; ++i)
    wrong += std::fabs(static_cast<double>(out[i * 6 + 5]) -
                       (5 * slope[static_cast<std::int64_t>(i)].item<double>() + 5));
  EXPECT_LT(wrong / kPeople, 0.7);
}

/// Participants of four groups: a table that tells them apart, or only the line beside it does.
World groups(std::uint64_t seed, bool told_by_line) {
  World world;
  at::Generator generator = torch::make_generator<at::CPUGeneratorImpl>(seed);
  const Tensor group = torch::randint(0, 4, {kPeople}, generator);
  world.features = torch::stack({group, group}, 1);
  const Tensor places = 3 * torch::randn({4, kColumns}, generator);
  Tensor table = 0.5 * torch::randn({kPeople, kColumns}, generator);
  if (!told_by_line) table = table + places.index_select(0, group);
  const Tensor slope = group.to(torch::kFloat).unsqueeze(1) - 1.5;
  const Tensor line = slope * (torch::arange(6).to(torch::kFloat) - 2.5) +
                      0.5 * torch::randn({kPeople, 6}, generator);
  world.values.push_back(table.contiguous().view({kPeople, 1, 1, kColumns}));
  world.inputs.push_back(input_of("table", world.values.back()));
  if (told_by_line) {
    world.values.push_back(line.contiguous().view({kPeople, 1, 1, 6}));
    world.inputs.push_back(input_of("line", world.values.back()));
  }
  for (std::uint32_t i = 0; i < kPeople; ++i)
    (i % 10 == 0 ? world.held_out : world.train).push_back(i);
  return world;
}

/// Share of participants in their own group, groups matched in every way.
double grouped_right(const Tensor& found, const Tensor& group) {
  std::vector<std::int64_t> map{0, 1, 2, 3};
  double best = 0;
  do {
    const Tensor named = torch::tensor(map).index_select(0, found);
    best = std::max(best, named.eq(group).to(torch::kDouble).mean().item<double>());
  } while (std::next_permutation(map.begin(), map.end()));
  return best;
}

TEST(PimaFit, ClustersThatAreOneAndTwoChangePlaces) {
  const World world = groups(11, false);
  PimaOptions options = options_of(11);
  options.outcomes = {4};
  PimaTrainer trainer(world.inputs, world.train, world.held_out, options);
  const std::vector<float> latents = trainer.pretrained();
  const auto n = static_cast<std::int64_t>(world.train.size());
  const Tensor z = torch::from_blob(const_cast<float*>(latents.data()), {n, 3});
  std::vector<std::int64_t> rows(world.train.begin(), world.train.end());
  const Tensor group = world.features.select(1, 0).index_select(0, torch::tensor(rows));
  // Groups 0 and 1 share a cluster; group 2 has two, above and below its mean.
  Tensor wrong = torch::where(group.eq(1), torch::zeros_like(group), group);
  const Tensor first = z.select(1, 0);
  const double middle = first.masked_select(group.eq(2)).mean().item<double>();
  wrong = torch::where(group.eq(2).logical_and(first > middle), torch::ones_like(group), wrong);
  Mixture& mixture = trainer.net().mixture();
  mixture.mean = torch::zeros({4, 3});
  mixture.variance = torch::zeros({4, 3});
  for (std::int64_t c = 0; c < 4; ++c) {
    const Tensor own = z.index_select(0, wrong.eq(c).nonzero().squeeze(1));
    mixture.mean[c] = own.mean(0);
    mixture.variance[c] = own.var(0, false) + 1e-3;
  }
  mixture.log_joint = torch::full({4}, -std::log(4.0));
  const auto right = [&] {
    const PimaCode code = code_of(trainer.net(), world);
    const Tensor found =
        torch::from_blob(const_cast<float*>(code.gamma.data()), {kPeople, 4}).argmax(1);
    return grouped_right(found, world.features.select(1, 0));
  };
  for (int round = 0; round < 20; ++round) trainer.block_update(1, 0);
  EXPECT_LT(right(), 0.8);  // block updates alone stay where they are
  trainer.split_and_merge();
  EXPECT_GT(right(), 0.98);
}

TEST(PimaFit, OneFeatureIsFoundByItsLawAlone) {
  for (const std::uint64_t seed : {12U, 13U, 14U}) {
    World world = groups(seed, true);
    const Line line;
    world.inputs[1].expert = &line;
    PimaOptions options = options_of(seed);
    options.outcomes = {4};
    options.pretrain_epochs = 4;
    options.epochs = 3;
    const auto model = fit_pima_networks(world.inputs, world.train, world.held_out, options);
    const PimaCode code = code_of(*model, world);
    const Tensor found =
        torch::from_blob(const_cast<float*>(code.gamma.data()), {kPeople, 4}).argmax(1);
    EXPECT_GT(grouped_right(found, world.features.select(1, 0)), 0.98) << seed;
  }
}

TEST(PimaFit, EverySettingGivesAFiniteBound) {
  const World world = make_world(8);
  for (const char* change : {"sample", "published", "fixed variance", "additive", "notears"}) {
    PimaOptions options = options_of(8);
    options.pretrain_epochs = 3;
    options.epochs = 2;
    const std::string what = change;
    if (what == "sample") options.responsibility = "sample";
    if (what == "published") options.start = "published";
    if (what == "fixed variance") options.decoder_variance = 0.1;
    if (what == "additive") options.means = "additive";
    if (what == "notears") options.graph = "notears";
    const auto model = fit_pima_networks(world.inputs, world.train, world.held_out, options);
    EXPECT_TRUE(std::isfinite(model->quality().bound)) << what;
  }
}

}  // namespace
}  // namespace polycause
