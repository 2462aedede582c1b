// Training throughput of the networks of pictures and series: blocks per processor second of the
// joint training of two modalities alike. Started by throughput.py, which times the same in
// PyTorch.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "networks/networks.h"
#include "polycause/error.h"

using namespace polycause;

int main(int argc, char** argv) {
  if (argc != 9) {
    std::fprintf(stderr,
                 "networks_benchmark image|series NETWORK CHANNELS HEIGHT WIDTH ROWS BATCH EPOCHS\n"
                 "prints blocks per processor second of every epoch but the first\n");
    return 2;
  }
  const auto number = [&](int i) { return static_cast<std::size_t>(std::atoll(argv[i])); };
  BlockShape shape;
  shape.kind = argv[1];
  const std::string network = argv[2];
  shape.channels = number(3);
  shape.height = number(4);
  shape.width = number(5);
  const std::size_t rows = number(6);
  const std::size_t batch = number(7);
  const auto epochs = static_cast<long>(number(8));

  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(0, 1);
  std::vector<float> blocks((rows + batch) * shape.size());
  for (float& value : blocks) value = uniform(random);
  NetworkInput input;
  input.shape = shape;
  input.network = network;
  input.latents = 3;
  input.read = [&](const std::uint32_t* which, std::size_t count, float* out) {
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(out + i * shape.size(), blocks.data() + which[i] * shape.size(),
                  shape.size() * sizeof(float));
    }
  };
  std::vector<NetworkInput> inputs(2, input);
  inputs[0].name = "a";
  inputs[1].name = "b";
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> held_out;
  for (std::uint32_t i = 0; i < rows + batch; ++i) (i < rows ? train : held_out).push_back(i);

  NetworkOptions options;
  options.epochs = static_cast<int>(epochs);
  options.batch = batch;
  options.reconstruction = 0.3;
  std::vector<double> seconds;  // processor time at the end of every epoch of the joint training
  options.metric = [&](const std::string& series, long epoch, double) {
    if (series != "b/information") return;
    seconds.push_back(static_cast<double>(std::clock()) / CLOCKS_PER_SEC);
    if (epoch == epochs) throw Interrupted("enough");
  };
  try {
    networks().fit(inputs, train, held_out, options);
  } catch (const Interrupted&) {
  }
  const double each = 2 * static_cast<double>(rows / batch * batch);
  for (std::size_t i = 1; i < seconds.size(); ++i)
    std::printf("%.2f\n", each / (seconds[i] - seconds[i - 1]));
}
