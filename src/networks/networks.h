// Networks for pictures and series, and of all methods but `staged`. They live in a module of their
// own (polycause_networks), which links LibTorch and is loaded when a fit first needs it: other
// runs start without its cost, and a build without LibTorch lacks only these modalities and
// methods. This header is free of LibTorch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "networks/end_to_end.h"
#include "networks/pima.h"
#include "polycause/blocks.h"

namespace polycause {

/// One modality as the networks see it: blocks of a shape, or the code of a table.
struct NetworkInput {
  std::string name;
  BlockShape shape;
  /// (rows, count) -> (count, channels, height, width), NaN where missing; empty for a table.
  std::function<void(const std::uint32_t*, std::size_t, float*)> read;
  const float* code = nullptr;  ///< table: what it says, unit variance, (n, code_width)
  int code_width = 0;
  std::vector<std::uint8_t> present;  ///< (n,), empty = everybody
  int latents = 2;
  std::string network = "auto";  ///< auto | small | resnet18 | streams | tcn | lstm
};

struct NetworkOptions {
  int epochs = 20;
  std::size_t batch = 256;
  std::size_t max_steps = 4000;
  double rate = 2e-3;
  double reconstruction = 1;  ///< weight of the reconstruction beside the contrast
  double augment = 0;         ///< largest random shift, as a share of the side or length
  std::uint64_t seed = 0;
  std::vector<std::size_t> groups;  ///< (n,) rows of one are not independent; empty = all are
  /// A point of a training curve, "<modality>/contrast" and such; may throw to stop the training.
  std::function<void(const std::string& series, long epoch, double value)> metric;
  /// Share of the whole fit that an epoch was.
  std::function<void(double share)> advance;
};

/// A trained encoder of one modality. Its outputs come in parts (`streams` has two, others one);
/// parts are learned one after the other, and each is a unit of its own for the density.
class BlockNetwork {
 public:
  virtual ~BlockNetwork() = default;
  virtual const std::vector<int>& parts() const = 0;  ///< outputs per part
  int outputs() const {
    int total = 0;
    for (const int k : parts()) total += k;
    return total;
  }
  /// blocks (count, channels, height, width) -> u (count, outputs): mean 0 over the training
  /// participants, every part with identity covariance.
  virtual void encode(const float* blocks, std::size_t count, float* u) const = 0;
  /// Numbers in a block: channels * height * width.
  virtual std::size_t block_size() const = 0;
  /// The expected block at u: (count, outputs) -> (count, channels, height, width).
  virtual void decode(const float* u, std::size_t count, float* blocks) const = 0;
  /// Held-out mutual information of every part with the other modalities, InfoNCE bound, nat.
  virtual const std::vector<double>& information() const = 0;
  /// Share of the held-out variance of the blocks that `decode` of `encode` explains.
  virtual double explained() const = 0;
  /// Everything that `restore` needs beside shape, network and latents.
  virtual std::vector<float> values() const = 0;
};

class Networks {
 public:
  virtual ~Networks() = default;
  virtual std::string version() const = 0;
  /// Trains the encoders of all modalities that have blocks, jointly: what of each is found in the
  /// others (InfoNCE through a bottleneck of `latents`), with a reconstruction beside it, or all of
  /// it by reconstruction where the modality has private parts. Null for tables. Deterministic
  /// given the seed; uses the calling thread and one that reads ahead.
  virtual std::vector<std::unique_ptr<BlockNetwork>> fit(const std::vector<NetworkInput>& inputs,
                                                         const std::vector<std::uint32_t>& train,
                                                         const std::vector<std::uint32_t>& held_out,
                                                         const NetworkOptions& options) const = 0;
  virtual std::unique_ptr<BlockNetwork> restore(const BlockShape& shape, const std::string& network,
                                                int latents,
                                                const std::vector<float>& values) const = 0;
  /// Trains one of the end-to-end methods on the participants `train`, judged on `held_out`.
  /// Deterministic given the seed. Throws std::invalid_argument for inputs that the method is not
  /// for, std::runtime_error when the training diverges.
  virtual std::unique_ptr<EndToEndModel> fit_end_to_end(const std::vector<EndToEndInput>& inputs,
                                                        const std::vector<std::uint32_t>& train,
                                                        const std::vector<std::uint32_t>& held_out,
                                                        const EndToEndOptions& options) const = 0;
  /// `inputs` and `options` as in the fit, without data. Throws std::invalid_argument for values of
  /// another size.
  virtual std::unique_ptr<EndToEndModel> restore_end_to_end(
      const std::vector<EndToEndInput>& inputs, const EndToEndOptions& options,
      const std::vector<float>& values) const = 0;
  /// One fit of `pima` from one seed, deterministic. Throws as fit_end_to_end.
  virtual std::unique_ptr<PimaModel> fit_pima(const std::vector<PimaInput>& inputs,
                                              const std::vector<std::uint32_t>& train,
                                              const std::vector<std::uint32_t>& held_out,
                                              const PimaOptions& options) const = 0;
  /// Where the participants `train` who have anything lie in the latents of such a fit before it
  /// has clusters: (n, l).
  virtual std::vector<float> pima_latents(const std::vector<PimaInput>& inputs,
                                          const std::vector<std::uint32_t>& train,
                                          const PimaOptions& options) const = 0;
  /// As restore_end_to_end.
  virtual std::unique_ptr<PimaModel> restore_pima(const std::vector<PimaInput>& inputs,
                                                  const PimaOptions& options,
                                                  const std::vector<float>& values) const = 0;
  /// What `auto` stands for.
  virtual std::string choose(const BlockShape& shape, const std::string& network) const = 0;
};

/// The module. Throws ConfigError when this build has none or it cannot be loaded.
const Networks& networks();
/// For `info`: version, or why there is none.
std::string networks_status();

}  // namespace polycause
