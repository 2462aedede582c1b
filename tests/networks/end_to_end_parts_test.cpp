// The mathematics of the end-to-end methods: flows, gates, the DAG term, Adam.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "networks/plugin/encoders.h"
#include "networks/plugin/end_to_end/dag.h"
#include "networks/plugin/end_to_end/flow.h"
#include "networks/plugin/end_to_end/gates.h"
#include "networks/plugin/end_to_end/training.h"

namespace polycause {
namespace {

using torch::Tensor;

at::Generator noise(std::uint64_t seed) { return at::detail::createCPUGenerator(seed); }

double largest(const Tensor& t) { return t.abs().max().item<double>(); }

using Transformer = Flowed (*)(const Tensor&, const Tensor&);

/// d eps / d z by central differences, in double.
void expect_exact_slope(Transformer flow, std::int64_t free) {
  auto generator = noise(1);
  const auto real = torch::TensorOptions().dtype(torch::kDouble);
  const Tensor z = torch::empty({500}, real).uniform_(-7, 7, generator);
  const Tensor raw = torch::empty({500, free}, real).normal_(0, 1.5, generator);
  const double step = 1e-5;
  const Tensor slope = (flow(z + step, raw).eps - flow(z - step, raw).eps) / (2 * step);
  const Tensor log_slope = flow(z, raw).log_slope;
  // A knot within the step has two slopes; such points are rare.
  const Tensor wrong = ((slope.log() - log_slope).abs() > 1e-4).sum();
  EXPECT_LE(wrong.item<std::int64_t>(), 1);
  EXPECT_GT(slope.min().item<double>(), 0) << "monotone";
}

TEST(Flow, LogSlopesAreThoseOfDifferences) {
  expect_exact_slope(sigmoidal_flow, 3 * kFlowParts);
  expect_exact_slope(spline_flow, 3 * kFlowParts - 1);
}

TEST(Flow, AKnownMixtureOfSigmoids) {
  // One part with slope a and shift b: logit(sigmoid(a z + b)) = a z + b.
  const auto real = torch::TensorOptions().dtype(torch::kDouble);
  const Tensor z = torch::linspace(-30, 30, 61, real);
  const Tensor raw = torch::tensor({std::log(std::expm1(2.0 - 1e-3)), 0.7, 0.0}, real);
  const Flowed flowed = sigmoidal_flow(z, raw.expand({61, 3}));
  EXPECT_LT(largest(flowed.eps - (2 * z + 0.7)), 1e-9) << "also far from zero";
  EXPECT_LT(largest(flowed.log_slope - std::log(2.0)), 1e-9);
}

TEST(Flow, TheSplineIsTheIdentityBeyondItsEnds) {
  auto generator = noise(2);
  const Tensor z = torch::tensor({-9.0, -5.0, 5.0, 12.0});
  const Tensor raw = torch::empty({4, 3 * kFlowParts - 1}).normal_(0, 1, generator);
  const Flowed flowed = spline_flow(z, raw);
  EXPECT_LT(largest(flowed.eps - z), 1e-5);
  EXPECT_EQ(flowed.log_slope[0].item<float>(), 0.0f);
}

TEST(Flow, InverseUndoesForwardForEveryParent) {
  for (const bool spline : {false, true}) {
    auto generator = noise(3);
    ConditionalFlow flow(3, 3, 8, spline);
    initialise(flow, generator);
    const Tensor z = torch::empty({3, 200}).normal_(0, 2, generator);
    const Tensor parents = torch::empty({3, 200, 3}).normal_(0, 1, generator);
    const Flowed flowed = flow.forward(z, parents);
    EXPECT_LT(largest(flow.inverse(flowed.eps.detach(), parents) - z), 2e-3) << spline;
    // Only what the parents say: another parent, another noise.
    EXPECT_GT(largest(flow.forward(z, parents + 1).eps - flowed.eps), 1e-2);
  }
}

/// E[-log p(z)] of a flow without parents whose noise is scaled by `scale`.
double surprise(double scale) {
  auto generator = noise(4);
  const Tensor z = torch::empty({4000}).normal_(0, 1, generator);
  const Tensor raw = torch::tensor({static_cast<float>(std::log(std::expm1(scale))), 0.0f, 0.0f})
                         .expand({4000, 3});
  const Flowed flowed = sigmoidal_flow(z, raw);
  return (0.5 * flowed.eps.square() - flowed.log_slope).mean().item<double>();
}

TEST(Flow, NoiseThatCollapsesIsNotOptimal) {
  EXPECT_LT(surprise(1.0), surprise(0.5));
  EXPECT_LT(surprise(1.0), surprise(0.05));
  EXPECT_LT(surprise(1.0), surprise(1.5));
}

Tensor below_diagonal(std::int64_t d) { return torch::ones({d, d}).tril(-1); }

TEST(Gates, HardConcreteGatesGetGradientsFromTheData) {
  Gates gates(below_diagonal(3), false);
  gates.begin();
  auto generator = noise(5);
  const Tensor sampled = gates.sample(4000, generator);  // (3, B, 3)
  EXPECT_EQ(largest(sampled * (1 - below_diagonal(3)).unsqueeze(1)), 0) << "only what may be";
  EXPECT_GE(sampled.min().item<float>(), 0);
  EXPECT_LE(sampled.max().item<float>(), 1);
  const Tensor a = gates.parameters()[0];
  sampled.select(0, 1).select(1, 0).mean().backward();
  EXPECT_GT(a.grad()[1][0].item<float>(), 0.05f);
  EXPECT_EQ(a.grad()[2][0].item<float>(), 0.0f);
  // P(open) is what it says.
  const double share = (sampled[1].select(1, 0) > 0).to(torch::kDouble).mean().item<double>();
  EXPECT_NEAR(share, gates.strength()[1][0].item<double>(), 0.02);
  EXPECT_NEAR(gates.penalty().item<double>(), 3 * share, 0.1);
}

TEST(Gates, ThresholdGatesThatAreShutGetNone) {
  Gates gates(below_diagonal(2), true);
  gates.begin();
  Tensor a = gates.parameters()[0];
  EXPECT_EQ(gates.open()[1][0].item<float>(), 1.0f);
  gates.fixed().sum().backward();
  EXPECT_GT(a.grad()[1][0].item<float>(), 0.0f);
  {
    const torch::NoGradGuard no_gradient;
    a.fill_(0.05);
    a.mutable_grad().zero_();
  }
  EXPECT_EQ(gates.open()[1][0].item<float>(), 0.0f);
  gates.fixed().sum().backward();
  EXPECT_EQ(a.grad()[1][0].item<float>(), 0.0f) << "nothing opens it again";
}

TEST(Dag, CyclesAreFoundAndTheirGradientIsExact) {
  auto generator = noise(6);
  const auto real = torch::TensorOptions().dtype(torch::kFloat);
  const Tensor triangular = torch::empty({5, 5}, real).normal_(0, 2, generator).tril(-1);
  EXPECT_NEAR(cycles(triangular).item<double>(), 0, 1e-4);
  Tensor two = torch::zeros({5, 5});
  two[0][1] = 1.0;
  two[1][0] = 1.0;
  // tr[(I + B/5)^5] - 5 for a cycle of two with weights 1: eigenvalues 1 +- 1/5 and 1.
  EXPECT_NEAR(cycles(two).item<double>(), std::pow(1.2, 5) + std::pow(0.8, 5) - 2, 1e-4);
  EXPECT_NEAR(dag_penalty(two).item<double>(),
              3 * cycles(two).item<double>() + 0.5 * std::pow(cycles(two).item<double>(), 2), 1e-4);
  Tensor a = torch::empty({4, 4}).normal_(0, 0.7, generator).set_requires_grad(true);
  dag_penalty(a).backward();
  const torch::NoGradGuard no_gradient;
  const double step = 1e-2;
  Tensor up = a.clone();
  Tensor down = a.clone();
  up[1][2] += step;
  down[1][2] -= step;
  const double difference =
      (dag_penalty(up).item<double>() - dag_penalty(down).item<double>()) / (2 * step);
  EXPECT_NEAR(a.grad()[1][2].item<double>(), difference,
              1e-2 * std::max(1.0, std::fabs(difference)));
}

TEST(FlatAdam, StepsAsTorchDoes) {
  const auto make = [] {
    auto generator = noise(7);
    auto net = std::make_shared<torch::nn::LinearImpl>(3, 2);
    initialise(*net, generator);
    return net;
  };
  auto ours = make();
  auto theirs = make();
  FlatAdam adam(*ours);
  torch::optim::Adam reference(theirs->parameters(), torch::optim::AdamOptions(0.01));
  const Tensor x = torch::linspace(-1, 1, 30).view({10, 3});
  for (int i = 0; i < 5; ++i) {
    adam.zero_gradient();
    ours->forward(x).square().mean().backward();
    ASSERT_TRUE(adam.step(0.01, 1e9));
    reference.zero_grad();
    theirs->forward(x).square().mean().backward();
    reference.step();
  }
  EXPECT_LT(largest(ours->weight - theirs->weight), 1e-6);
  EXPECT_LT(largest(ours->bias - theirs->bias), 1e-6);
  ours->weight.mutable_grad().fill_(std::nanf(""));
  EXPECT_FALSE(adam.step(0.01, 1e9));
}

/// Its loss is the largest number that a batch of participants has, and notes who was asked.
class NotingNetwork : public TrainedNetwork {
 public:
  NotingNetwork(const std::vector<EndToEndInput>& inputs, const EndToEndOptions& options)
      : TrainedNetwork(inputs, options) {
    make_codings([](std::int64_t code) { return code; }, false, 0);
  }
  Tensor loss_of(const Sample& sample, const TrainingStage& stage, at::Generator&) override {
    if (!stage.training) judged.insert(judged.end(), sample.rows.begin(), sample.rows.end());
    if (!stage.training) largest_batch = std::max(largest_batch, sample.rows.size());
    return sample.x[0].max() + 0 * codings_[0]->encode(sample.x[0], sample.mask[0]).sum();
  }
  std::vector<std::uint32_t> judged;
  std::size_t largest_batch = 0;

 protected:
  Parts parts_of(const Sample&) override { return {}; }
};

TEST(Training, EverybodyHeldOutCounts) {
  std::vector<float> cells(60, 1.0f);
  for (std::size_t i = 57; i < 60; ++i) cells[i] = 8;  // in the last batch
  EndToEndInput input;
  input.name = "a";
  input.cells = cells.data();
  input.width = 1;
  input.latents = 1;
  input.privates = 0;
  EndToEndOptions options;
  options.participants = 60;
  options.batch = 8;
  options.epochs = 1;
  std::vector<std::uint32_t> train(30);
  std::vector<std::uint32_t> held_out(30);
  std::iota(train.begin(), train.end(), 0U);
  std::iota(held_out.begin(), held_out.end(), 30U);
  NotingNetwork network({input}, options);
  const double loss = train_network(network, {input}, train, held_out, options);
  EXPECT_EQ(network.judged, held_out);
  EXPECT_EQ(network.largest_batch, 8u);
  EXPECT_NEAR(loss, (24 * 1 + 6 * 8) / 30.0, 1e-6) << "batches of 8, 8, 8, 6, by their size";
}

}  // namespace
}  // namespace polycause
