#include "networks/plugin/decoders.h"

#include <torch/torch.h>

#include <algorithm>
#include <vector>

namespace polycause {
namespace {

namespace nn = torch::nn;
using torch::Tensor;

Tensor leaky(const Tensor& x) { return torch::leaky_relu(x, 0.1); }

// Dense, then transposed convolutions that double the side, cut to size at the end.
class ImageDecoder : public Decoder {
 public:
  ImageDecoder(const BlockShape& shape, std::int64_t inputs, std::int64_t widest)
      : rows_(static_cast<std::int64_t>(shape.height)),
        columns_(static_cast<std::int64_t>(shape.width)) {
    int doublings = 0;
    while ((std::max(rows_, columns_) >> doublings) > 5) ++doublings;
    const std::int64_t scale = std::int64_t{1} << doublings;
    height_ = (rows_ + scale - 1) / scale;
    width_ = (columns_ + scale - 1) / scale;
    wide_ = widest;
    dense_ = register_module("dense", nn::Linear(inputs, 64));
    spread_ = register_module("spread", nn::Linear(64, wide_ * height_ * width_));
    std::int64_t from = wide_;
    for (int i = 0; i < doublings; ++i) {
      const bool last = i + 1 == doublings;
      const std::int64_t to =
          last ? static_cast<std::int64_t>(shape.channels) : std::max<std::int64_t>(16, from / 2);
      layers_.push_back(register_module(
          "up" + std::to_string(i),
          nn::ConvTranspose2d(nn::ConvTranspose2dOptions(from, to, 4).stride(2).padding(1))));
      from = to;
    }
    if (layers_.empty()) {
      flat_ = register_module("flat", nn::Conv2d(nn::Conv2dOptions(
                                          wide_, static_cast<std::int64_t>(shape.channels), 1)));
    }
  }
  Tensor forward(const Tensor& u) override {
    Tensor h = leaky(spread_(leaky(dense_(u)))).view({u.size(0), wide_, height_, width_});
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      h = layers_[i](h);
      if (i + 1 < layers_.size()) h = leaky(h);
    }
    if (layers_.empty()) h = flat_(h);
    return h.slice(2, 0, rows_).slice(3, 0, columns_);
  }

 private:
  std::int64_t rows_;
  std::int64_t columns_;
  std::int64_t height_ = 1;
  std::int64_t width_ = 1;
  std::int64_t wide_ = 64;
  nn::Linear dense_{nullptr};
  nn::Linear spread_{nullptr};
  std::vector<nn::ConvTranspose2d> layers_;
  nn::Conv2d flat_{nullptr};
};

class SeriesDecoder : public Decoder {
 public:
  SeriesDecoder(const BlockShape& shape, std::int64_t inputs)
      : samples_(static_cast<std::int64_t>(shape.width)) {
    int quadruplings = 0;
    while ((samples_ >> (2 * quadruplings)) > 16) ++quadruplings;
    const std::int64_t scale = std::int64_t{1} << (2 * quadruplings);
    length_ = (samples_ + scale - 1) / scale;
    dense_ = register_module("dense", nn::Linear(inputs, 64));
    spread_ = register_module("spread", nn::Linear(64, kWide * length_));
    std::int64_t from = kWide;
    for (int i = 0; i < quadruplings; ++i) {
      const std::int64_t to = std::max<std::int64_t>(16, from / 2);
      layers_.push_back(register_module(
          "up" + std::to_string(i),
          nn::ConvTranspose1d(nn::ConvTranspose1dOptions(from, to, 8).stride(4).padding(2))));
      from = to;
    }
    last_ = register_module(
        "last",
        nn::Conv1d(
            nn::Conv1dOptions(from, static_cast<std::int64_t>(shape.channels), 5).padding(2)));
  }
  Tensor forward(const Tensor& u) override {
    Tensor h = leaky(spread_(leaky(dense_(u)))).view({u.size(0), kWide, length_});
    for (auto& layer : layers_) h = leaky(layer(h));
    return last_(h).slice(2, 0, samples_).unsqueeze(2);
  }

 private:
  static constexpr std::int64_t kWide = 64;
  std::int64_t samples_;
  std::int64_t length_ = 1;
  nn::Linear dense_{nullptr};
  nn::Linear spread_{nullptr};
  std::vector<nn::ConvTranspose1d> layers_;
  nn::Conv1d last_{nullptr};
};

class LstmDecoder : public Decoder {
 public:
  LstmDecoder(const BlockShape& shape, std::int64_t inputs)
      : samples_(static_cast<std::int64_t>(shape.width)) {
    lstm_ = register_module("lstm", nn::LSTM(nn::LSTMOptions(inputs + 1, 64).batch_first(true)));
    last_ = register_module("last", nn::Linear(64, static_cast<std::int64_t>(shape.channels)));
  }
  Tensor forward(const Tensor& u) override {
    // The same code at every step, with the time: nothing else tells the steps apart at first.
    const Tensor time = torch::linspace(-1, 1, samples_).view({1, samples_, 1});
    const Tensor inputs = torch::cat({u.unsqueeze(1).expand({u.size(0), samples_, u.size(1)}),
                                      time.expand({u.size(0), samples_, 1})},
                                     2);
    return last_(std::get<0>(lstm_(inputs))).transpose(1, 2).unsqueeze(2);
  }

 private:
  std::int64_t samples_;
  nn::LSTM lstm_{nullptr};
  nn::Linear last_{nullptr};
};

}  // namespace

std::shared_ptr<Decoder> make_decoder(const BlockShape& shape, const std::string& network,
                                      std::int64_t inputs) {
  if (shape.kind == "image") {
    return std::make_shared<ImageDecoder>(shape, inputs, network == "resnet18" ? 256 : 64);
  }
  if (network == "lstm") return std::make_shared<LstmDecoder>(shape, inputs);
  return std::make_shared<SeriesDecoder>(shape, inputs);
}

}  // namespace polycause
