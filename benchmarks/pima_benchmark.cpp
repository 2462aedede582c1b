// Time and memory of `pima` in the number of joint outcomes K, of one part of the work: `epoch`,
// the gradient epoch and the block update of clusters on a study of two tables, or `network`, the
// network's block. Started by pima_scaling.py, which times the same in PyTorch.
#include <sys/resource.h>
#include <torch/torch.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "networks/plugin/pima/trainer.h"

using namespace polycause;

namespace {

constexpr std::size_t kTables = 2;

double now() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void line(const char* what, double since) { std::printf("%s %.6f\n", what, now() - since); }

std::vector<int> outcomes_of(const std::string& text) {
  std::vector<int> outcomes;
  std::istringstream in(text);
  for (std::string one; std::getline(in, one, 'x');) outcomes.push_back(std::atoi(one.c_str()));
  return outcomes;
}

struct Sizes {
  std::size_t rows;
  std::size_t columns;
  std::size_t batch;
  int latents;
};

/// Curved functions of four hidden numbers with noise.
std::vector<float> table(const Sizes& sizes, unsigned seed) {
  std::mt19937 hidden(1);
  std::mt19937 own(seed);
  std::normal_distribution<float> normal;
  std::vector<float> map(4 * sizes.columns);
  for (float& value : map) value = normal(own);
  std::vector<float> values(sizes.rows * sizes.columns);
  for (std::size_t i = 0; i < sizes.rows; ++i) {
    float z[4];
    for (float& one : z) one = normal(hidden);
    for (std::size_t j = 0; j < sizes.columns; ++j) {
      float sum = 0;
      for (std::size_t k = 0; k < 4; ++k) sum += map[j * 4 + k] * z[k];
      values[i * sizes.columns + j] = std::tanh(0.4F * sum) + 0.3F * sum + 0.1F * normal(own);
    }
  }
  return values;
}

void epochs(const std::vector<int>& outcomes, const Sizes& sizes, int repeats) {
  std::vector<std::vector<float>> tables;
  std::vector<PimaInput> inputs(kTables);
  for (std::size_t m = 0; m < kTables; ++m) tables.push_back(table(sizes, 2 + unsigned(m)));
  for (std::size_t m = 0; m < kTables; ++m) {
    inputs[m].name = "table";
    inputs[m].shape.kind = "table";
    inputs[m].shape.width = sizes.columns;
    inputs[m].read = [&values = tables[m], &sizes](const std::uint32_t* which, std::size_t count,
                                                   float* out) {
      for (std::size_t i = 0; i < count; ++i) {
        std::memcpy(out + i * sizes.columns, values.data() + which[i] * sizes.columns,
                    sizes.columns * sizeof(float));
      }
    };
  }
  std::vector<std::uint32_t> rows(sizes.rows);
  for (std::uint32_t i = 0; i < rows.size(); ++i) rows[i] = i;
  PimaOptions options;
  options.outcomes = outcomes;
  options.latents = sizes.latents;
  options.graph = "empty";
  options.responsibility = "exact";
  options.start = "published";
  options.pretrain_epochs = 1;
  options.batch = sizes.batch;
  PimaTrainer trainer(inputs, rows, rows, options);
  trainer.scale();
  trainer.pretrain();
  trainer.start();
  for (int i = 0; i < repeats; ++i) {
    double since = now();
    trainer.gradient_epoch(i);
    line("gradient", since);
    since = now();
    trainer.block_update(2, 0);
    line("blocks", since);
  }
}

void network(const std::vector<int>& outcomes, double people, int repeats) {
  const Nodes nodes(outcomes);
  at::Generator generator = torch::make_generator<at::CPUGeneratorImpl>(1);
  torch::Tensor counts = -torch::rand({nodes.joint}, generator, torch::kDouble).log();
  counts *= people / counts.sum();
  GraphOptions options;
  options.kind = "potentials";
  const auto learner = make_graph_learner(nodes, options, generator);
  double since = now();
  learner->learn(counts, 1);
  line("first", since);
  for (int i = 0; i < repeats; ++i) {
    since = now();
    learner->learn(counts, 0.5);
    line("network", since);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) {
    std::fprintf(stderr,
                 "pima_benchmark epoch|network OUTCOMESxOUTCOMES.. LATENTS ROWS COLUMNS BATCH "
                 "REPEATS\nprints processor seconds of every repeat, and the peak memory in KiB\n");
    return 2;
  }
  const auto number = [&](int i) { return static_cast<std::size_t>(std::atoll(argv[i])); };
  const std::vector<int> outcomes = outcomes_of(argv[2]);
  const Sizes sizes{number(4), number(5), number(6), std::atoi(argv[3])};
  torch::set_num_threads(1);
  if (std::strcmp(argv[1], "epoch") == 0) {
    epochs(outcomes, sizes, std::atoi(argv[7]));
  } else {
    network(outcomes, static_cast<double>(sizes.rows), std::atoi(argv[7]));
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("memory %ld\n", usage.ru_maxrss);
}
