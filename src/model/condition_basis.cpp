#include "model/condition_basis.h"

#include "model/kernels.h"

namespace polycause {

Eigen::MatrixXd condition_basis(const Conditions& conditions,
                                const std::vector<std::uint32_t>& rows) {
  Eigen::MatrixXd f(static_cast<Eigen::Index>(rows.size()),
                    static_cast<Eigen::Index>(conditions.count * kBasis));
  std::vector<float> value(kPad);
  std::vector<float> basis(static_cast<std::size_t>(kBasis) * kPad);  // (kBasis, kPad)
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t c = 0; c < conditions.count; ++c) {
      value[0] = conditions.values[rows[i] * conditions.count + c];
      kernels().basis_forward(kPad, value.data(), basis.data());
      for (std::size_t k = 0; k < kBasis; ++k) {
        f(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(c * kBasis + k)) =
            static_cast<double>(basis[k * kPad]);
      }
    }
  }
  return f;
}

}  // namespace polycause
