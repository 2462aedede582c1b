#include "model/subspace.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>

#include "model/condition_basis.h"

namespace polycause {
namespace {

using Matrix = Eigen::MatrixXd;
using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Matrix rows_of(const Codes& codes, std::size_t modality, const std::vector<std::uint32_t>& rows) {
  const int width = codes.width[modality];
  Matrix x(static_cast<Eigen::Index>(rows.size()), width);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const float* from = codes.u[modality].data() +
                        static_cast<std::size_t>(rows[i]) * static_cast<std::size_t>(width);
    for (int j = 0; j < width; ++j)
      x(static_cast<Eigen::Index>(i), j) = static_cast<double>(from[j]);
  }
  return x;
}

std::vector<double> flat(const Matrix& m) {
  const RowMatrix r = m;
  return std::vector<double>(r.data(), r.data() + r.size());
}

/// What of the columns of x (rows, d) their regression on the conditions' basis functions leaves.
void partial_out(const Conditions& conditions, const std::vector<std::uint32_t>& rows, Matrix& x) {
  if (conditions.count == 0) return;
  const Matrix functions = condition_basis(conditions, rows);
  Matrix f(functions.rows(), functions.cols() + 1);
  f << Eigen::VectorXd::Ones(f.rows()), functions;
  Matrix gram = f.transpose() * f;
  gram.diagonal().array() += 1e-3 * static_cast<double>(rows.size());
  x -= (f * gram.ldlt().solve(f.transpose() * x)).eval();
}

/// sum over the other modalities of |columns a and b of R_m' C_mn R_n|, turned by `angle`.
double turned_norm(const Eigen::VectorXd& a, const Eigen::VectorXd& b, double angle) {
  const double c = std::cos(angle);
  const double s = std::sin(angle);
  return (c * a + s * b).lpNorm<1>() + (c * b - s * a).lpNorm<1>();
}

}  // namespace

std::vector<double> random_rotation(int k, Random& random) {
  if (k == 0) return {};
  Matrix g(k, k);
  for (Eigen::Index i = 0; i < g.size(); ++i) g.data()[i] = random.normal();
  const Eigen::HouseholderQR<Matrix> qr(g);
  Matrix q = qr.householderQ();
  for (int j = 0; j < k; ++j) {  // Haar needs the signs of R's diagonal
    if (qr.matrixQR()(j, j) < 0) q.col(j) *= -1.0;
  }
  return flat(q);
}

std::vector<double> rotate_first(const std::vector<double>& map, int d,
                                 const std::vector<double>& rotation, int k) {
  RowMatrix m = Eigen::Map<const RowMatrix>(map.data(), d, d);
  const RowMatrix r = Eigen::Map<const RowMatrix>(rotation.data(), k, k);
  m.leftCols(k) = (m.leftCols(k) * r).eval();
  return std::vector<double>(m.data(), m.data() + m.size());
}

std::vector<std::vector<double>> canonical_maps(const Codes& codes,
                                                const std::vector<std::uint32_t>& rows,
                                                std::vector<std::vector<double>>* canonical) {
  const std::size_t modalities = codes.u.size();
  std::vector<Matrix> x;
  Eigen::Index total = 0;
  for (std::size_t m = 0; m < modalities; ++m) {
    x.push_back(rows_of(codes, m, rows));
    partial_out(codes.conditions, rows, x.back());
    x.back().rowwise() -= x.back().colwise().mean();
    total += codes.width[m];
  }
  const auto n = static_cast<double>(rows.size());
  std::vector<std::vector<double>> maps;
  if (canonical != nullptr) canonical->clear();
  for (std::size_t m = 0; m < modalities; ++m) {
    Matrix others(x[m].rows(), total - codes.width[m]);
    Eigen::Index at = 0;
    for (std::size_t o = 0; o < modalities; ++o) {
      if (o == m) continue;
      others.middleCols(at, codes.width[o]) = x[o];
      at += codes.width[o];
    }
    Matrix s = others.transpose() * others / n;
    s.diagonal().array() += 1e-3;
    const Eigen::LLT<Matrix> llt(s);
    // u is white already (but for what the conditions explained), so only the other side needs
    // S^(-1/2).
    const Matrix cross = others.transpose() * x[m] / n;
    const Matrix half = llt.matrixL().solve(cross);  // (others, d)
    const Eigen::JacobiSVD<Matrix> svd(half, Eigen::ComputeFullV);
    maps.push_back(flat(svd.matrixV()));
    if (canonical != nullptr) {
      const Eigen::VectorXd& values = svd.singularValues();
      canonical->emplace_back(values.data(), values.data() + values.size());
    }
  }
  return maps;
}

std::vector<std::vector<double>> sparse_rotations(const Codes& codes,
                                                  const std::vector<int>& latents,
                                                  const std::vector<std::vector<double>>& maps,
                                                  const std::vector<std::uint32_t>& rows,
                                                  int starts, Random& random) {
  const std::size_t modalities = codes.u.size();
  const auto n = static_cast<double>(rows.size());
  std::vector<Matrix> z;
  for (std::size_t m = 0; m < modalities; ++m) {
    const RowMatrix w = Eigen::Map<const RowMatrix>(maps[m].data(), codes.width[m], codes.width[m]);
    z.push_back(rows_of(codes, m, rows) * w.leftCols(latents[m]));
    partial_out(codes.conditions, rows, z.back());
    z.back().rowwise() -= z.back().colwise().mean();
  }
  std::vector<std::vector<Matrix>> covariance(modalities, std::vector<Matrix>(modalities));
  for (std::size_t a = 0; a < modalities; ++a) {
    for (std::size_t b = 0; b < modalities; ++b) {
      if (a != b) covariance[a][b] = z[a].transpose() * z[b] / n;
    }
  }
  double best = std::numeric_limits<double>::infinity();
  std::vector<Matrix> best_rotation;
  for (int start = 0; start < starts; ++start) {
    std::vector<Matrix> r;
    for (std::size_t m = 0; m < modalities; ++m) {
      const std::vector<double> q = random_rotation(latents[m], random);
      r.push_back(Eigen::Map<const RowMatrix>(q.data(), latents[m], latents[m]));
    }
    double value = 0;
    for (int sweep = 0; sweep < 30; ++sweep) {
      for (std::size_t m = 0; m < modalities; ++m) {
        // Rows: coordinates of m; columns: coordinates of all other modalities, rotated.
        Eigen::Index width = 0;
        for (std::size_t o = 0; o < modalities; ++o) width += o == m ? 0 : latents[o];
        Matrix links(latents[m], width);
        Eigen::Index at = 0;
        for (std::size_t o = 0; o < modalities; ++o) {
          if (o == m) continue;
          links.middleCols(at, latents[o]) = r[m].transpose() * covariance[m][o] * r[o];
          at += latents[o];
        }
        for (int a = 0; a < latents[m]; ++a) {
          for (int b = a + 1; b < latents[m]; ++b) {
            const Eigen::VectorXd va = links.row(a).transpose();
            const Eigen::VectorXd vb = links.row(b).transpose();
            // Coarse grid over a quarter turn, then golden-section-like refinement.
            double angle = 0;
            double lowest = turned_norm(va, vb, 0);
            double width_now = 3.14159265358979 / 2 / 24;
            for (int g = 1; g < 24; ++g) {
              const double v = turned_norm(va, vb, g * width_now);
              if (v < lowest) {
                lowest = v;
                angle = g * width_now;
              }
            }
            for (int refine = 0; refine < 18; ++refine, width_now /= 2) {
              for (const double candidate : {angle - width_now / 2, angle + width_now / 2}) {
                const double v = turned_norm(va, vb, candidate);
                if (v < lowest) {
                  lowest = v;
                  angle = candidate;
                }
              }
            }
            const double c = std::cos(angle);
            const double s = std::sin(angle);
            const Eigen::VectorXd ra = r[m].col(a);
            const Eigen::VectorXd rb = r[m].col(b);
            r[m].col(a) = c * ra + s * rb;
            r[m].col(b) = c * rb - s * ra;
            links.row(a) = (c * va + s * vb).transpose();
            links.row(b) = (c * vb - s * va).transpose();
          }
        }
      }
      double now = 0;
      for (std::size_t a = 0; a < modalities; ++a) {
        for (std::size_t b = a + 1; b < modalities; ++b) {
          now += (r[a].transpose() * covariance[a][b] * r[b]).cwiseAbs().sum();
        }
      }
      const bool settled = sweep > 0 && value - now < 1e-6;
      value = now;
      if (settled) break;
    }
    if (value < best) {
      best = value;
      best_rotation = r;
    }
  }
  std::vector<std::vector<double>> out;
  for (const Matrix& r : best_rotation) out.push_back(flat(r));
  return out;
}

void whitening(const std::vector<float>& z, std::size_t stride, std::size_t first, int k,
               const std::vector<std::uint32_t>& rows, std::vector<double>& mean,
               std::vector<double>& map) {
  mean.clear();
  map.clear();
  if (k == 0) return;
  Matrix x(static_cast<Eigen::Index>(rows.size()), k);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (int j = 0; j < k; ++j) {
      x(static_cast<Eigen::Index>(i), j) = static_cast<double>(
          z[static_cast<std::size_t>(rows[i]) * stride + first + static_cast<std::size_t>(j)]);
    }
  }
  const Eigen::RowVectorXd centre = x.colwise().mean();
  x.rowwise() -= centre;
  const Matrix covariance = x.transpose() * x / static_cast<double>(rows.size());
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(covariance);
  const Eigen::VectorXd scale = solver.eigenvalues().cwiseMax(1e-10).cwiseSqrt().cwiseInverse();
  mean.assign(centre.data(), centre.data() + k);
  map = flat(solver.eigenvectors() * scale.asDiagonal());
}

}  // namespace polycause
