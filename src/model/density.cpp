#include "model/density.h"

#include <Eigen/LU>
#include <algorithm>
#include <cstring>

#include "model/density_workspace.h"
#include "model/kernels.h"
#include "model/tile_linear.h"

namespace polycause {
namespace {

std::size_t area(int rows, int columns) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
}

}  // namespace

double Decomposition::mean_nll() const {
  double total = 0;
  for (const float value : log_p) total -= static_cast<double>(value);
  return log_p.empty() ? 0.0 : total / static_cast<double>(log_p.size());
}

Density::Density(DensityShape shape) : shape_(std::move(shape)) {
  std::size_t at = 0;
  for (std::size_t m = 0; m < shape_.latents.size(); ++m) {
    Head head;
    head.latents = shape_.latents[m];
    head.width = head.latents + shape_.privates[m];
    first_z_.push_back(total_z_);
    first_eta_.push_back(total_eta_);
    modality_of_.insert(modality_of_.end(), static_cast<std::size_t>(head.latents),
                        static_cast<int>(m));
    total_z_ += head.latents;
    total_eta_ += shape_.privates[m];
    const int layers = shape_.layers_per_width * head.width;
    for (int l = 0; l < layers; ++l) {
      if (l % head.width == 0) {
        head.linear.push_back(at);
        at += area(head.width, head.width);
      }
      head.nets.emplace_back(head.width, shape_.hidden, kFlowHead - 2, at);
      at += head.nets.back().size();
    }
    head.rotation = at;
    at += area(head.latents, head.latents);
    head.shift = at;
    at += static_cast<std::size_t>(head.latents);
    heads_.push_back(head);
  }
  at = (at + kPad - 1) / kPad * kPad;
  prior_begin_ = at;
  pairs_into_.resize(static_cast<std::size_t>(total_z_));
  for (std::size_t e = 0; e < shape_.pairs.size(); ++e) {
    pairs_into_[static_cast<std::size_t>(shape_.pairs[e].target)].push_back(e);
  }
  if (shape_.prior == PriorKind::kAdditive) {
    coefficients_ = at;
    at += shape_.pairs.size() * kBasis;
    for (int i = 0; i < total_z_; ++i) {
      noise_.push_back(at);
      at += std::size_t{3} * kMixture;
    }
  } else {
    for (int i = 0; i < total_z_; ++i) {
      const int parents = static_cast<int>(pairs_into_[static_cast<std::size_t>(i)].size());
      conditioners_.emplace_back(std::max(1, parents + shape_.conditions), shape_.hidden,
                                 3 * kMixture, at);
      at += conditioners_.back().size();
    }
  }
  condition_links_ = at;
  at += area(total_z_ + total_eta_, shape_.conditions) * kBasis;
  prior_end_ = at;
  at = (at + kPad - 1) / kPad * kPad;
  gate_begin_ = at;
  at += (shape_.pairs.size() + kPad - 1) / kPad * kPad;
  theta_.assign(at, 0.0f);
}

void Density::initialise(Random& random) {
  for (const Head& head : heads_) {
    for (const Mlp& net : head.nets) {
      net.initialise(theta_.data(), random, 0.05);
      float* bias = theta_.data() + net.output_bias();
      for (int k = 0; k < kBumps; ++k) {
        bias[2 + k] = -4.0f;  // softplus(-4) = 0.018: almost affine at the start
        bias[2 + 2 * kBumps + k] = -1.5f + 3.0f * static_cast<float>(k) / (kBumps - 1);
      }
    }
    // A layer never sees the coordinate that it transforms.
    for (std::size_t l = 0; l < head.nets.size(); ++l) {
      const std::size_t own = l % static_cast<std::size_t>(head.width);
      const Mlp& net = head.nets[l];
      std::memset(
          theta_.data() + net.input_weights() + own * static_cast<std::size_t>(net.hidden()), 0,
          static_cast<std::size_t>(net.hidden()) * sizeof(float));
    }
    for (const std::size_t at : head.linear) {
      for (int i = 0; i < head.width; ++i) theta_[at + area(i, head.width + 1)] = 1.0f;
    }
    for (int i = 0; i < head.latents; ++i) theta_[head.rotation + area(i, head.latents + 1)] = 1.0f;
  }
  for (const std::size_t at : noise_) {
    for (int k = 0; k < kMixture; ++k) {
      theta_[at + static_cast<std::size_t>(kMixture + k)] =
          -1.0f + 2.0f * static_cast<float>(k) / (kMixture - 1);
      theta_[at + static_cast<std::size_t>(2 * kMixture + k)] = -0.3f;
    }
  }
  for (const Mlp& net : conditioners_) {
    net.initialise(theta_.data(), random, 0.1);
    float* bias = theta_.data() + net.output_bias();
    for (int k = 0; k < kMixture; ++k) {
      bias[kMixture + k] = -1.0f + 2.0f * static_cast<float>(k) / (kMixture - 1);
      bias[2 * kMixture + k] = -0.3f;
    }
  }
}

void Density::set_first_map(std::size_t modality, const std::vector<double>& map) {
  const Head& head = heads_[modality];
  for (std::size_t i = 0; i < map.size(); ++i)
    theta_[head.linear[0] + i] = static_cast<float>(map[i]);
}

void Density::append_rotation(std::size_t modality, const std::vector<double>& shift,
                              const std::vector<double>& rotation) {
  const Head& head = heads_[modality];
  const int k = head.latents;
  // (y - s0) R0 -> ((y - s0) R0 - shift) P = (y - (s0 + shift R0^-1)) R0 P
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Matrix r0 = matrix_of(theta_.data() + head.rotation, k);
  const Matrix p = Eigen::Map<const Matrix>(rotation.data(), k, k);
  const Eigen::RowVectorXd more =
      Eigen::Map<const Eigen::RowVectorXd>(shift.data(), k) * r0.inverse();
  const Matrix composed = r0 * p;
  for (int i = 0; i < k; ++i) {
    theta_[head.shift + static_cast<std::size_t>(i)] += static_cast<float>(more(i));
  }
  for (int i = 0; i < k * k; ++i) {
    theta_[head.rotation + static_cast<std::size_t>(i)] = static_cast<float>(composed.data()[i]);
  }
}

void Density::copy_heads(const Density& other) {
  std::copy(other.theta_.begin(), other.theta_.begin() + static_cast<std::ptrdiff_t>(prior_begin_),
            theta_.begin());
}

void Density::copy_prior(const Density& other) {
  if (shape_.prior != PriorKind::kAdditive || other.shape_.prior != PriorKind::kAdditive) return;
  const auto copy = [&](std::size_t from, std::size_t count, std::size_t to) {
    const auto begin = other.theta_.begin() + static_cast<std::ptrdiff_t>(from);
    std::copy(begin, begin + static_cast<std::ptrdiff_t>(count),
              theta_.begin() + static_cast<std::ptrdiff_t>(to));
  };
  for (std::size_t e = 0; e < shape_.pairs.size(); ++e) {
    const LatentPair& pair = shape_.pairs[e];
    const auto& theirs = other.pairs_into_[static_cast<std::size_t>(pair.target)];
    const auto same = std::find_if(theirs.begin(), theirs.end(), [&](std::size_t f) {
      return other.shape_.pairs[f].source == pair.source;
    });
    if (same != theirs.end())
      copy(other.coefficients_ + *same * kBasis, kBasis, coefficients_ + e * kBasis);
  }
  for (std::size_t i = 0; i < noise_.size(); ++i) copy(other.noise_[i], 3 * kMixture, noise_[i]);
  copy(other.condition_links_, other.prior_end_ - other.condition_links_, condition_links_);
}

std::vector<double> Density::rotation(std::size_t modality) const {
  const Head& head = heads_[modality];
  const float* from = theta_.data() + head.rotation;
  return std::vector<double>(from, from + area(head.latents, head.latents));
}

void Density::prepare(Workspace& work, bool backward) const {
  double total = 0;
  for (std::size_t m = 0; m < heads_.size(); ++m) {
    const Head& head = heads_[m];
    work.log_det[m] = 0;
    const auto add = [&](std::size_t at, int size) {
      const double value = log_determinant(theta_.data() + at, size, nullptr);
      work.log_det[m] += value;
      total += value;
    };
    for (const std::size_t at : head.linear) add(at, head.width);
    add(head.rotation, head.latents);
  }
  work.constant_log_det = total;
  if (!backward) return;
  for (std::size_t m = 0; m < heads_.size(); ++m) {
    for (std::size_t l = 0; l < heads_[m].nets.size(); ++l) {
      heads_[m].nets[l].transpose(theta_.data(), work.modalities[m].transposed[l].data());
    }
  }
  for (std::size_t i = 0; i < conditioners_.size(); ++i) {
    conditioners_[i].transpose(theta_.data(), work.prior_transposed[i].data());
  }
}

void Density::head_forward(const Head& head, Workspace& work, std::size_t m) const {
  const Kernels& kernel = kernels();
  Workspace::PerModality& own = work.modalities[m];
  float* x = own.x.data();  // (width, T)
  float* log_p = work.counts[m] ? work.log_p.data() : work.dropped.data();
  for (std::size_t l = 0; l < head.nets.size(); ++l) {
    const std::size_t coordinate = l % static_cast<std::size_t>(head.width);
    if (coordinate == 0) {
      const std::size_t round = l / static_cast<std::size_t>(head.width);
      std::memcpy(own.linear_in[round].data(), x, own.x.size() * sizeof(float));
      apply_linear(theta_.data() + head.linear[round], head.width, x, work.copy.data());
    }
    std::memcpy(own.layer_in[l].data(), x, own.x.size() * sizeof(float));
    head.nets[l].forward(theta_.data(), kTile, x, 1, kTile, own.hidden[l].data(), work.rows.data());
    kernel.transpose(work.rows.data(), kFlowHead, kTile, kFlowHead, own.head[l].data(), kTile);
    kernel.bumps_forward(kTile, own.head[l].data(), x + coordinate * kTile, log_p,
                         own.bumps[l].data());
  }
  // z = (y - shift) rotation
  for (int i = 0; i < head.latents; ++i) {
    const float s = theta_[head.shift + static_cast<std::size_t>(i)];
    for (int t = 0; t < kTile; ++t) x[i * kTile + t] -= s;
  }
  std::memcpy(own.rotation_in.data(), x, area(head.latents, kTile) * sizeof(float));
  apply_linear(theta_.data() + head.rotation, head.latents, x, work.copy.data());
}

void Density::head_backward(const Head& head, Workspace& work, std::size_t m, float scale,
                            float* gradient) const {
  const Kernels& kernel = kernels();
  Workspace::PerModality& own = work.modalities[m];
  float* g = own.g.data();  // (width, T)
  apply_linear_backward(theta_.data() + head.rotation, head.latents, own.rotation_in.data(), g,
                        work.copy.data(), gradient + head.rotation);
  for (std::size_t l = head.nets.size(); l-- > 0;) {
    const std::size_t coordinate = l % static_cast<std::size_t>(head.width);
    const Mlp& net = head.nets[l];
    kernel.bumps_backward(kTile, own.head[l].data(), own.bumps[l].data(), scale,
                          g + coordinate * kTile, work.lanes.data());
    kernel.transpose(work.lanes.data(), kTile, kFlowHead, kTile, work.rows.data(), kFlowHead);
    net.backward(own.transposed[l].data(), kTile, own.layer_in[l].data(), 1, kTile,
                 own.hidden[l].data(), work.rows.data(), work.scratch.data(), gradient,
                 work.rows_in.data());
    const int columns = padded(head.width);
    kernel.transpose(work.rows_in.data(), columns, kTile, columns, work.lanes.data(), kTile);
    kernel.axpy(1.0f, work.lanes.data(), g, area(head.width, kTile));
    if (coordinate == 0) {
      const std::size_t round = l / static_cast<std::size_t>(head.width);
      apply_linear_backward(theta_.data() + head.linear[round], head.width,
                            own.linear_in[round].data(), g, work.copy.data(),
                            gradient + head.linear[round]);
    }
  }
}

void Density::load_tile(const Codes& codes, const std::uint32_t* rows, std::size_t count,
                        Workspace& work) const {
  for (std::size_t m = 0; m < heads_.size(); ++m) {
    const int width = heads_[m].width;
    float* x = work.modalities[m].x.data();
    for (std::size_t t = 0; t < static_cast<std::size_t>(kTile); ++t) {
      // A tile past the end repeats its first row; the caller ignores those samples.
      const std::size_t row = rows[t < count ? t : 0];
      const float* from = codes.u[m].data() + row * static_cast<std::size_t>(width);
      for (int k = 0; k < width; ++k) x[static_cast<std::size_t>(k * kTile) + t] = from[k];
    }
    work.present[m] = 1;
    for (std::size_t t = 0; t < count && !codes.present.empty(); ++t)
      work.present[m] = work.present[m] && codes.has(rows[t], m);
  }
  std::memset(work.log_p.data(), 0, kTile * sizeof(float));
  std::memset(work.dropped.data(), 0, kTile * sizeof(float));
  if (shape_.conditions > 0) load_conditions(codes, rows, count, work);
}

double Density::gradient(const Codes& codes, const std::uint32_t* rows, std::size_t count,
                         std::uint32_t key, Workspace& work, float* gradient) const {
  prepare(work, true);
  std::memset(gradient, 0, theta_.size() * sizeof(float));
  const float scale = -1.0f / static_cast<float>(count);
  double total = 0;
  std::vector<double> share(heads_.size(), 0.0);  // of the tiles, in which the block counts
  for (std::size_t first = 0; first < count; first += kTile) {
    load_tile(codes, rows + first, kTile, work);
    set_presence(work, true);
    for (std::size_t m = 0; m < heads_.size(); ++m) {
      share[m] += work.counts[m] ? 1.0 : 0.0;
      if (work.runs[m]) head_forward(heads_[m], work, m);
    }
    gather_latents(work);
    if (shape_.gated) make_gates(work, true, key, static_cast<std::uint32_t>(first));
    if (shape_.prior == PriorKind::kAdditive) {
      additive(work, scale, gradient);
    } else {
      general(work, scale, gradient);
    }
    scatter_gradients(work, scale, gradient);
    for (std::size_t m = 0; m < heads_.size(); ++m) {
      if (work.runs[m]) head_backward(heads_[m], work, m, work.counts[m] ? scale : 0.0f, gradient);
    }
    for (int t = 0; t < kTile; ++t)
      total -= static_cast<double>(work.log_p[static_cast<std::size_t>(t)]);
  }
  double constant_log_det = work.constant_log_det;
  for (std::size_t m = 0; m < heads_.size(); ++m) {
    const Head& head = heads_[m];
    share[m] /= static_cast<double>(count / kTile);
    constant_log_det -= (1 - share[m]) * work.log_det[m];
    for (const std::size_t at : head.linear)
      log_determinant(theta_.data() + at, head.width, gradient + at, share[m]);
    log_determinant(theta_.data() + head.rotation, head.latents, gradient + head.rotation,
                    share[m]);
    for (int i = 0; i < head.latents; ++i)
      gradient[head.shift + static_cast<std::size_t>(i)] = 0.0f;
    for (std::size_t l = 0; l < head.nets.size(); ++l) {  // the unseen coordinate stays unseen
      const std::size_t own = l % static_cast<std::size_t>(head.width);
      const auto hidden = static_cast<std::size_t>(head.nets[l].hidden());
      std::memset(gradient + head.nets[l].input_weights() + own * hidden, 0,
                  hidden * sizeof(float));
    }
  }
  return total / static_cast<double>(count) - constant_log_det;
}

}  // namespace polycause
