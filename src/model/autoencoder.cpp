#include "model/autoencoder.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstring>

#include "model/kernels.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr double kLeastAxis = 1e-3;  // standard deviation beside that of the first axis
constexpr std::size_t kRows = 64;    // samples per pass

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

std::size_t area(int rows, int columns) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
}

std::vector<std::uint32_t> first_rows(std::size_t n) {
  std::vector<std::uint32_t> rows(n);
  for (std::size_t i = 0; i < n; ++i) rows[i] = static_cast<std::uint32_t>(i);
  return rows;
}

}  // namespace

Autoencoder::Autoencoder(int width, bool masked, int code, int hidden)
    : width_(width), masked_(masked), code_(code), hidden_(hidden) {
  encoder_ = Mlp(inputs(), hidden, code, 0);
  decoder_ = Mlp(code, hidden, width, encoder_.size());
  axes_ = encoder_.size() + decoder_.size();
  loadings_ = axes_ + area(inputs(), padded(code));
  const std::size_t end = loadings_ + area(code, padded(width));
  theta_.assign((end + kPad - 1) / kPad * kPad, 0.0f);
}

int Autoencoder::initialise(const Cells& cells, const std::vector<std::uint32_t>& rows,
                            Random& random) {
  encoder_.initialise(theta_.data(), random, 0.1);
  decoder_.initialise(theta_.data(), random, 0.1);
  const std::size_t used = std::min<std::size_t>(rows.size(), 5000);
  Matrix x(used, width_);
  for (std::size_t i = 0; i < used; ++i) {
    const float* from =
        cells.x.data() + static_cast<std::size_t>(rows[i]) * static_cast<std::size_t>(width_);
    for (int j = 0; j < width_; ++j)
      x(static_cast<Eigen::Index>(i), j) = static_cast<double>(from[j]);
  }
  x.rowwise() -= x.colwise().mean();
  Matrix axes(width_, code_);
  for (Eigen::Index i = 0; i < axes.size(); ++i) axes.data()[i] = random.normal();
  for (int iteration = 0; iteration < 20; ++iteration) {
    const Eigen::HouseholderQR<Eigen::MatrixXd> qr(x.transpose() * (x * axes));
    axes = qr.householderQ() * Eigen::MatrixXd::Identity(width_, code_);
  }
  const Matrix scores = x * axes;
  const Eigen::VectorXd deviations =
      (scores.colwise().squaredNorm().transpose() / static_cast<double>(used)).cwiseSqrt();
  // An axis beyond the rank of the table holds the rounding of its numbers: not to be blown up.
  const double least = std::max(1e-6, kLeastAxis * deviations.maxCoeff());
  for (int k = 0; k < code_; ++k) {
    // Unit variance codes, so that the networks work on one scale.
    const double sd = std::max(least, deviations(k));
    for (int j = 0; j < width_; ++j) {
      theta_[axes_ + static_cast<std::size_t>(j * padded(code_) + k)] =
          static_cast<float>(axes(j, k) / sd);
      theta_[loadings_ + static_cast<std::size_t>(k * padded(width_) + j)] =
          static_cast<float>(axes(j, k) * sd);
    }
  }
  return static_cast<int>((deviations.array() >= least).count());
}

void Autoencoder::load(const Cells& cells, const std::uint32_t* rows, std::size_t count,
                       float* in) const {
  const auto width = static_cast<std::size_t>(width_);
  const auto stride = static_cast<std::size_t>(inputs());
  for (std::size_t t = 0; t < kRows; ++t) {
    const std::size_t row = rows[t < count ? t : 0];
    float* to = in + t * stride;
    std::memcpy(to, cells.x.data() + row * width, width * sizeof(float));
    if (!masked_) continue;
    for (std::size_t j = 0; j < width; ++j) {
      to[width + j] = cells.present.empty() || cells.present[row * width + j] != 0 ? 0.0f : 1.0f;
    }
  }
}

double Autoencoder::gradient(const Cells& cells, const std::uint32_t* rows, std::size_t count,
                             std::vector<float>& gradient) const {
  const Kernels& kernel = kernels();
  const int code_p = padded(code_);
  const int width_p = padded(width_);
  const int in_width = inputs();
  const int rows_i = static_cast<int>(kRows);
  std::vector<float> in(kRows * static_cast<std::size_t>(in_width));
  std::vector<float> code(kRows * static_cast<std::size_t>(code_p));
  std::vector<float> g_code(code.size());
  std::vector<float> g_code_net(code.size());
  std::vector<float> out(kRows * static_cast<std::size_t>(width_p));
  std::vector<float> memory_e(encoder_.memory(rows_i));
  std::vector<float> memory_d(decoder_.memory(rows_i));
  std::vector<float> scratch(std::max(encoder_.scratch(rows_i), decoder_.scratch(rows_i)));
  std::vector<float> transposed_e(encoder_.transposed_size());
  std::vector<float> transposed_d(decoder_.transposed_size());
  encoder_.transpose(theta_.data(), transposed_e.data());
  decoder_.transpose(theta_.data(), transposed_d.data());
  std::vector<float> loadings_t(area(width_p, code_p),
                                0.0f);  // (width_p, code_p)
  for (int k = 0; k < code_; ++k) {
    for (int j = 0; j < width_; ++j) {
      loadings_t[area(j, code_p) + static_cast<std::size_t>(k)] =
          theta_[loadings_ + area(k, width_p) + static_cast<std::size_t>(j)];
    }
  }
  std::fill(gradient.begin(), gradient.end(), 0.0f);
  double total = 0;
  double present = 0;
  // The mean runs over present cells; their number is known only at the end, so the gradient is
  // scaled by the expected number.
  const float scale = 2.0f / static_cast<float>(count * static_cast<std::size_t>(width_));
  for (std::size_t first = 0; first < count; first += kRows) {
    load(cells, rows + first, std::min(kRows, count - first), in.data());
    encoder_.forward(theta_.data(), rows_i, in.data(), in_width, 1, memory_e.data(), code.data());
    kernel.gemm(rows_i, in_width, code_p, in.data(), in_width, 1, theta_.data() + axes_, code_p,
                code.data(), code_p, true, nullptr);
    decoder_.forward(theta_.data(), rows_i, code.data(), code_p, 1, memory_d.data(), out.data());
    kernel.gemm(rows_i, code_, width_p, code.data(), code_p, 1, theta_.data() + loadings_, width_p,
                out.data(), width_p, true, nullptr);
    for (std::size_t t = 0; t < kRows; ++t) {
      float* y = out.data() + t * static_cast<std::size_t>(width_p);
      const float* x = in.data() + t * static_cast<std::size_t>(in_width);
      for (int j = 0; j < width_p; ++j) {
        const bool counts = j < width_ && first + t < count && (!masked_ || x[width_ + j] == 0.0f);
        const float error = counts ? y[j] - x[j] : 0.0f;
        total += static_cast<double>(error * error);
        present += counts ? 1.0 : 0.0;
        y[j] = scale * error;
      }
    }
    decoder_.backward(transposed_d.data(), rows_i, code.data(), code_p, 1, memory_d.data(),
                      out.data(), scratch.data(), gradient.data(), g_code_net.data());
    kernel.gemm(code_, rows_i, width_p, code.data(), 1, code_p, out.data(), width_p,
                gradient.data() + loadings_, width_p, true, nullptr);
    kernel.gemm(rows_i, width_p, code_p, out.data(), width_p, 1, loadings_t.data(), code_p,
                g_code.data(), code_p, false, nullptr);
    kernel.axpy(1.0f, g_code_net.data(), g_code.data(), g_code.size());
    encoder_.backward(transposed_e.data(), rows_i, in.data(), in_width, 1, memory_e.data(),
                      g_code.data(), scratch.data(), gradient.data(), nullptr);
    // The mask reaches the code through the network only.
    kernel.gemm(width_, rows_i, code_p, in.data(), 1, in_width, g_code.data(), code_p,
                gradient.data() + axes_, code_p, true, nullptr);
  }
  return total / std::max(1.0, present);
}

void Autoencoder::raw_codes(const Cells& cells, const std::uint32_t* rows, std::size_t count,
                            float* out) const {
  const int code_p = padded(code_);
  const int in_width = inputs();
  const int rows_i = static_cast<int>(kRows);
  std::vector<float> in(kRows * static_cast<std::size_t>(in_width));
  std::vector<float> code(kRows * static_cast<std::size_t>(code_p));
  std::vector<float> memory(encoder_.memory(rows_i));
  for (std::size_t first = 0; first < count; first += kRows) {
    const std::size_t some = std::min(kRows, count - first);
    load(cells, rows + first, some, in.data());
    encoder_.forward(theta_.data(), rows_i, in.data(), in_width, 1, memory.data(), code.data());
    kernels().gemm(rows_i, in_width, code_p, in.data(), in_width, 1, theta_.data() + axes_, code_p,
                   code.data(), code_p, true, nullptr);
    for (std::size_t t = 0; t < some; ++t) {
      std::memcpy(out + (first + t) * static_cast<std::size_t>(code_),
                  code.data() + t * static_cast<std::size_t>(code_p),
                  static_cast<std::size_t>(code_) * sizeof(float));
    }
  }
}

double Autoencoder::loss(const Cells& cells, const std::vector<std::uint32_t>& rows) const {
  std::vector<float> code(rows.size() * static_cast<std::size_t>(code_));
  raw_codes(cells, rows.data(), rows.size(), code.data());
  Autoencoder plain = *this;
  plain.whitening_.clear();
  const std::vector<float> out = plain.decode(code);
  const auto width = static_cast<std::size_t>(width_);
  double total = 0;
  double present = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < width; ++j) {
      const std::size_t at = static_cast<std::size_t>(rows[i]) * width + j;
      if (!cells.present.empty() && cells.present[at] == 0) continue;
      const double error = static_cast<double>(out[i * width + j] - cells.x[at]);
      total += error * error;
      present += 1;
    }
  }
  return total / std::max(1.0, present);
}

void Autoencoder::whiten(const Cells& cells, const std::vector<std::uint32_t>& rows) {
  std::vector<float> code(rows.size() * static_cast<std::size_t>(code_));
  raw_codes(cells, rows.data(), rows.size(), code.data());
  const Matrix u = Eigen::Map<const Eigen::Matrix<float, -1, -1, Eigen::RowMajor>>(
                       code.data(), static_cast<Eigen::Index>(rows.size()), code_)
                       .cast<double>();
  const Eigen::RowVectorXd mean = u.colwise().mean();
  const Eigen::MatrixXd centred = u.rowwise() - mean;
  const Eigen::MatrixXd covariance =
      centred.transpose() * centred / static_cast<double>(rows.size());
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
  const Eigen::VectorXd& values = solver.eigenvalues();
  if (!values.allFinite() || values(0) <= 1e-7 * values(code_ - 1)) {
    throw NumericError(
        "autoencoder: the code has fewer independent dimensions than latents + private; lower "
        "'latents' or 'private' of the modality");
  }
  const Matrix map = solver.eigenvectors() * values.cwiseSqrt().cwiseInverse().asDiagonal();
  whitening_.assign(mean.data(), mean.data() + code_);
  whitening_.insert(whitening_.end(), map.data(), map.data() + map.size());
}

std::vector<float> Autoencoder::encode(const Cells& cells) const {
  const std::size_t n = cells.participants;
  const auto k = static_cast<std::size_t>(code_);
  std::vector<float> code(n * k);
  const std::vector<std::uint32_t> rows = first_rows(n);
  raw_codes(cells, rows.data(), n, code.data());
  std::vector<double> centred(k);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t a = 0; a < k; ++a)
      centred[a] = static_cast<double>(code[i * k + a]) - whitening_[a];
    for (std::size_t b = 0; b < k; ++b) {
      double s = 0;
      for (std::size_t a = 0; a < k; ++a) s += centred[a] * whitening_[k + a * k + b];
      code[i * k + b] = static_cast<float>(s);
    }
  }
  return code;
}

std::vector<float> Autoencoder::decode(const std::vector<float>& code) const {
  const auto k = static_cast<std::size_t>(code_);
  const std::size_t n = code.size() / k;
  std::vector<float> raw = code;
  if (!whitening_.empty()) {
    const Eigen::Map<const Matrix> map(whitening_.data() + k, code_, code_);
    const Eigen::Map<const Eigen::RowVectorXd> mean(whitening_.data(), code_);
    using Rows = Eigen::Matrix<float, -1, -1, Eigen::RowMajor>;
    Eigen::Map<Rows> rows(raw.data(), static_cast<Eigen::Index>(n), code_);
    rows = ((rows.cast<double>() * map.inverse()).rowwise() + mean).eval().cast<float>();
  }
  const int width_p = padded(width_);
  const int rows_i = static_cast<int>(kRows);
  std::vector<float> out(n * static_cast<std::size_t>(width_));
  std::vector<float> part(kRows * static_cast<std::size_t>(width_p));
  std::vector<float> in(kRows * k);
  std::vector<float> memory(decoder_.memory(rows_i));
  for (std::size_t first = 0; first < n; first += kRows) {
    const std::size_t some = std::min(kRows, n - first);
    std::copy(raw.begin() + static_cast<std::ptrdiff_t>(first * k),
              raw.begin() + static_cast<std::ptrdiff_t>((first + some) * k), in.begin());
    decoder_.forward(theta_.data(), rows_i, in.data(), code_, 1, memory.data(), part.data());
    kernels().gemm(rows_i, code_, width_p, in.data(), code_, 1, theta_.data() + loadings_, width_p,
                   part.data(), width_p, true, nullptr);
    for (std::size_t t = 0; t < some; ++t) {
      std::memcpy(out.data() + (first + t) * static_cast<std::size_t>(width_),
                  part.data() + t * static_cast<std::size_t>(width_p),
                  static_cast<std::size_t>(width_) * sizeof(float));
    }
  }
  return out;
}

}  // namespace polycause
