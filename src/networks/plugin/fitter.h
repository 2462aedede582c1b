// The state of one joint training of the networks.
#pragma once

#include <torch/nn.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "networks/plugin/batches.h"
#include "networks/plugin/block_model.h"
#include "networks/plugin/contrast.h"
#include "networks/plugin/fit.h"

namespace polycause {

/// Everything of one modality while its network is trained.
struct Learner {
  std::unique_ptr<BlockModel> model;             // null: a table
  std::shared_ptr<Decoder> decoder;              // features -> block, beside the contrast
  std::vector<std::shared_ptr<Critic>> critics;  // per part
  torch::Tensor fixed;                           // (n, count) fixed features; undefined for streams
  std::vector<torch::Tensor> known;              // per part learned: (n, latents); a table's code
};

class Fitter {
 public:
  Fitter(const std::vector<NetworkInput>& inputs, const std::vector<std::uint32_t>& train,
         const std::vector<std::uint32_t>& held_out, const NetworkOptions& options);
  std::vector<std::unique_ptr<BlockNetwork>> run();

 private:
  Learner make(std::size_t m);
  /// Who learns. Modalities with fixed features have a canonical start, streams have none.
  enum class Stage {
    kCritics,   // critics beside the canonical outputs; streams are silent
    kStreams,   // streams, beside the canonical outputs
    kEverybody  // all encoders, with the reconstruction
  };
  /// One training of the contrast.
  struct Pass {
    Stage stage = Stage::kEverybody;
    std::string name;  // of its curves
    int epochs = 1;
    double rate = 1e-3;
    double decay = 1e-4;
    int patience = 8;  // epochs without a better bound
  };
  void learn(std::size_t phase, double share);
  void begin_streams(std::size_t phase, Stage stage, double share);
  double improve(std::size_t phase, const Pass& pass, double best, double share);
  std::vector<torch::nn::Module*> modules_of(std::size_t phase);
  torch::Tensor loss_of(const Batch& batch, std::size_t phase);
  void begin_canonically();
  torch::Tensor fixed_features(std::size_t m);
  void settle(std::size_t m, std::size_t phase);
  /// Training, then held-out participants who have modality m.
  std::vector<std::uint32_t> everybody_with(std::size_t m) const;
  /// Blocks of modality m of `rows`, in order, batch after batch.
  void for_each_batch(std::size_t m, const std::vector<std::uint32_t>& rows,
                      const std::function<void(const Batch&)>& use) const;
  std::size_t parts_of(std::size_t m) const {
    return learners_[m].model ? learners_[m].model->all_parts().size() : 1;
  }
  bool active(std::size_t m, std::size_t phase) const {
    return learners_[m].model && phase < parts_of(m);
  }
  /// The outputs are linear maps of the fixed features, and stay so.
  bool canonical(std::size_t m) const {
    return stage_ != Stage::kEverybody && learners_[m].fixed.defined();
  }
  bool speaks(std::size_t m, std::size_t phase) const {
    return active(m, phase) && (stage_ != Stage::kCritics || learners_[m].fixed.defined());
  }
  /// Rows of the fixed features of a batch; undefined where they must be measured anew.
  torch::Tensor fixed_of(std::size_t m, const Batch& batch) const;
  std::int64_t rest_width(std::size_t m, std::size_t phase) const;
  struct Step {
    std::vector<torch::Tensor> outputs;         // per modality, of the phase's part
    std::vector<torch::Tensor> reconstruction;  // per modality, mean squared error
  };
  Step forward(const Batch& batch, std::size_t phase, bool reconstruct);
  Stage stage_ = Stage::kEverybody;
  torch::Tensor rest_of(std::size_t m, std::size_t phase, const Batch& batch,
                        const Step& step) const;
  torch::Tensor present_of(std::size_t m, const Batch& batch) const;
  torch::Tensor contrast(std::size_t m, std::size_t phase, const Batch& batch, const Step& step,
                         std::int64_t* count) const;
  std::vector<double> held_out_information(std::size_t phase);
  std::vector<bool> wanted(std::size_t phase) const;

  const std::vector<NetworkInput>& inputs_;
  std::vector<std::uint32_t> train_;
  std::vector<std::uint32_t> held_out_;
  const NetworkOptions& options_;
  std::size_t participants_ = 0;
  bool gaps_ = false;
  at::Generator generator_;
  std::vector<Learner> learners_;
  std::vector<std::vector<double>> information_{};
};

}  // namespace polycause
