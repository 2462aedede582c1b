#include "networks/plugin/encoders.h"

#include <torch/torch.h>

#include <cmath>
#include <stdexcept>

namespace polycause {
namespace {

namespace nn = torch::nn;
using torch::Tensor;
constexpr double kSlope = 0.1;

Tensor leaky(const Tensor& x) { return torch::leaky_relu(x, kSlope); }

std::int64_t halved(std::int64_t side) { return (side + 1) / 2; }

// Strided convolutions down to a side of at most 5, then a dense layer: it knows where things are.
class SmallImage : public Encoder {
 public:
  SmallImage(const BlockShape& shape, std::int64_t channels) {
    auto height = static_cast<std::int64_t>(shape.height);
    auto width = static_cast<std::int64_t>(shape.width);
    std::int64_t wide = 16;
    for (int i = 0; std::max(height, width) > 5; ++i) {
      convolutions_.push_back(
          register_module("convolution" + std::to_string(i),
                          nn::Conv2d(nn::Conv2dOptions(channels, wide, 3).stride(2).padding(1))));
      channels = wide;
      wide = std::min<std::int64_t>(64, wide * 2);
      height = halved(height);
      width = halved(width);
    }
    dense_ = register_module("dense", nn::Linear(channels * height * width, kFeatures));
  }
  Tensor forward(const Tensor& x) override {
    Tensor h = x;  // (B, C, H, W)
    for (auto& convolution : convolutions_) h = leaky(convolution(h));
    return leaky(dense_(h.flatten(1)));
  }

 private:
  std::vector<nn::Conv2d> convolutions_;
  nn::Linear dense_{nullptr};
};

class Residual : public nn::Module {
 public:
  Residual(std::int64_t from, std::int64_t to, std::int64_t stride) {
    const auto conv = [&](std::int64_t in, std::int64_t s) {
      return nn::Conv2d(nn::Conv2dOptions(in, to, 3).stride(s).padding(1).bias(false));
    };
    first_ = register_module("first", conv(from, stride));
    norm1_ = register_module("norm1", nn::BatchNorm2d(to));
    second_ = register_module("second", conv(to, 1));
    norm2_ = register_module("norm2", nn::BatchNorm2d(to));
    if (stride != 1 || from != to) {
      skip_ = register_module(
          "skip",
          nn::Sequential(nn::Conv2d(nn::Conv2dOptions(from, to, 1).stride(stride).bias(false)),
                         nn::BatchNorm2d(to)));
    }
  }
  Tensor forward(const Tensor& x) {
    const Tensor h = norm2_(second_(torch::relu(norm1_(first_(x)))));
    return torch::relu(h + (skip_.is_empty() ? x : skip_->forward(x)));
  }

 private:
  nn::Conv2d first_{nullptr};
  nn::Conv2d second_{nullptr};
  nn::BatchNorm2d norm1_{nullptr};
  nn::BatchNorm2d norm2_{nullptr};
  nn::Sequential skip_{nullptr};
};

// He et al. 2016, 18 layers; pictures under 64 pixels keep their size in the stem.
class ResNet18 : public Encoder {
 public:
  ResNet18(const BlockShape& shape, std::int64_t channels) {
    large_ = std::max(shape.height, shape.width) >= 64;
    stem_ = register_module("stem", nn::Conv2d(nn::Conv2dOptions(channels, 64, large_ ? 7 : 3)
                                                   .stride(large_ ? 2 : 1)
                                                   .padding(large_ ? 3 : 1)
                                                   .bias(false)));
    norm_ = register_module("norm", nn::BatchNorm2d(64));
    std::int64_t from = 64;
    for (int stage = 0; stage < 4; ++stage) {
      const std::int64_t to = std::int64_t{64} << stage;
      for (int block = 0; block < 2; ++block) {
        const std::int64_t stride = stage > 0 && block == 0 ? 2 : 1;
        blocks_.push_back(register_module("block" + std::to_string(2 * stage + block),
                                          std::make_shared<Residual>(from, to, stride)));
        from = to;
      }
    }
    dense_ = register_module("dense", nn::Linear(512, kFeatures));
  }
  Tensor forward(const Tensor& x) override {
    Tensor h = torch::relu(norm_(stem_(x)));
    if (large_) h = torch::max_pool2d(h, 3, 2, 1);
    for (auto& block : blocks_) h = block->forward(h);
    return leaky(dense_(h.mean({2, 3})));
  }

 private:
  bool large_ = false;
  nn::Conv2d stem_{nullptr};
  nn::BatchNorm2d norm_{nullptr};
  std::vector<std::shared_ptr<Residual>> blocks_;
  nn::Linear dense_{nullptr};
};

// Where something is: brightness divided out, centres of attention of 32 maps.
class Where : public Encoder {
 public:
  Where(const BlockShape& shape, std::int64_t channels) {
    first_ = register_module("first",
                             nn::Conv2d(nn::Conv2dOptions(channels, 16, 5).stride(2).padding(2)));
    second_ = register_module("second", nn::Conv2d(nn::Conv2dOptions(16, 32, 5).padding(2)));
    dense_ = register_module("dense", nn::Linear(64, kFeatures));
    rows_ = register_buffer(
        "rows", torch::linspace(-1, 1, halved(static_cast<std::int64_t>(shape.height))));
    columns_ = register_buffer(
        "columns", torch::linspace(-1, 1, halved(static_cast<std::int64_t>(shape.width))));
  }
  Tensor forward(const Tensor& x) override {
    const Tensor centred = x - x.amin({1, 2, 3}, true);
    Tensor h = centred / centred.amax({1, 2, 3}, true).clamp_min(1e-3);
    h = second_(leaky(first_(h)));  // (B, 32, h, w)
    const Tensor attention = torch::softmax(h.flatten(2), 2).view_as(h);
    const Tensor along_rows = (attention.sum(3) * rows_).sum(2);        // (B, 32)
    const Tensor along_columns = (attention.sum(2) * columns_).sum(2);  // (B, 32)
    return leaky(dense_(torch::cat({along_rows, along_columns}, 1)));
  }

 private:
  nn::Conv2d first_{nullptr};
  nn::Conv2d second_{nullptr};
  nn::Linear dense_{nullptr};
  Tensor rows_;
  Tensor columns_;
};

// What something looks like, wherever it is: circular convolutions and pooling over all places.
class What : public Encoder {
 public:
  explicit What(std::int64_t channels) {
    const auto conv = [](std::int64_t from, std::int64_t to) {
      return nn::Conv2d(
          nn::Conv2dOptions(from, to, 5).stride(2).padding(2).padding_mode(torch::kCircular));
    };
    first_ = register_module("first", conv(channels, 16));
    second_ = register_module("second", conv(16, 32));
    norm_ = register_module("norm", nn::BatchNorm1d(66 + channels));
    dense_ = register_module("dense", nn::Linear(66 + channels, kFeatures));
  }
  Tensor forward(const Tensor& x) override {
    const Tensor h = leaky(second_(leaky(first_(x))));
    const Tensor brightest = x.amax(1, true);  // whatever the colour, (B, 1, H, W)
    const Tensor pooled = torch::cat({h.mean({2, 3}), h.amax({2, 3}), x.mean({2, 3}),
                                      brightest.mean({2, 3}), brightest.amax({2, 3})},
                                     1);
    return leaky(dense_(norm_(pooled)));
  }

 private:
  nn::Conv2d first_{nullptr};
  nn::Conv2d second_{nullptr};
  nn::BatchNorm1d norm_{nullptr};
  nn::Linear dense_{nullptr};
};

// Strided convolutions along time; what happens (pooled) and when (what is left of the length).
class TemporalConvolution : public Encoder {
 public:
  TemporalConvolution(const BlockShape& shape, std::int64_t channels) {
    auto length = static_cast<std::int64_t>(shape.width);
    std::int64_t wide = 32;
    for (int i = 0; i < 2 || length > 8; ++i) {
      const std::int64_t stride = length > 64 ? 4 : length > 8 ? 2 : 1;
      convolutions_.push_back(register_module(
          "convolution" + std::to_string(i),
          nn::Conv1d(
              nn::Conv1dOptions(channels, wide, 2 * stride + 1).stride(stride).padding(stride))));
      length = (length - 1) / stride + 1;
      channels = wide;
      wide = 64;
    }
    dense_ = register_module("dense", nn::Linear(channels * (length + 3), kFeatures));
  }
  Tensor forward(const Tensor& x) override {
    Tensor h = x.squeeze(2);  // (B, C, T)
    for (auto& convolution : convolutions_) h = leaky(convolution(h));
    return leaky(dense_(torch::cat({h.flatten(1), h.mean(2), h.amax(2), h.amin(2)}, 1)));
  }

 private:
  std::vector<nn::Conv1d> convolutions_;
  nn::Linear dense_{nullptr};
};

class LongShortTerm : public Encoder {
 public:
  explicit LongShortTerm(std::int64_t channels) {
    lstm_ = register_module("lstm", nn::LSTM(nn::LSTMOptions(channels, 64).batch_first(true)));
    dense_ = register_module("dense", nn::Linear(128, kFeatures));
  }
  Tensor forward(const Tensor& x) override {
    const auto [outputs, state] = lstm_(x.squeeze(2).transpose(1, 2).contiguous());
    return leaky(dense_(torch::cat({std::get<0>(state)[0], outputs.mean(1)}, 1)));
  }

 private:
  nn::LSTM lstm_{nullptr};
  nn::Linear dense_{nullptr};
};

}  // namespace

std::shared_ptr<Encoder> make_encoder(const BlockShape& shape, std::int64_t channels,
                                      const std::string& network) {
  if (shape.kind == "image") {
    if (network == "small") return std::make_shared<SmallImage>(shape, channels);
    if (network == "resnet18") return std::make_shared<ResNet18>(shape, channels);
    if (network == "where") return std::make_shared<Where>(shape, channels);
    if (network == "what") return std::make_shared<What>(channels);
  } else {
    if (network == "tcn") return std::make_shared<TemporalConvolution>(shape, channels);
    if (network == "lstm") return std::make_shared<LongShortTerm>(channels);
  }
  throw std::invalid_argument(
      "network '" + network + "' is not for modalities of kind '" + shape.kind + "'; expected " +
      (shape.kind == "image" ? "small, resnet18 or streams" : "tcn or lstm"));
}

void initialise(torch::nn::Module& module, at::Generator& generator) {
  const torch::NoGradGuard no_gradient;
  for (auto& item : module.named_parameters()) {
    Tensor& p = item.value();
    if (p.dim() < 2) {
      // The scales of normalisation layers are the only vectors called weight.
      const std::string& name = item.key();
      const bool scale = name.size() >= 6 && name.compare(name.size() - 6, 6, "weight") == 0;
      p.fill_(scale ? 1.0 : 0.0);
      continue;
    }
    const auto fan_in = static_cast<double>(p.numel() / p.size(0));
    const double bound = std::sqrt(6.0 / ((1 + kSlope * kSlope) * fan_in));
    p.uniform_(-bound, bound, generator);
  }
}

}  // namespace polycause
