// What the module offers to the program that loads it.
#include <ATen/Parallel.h>
#include <c10/util/Exception.h>
#include <torch/version.h>

#include <fstream>
#include <stdexcept>
#include <string>

#include "networks/networks.h"
#include "networks/plugin/block_model.h"
#include "networks/plugin/end_to_end/network.h"
#include "networks/plugin/fit.h"
#include "networks/plugin/pima/net.h"
#include "networks/plugin/pima/trainer.h"

namespace polycause {
namespace {

/// Callers run several fits side by side, so each keeps to its own thread; results would also
/// depend on how many threads share a sum.
void use_one_thread() { at::set_num_threads(1); }

/// Runs `work` on one thread. LibTorch's errors end in a list of the functions on the stack; only
/// what went wrong leaves the module.
template <typename Work>
auto guarded(const Work& work) {
  use_one_thread();
  try {
    return work();
  } catch (const c10::Error& error) {
    throw std::runtime_error(error.what_without_backtrace());
  }
}

/// LibTorch multiplies with whatever BLAS the system has; Debian's default is 20 to 30 times slower
/// than OpenBLAS. What is loaded stands in the map of this process.
std::string blas() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    for (const char* fast : {"openblas", "mkl", "blis"}) {
      if (line.find(fast) != std::string::npos) return fast;
    }
  }
  return "a slow BLAS; install libopenblas0-openmp";
}

class Torch : public Networks {
 public:
  std::string version() const override { return "LibTorch " TORCH_VERSION ", " + blas(); }
  std::vector<std::unique_ptr<BlockNetwork>> fit(const std::vector<NetworkInput>& inputs,
                                                 const std::vector<std::uint32_t>& train,
                                                 const std::vector<std::uint32_t>& held_out,
                                                 const NetworkOptions& options) const override {
    return guarded([&] { return fit_networks(inputs, train, held_out, options); });
  }
  std::unique_ptr<BlockNetwork> restore(const BlockShape& shape, const std::string& network,
                                        int latents,
                                        const std::vector<float>& values) const override {
    return guarded([&]() -> std::unique_ptr<BlockNetwork> {
      const bool masked = !values.empty() && values[0] != 0;
      auto model =
          std::make_unique<BlockModel>(shape, resolved_network(shape, network), latents, masked);
      model->load(values);
      return model;
    });
  }
  std::unique_ptr<EndToEndModel> fit_end_to_end(const std::vector<EndToEndInput>& inputs,
                                                const std::vector<std::uint32_t>& train,
                                                const std::vector<std::uint32_t>& held_out,
                                                const EndToEndOptions& options) const override {
    return guarded([&] { return fit_network(inputs, train, held_out, options); });
  }
  std::unique_ptr<EndToEndModel> restore_end_to_end(
      const std::vector<EndToEndInput>& inputs, const EndToEndOptions& options,
      const std::vector<float>& values) const override {
    return guarded([&] { return restore_network(inputs, options, values); });
  }
  std::unique_ptr<PimaModel> fit_pima(const std::vector<PimaInput>& inputs,
                                      const std::vector<std::uint32_t>& train,
                                      const std::vector<std::uint32_t>& held_out,
                                      const PimaOptions& options) const override {
    // As a checkpoint gives it back, so that a run that goes on from one ends with the same bytes.
    return restore_pima(inputs, options, guarded([&] {
                          return fit_pima_networks(inputs, train, held_out, options)->values();
                        }));
  }
  std::vector<float> pima_latents(const std::vector<PimaInput>& inputs,
                                  const std::vector<std::uint32_t>& train,
                                  const PimaOptions& options) const override {
    return guarded([&] { return PimaTrainer(inputs, train, {}, options).pretrained(); });
  }
  std::unique_ptr<PimaModel> restore_pima(const std::vector<PimaInput>& inputs,
                                          const PimaOptions& options,
                                          const std::vector<float>& values) const override {
    return guarded([&]() -> std::unique_ptr<PimaModel> {
      auto net = std::make_unique<PimaNet>(inputs, options);
      net->load(values);
      return net;
    });
  }
  std::string choose(const BlockShape& shape, const std::string& network) const override {
    return resolved_network(shape, network);
  }
};

}  // namespace
}  // namespace polycause

extern "C" __attribute__((visibility("default"))) const char* polycause_networks_interface() {
  return POLYCAUSE_NETWORKS_INTERFACE;
}

extern "C" __attribute__((visibility("default"))) polycause::Networks* polycause_make_networks() {
  return new polycause::Torch;
}
