// What the other modalities say about each latent: additive ridge regression on the kBasis fixed
// functions of their latents, for any set of modalities that are there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace polycause {

class CrossPrediction {
 public:
  CrossPrediction() = default;
  /// Of two modalities: are (some of) their latents read off the same measurements? (M, M).
  using OneSource = std::vector<std::vector<bool>>;

  /// From complete participants: z (n, D) row-major, `latents` (M,) per modality, `rows` to learn
  /// from (at most 20,000 are used, spread over them). The ridge of each latent is chosen by
  /// five-fold cross-validation among them. `one_source` empty: every modality is its own only.
  /// `groups` (n,): rows of one are not independent, hence in one fold; empty = all are.
  CrossPrediction(const std::vector<float>& z, const std::vector<int>& latents,
                  const std::vector<std::uint32_t>& rows, const OneSource& one_source = {},
                  const std::vector<std::size_t>& groups = {});
  /// From what `values` gave.
  CrossPrediction(const std::vector<int>& latents, const std::vector<float>& values,
                  const OneSource& one_source = {});

  /// z (n, D) predicted from the modalities that are there, those of the latent's own source left
  /// out; NaN where none is. `present` (n, M), empty = all.
  std::vector<float> predict(const std::vector<float>& z,
                             const std::vector<std::uint8_t>& present) const;

  /// Everything that was learned, for files: means (D), sds (D), ridges (D), centres (K),
  /// second moments (K, K), K = D kBasis. Empty when nothing was.
  const std::vector<float>& values() const { return values_; }
  static std::size_t size_of(const std::vector<int>& latents);

 private:
  std::size_t columns() const;
  /// (count, K) centred basis functions of rows of z; those of absent modalities are not to be
  /// used.
  std::vector<double> basis_of(const std::vector<float>& z, const std::uint32_t* rows,
                               std::size_t count) const;

  std::vector<int> latents_;
  OneSource one_source_;
  std::vector<std::size_t> modality_of_;  // (D,)
  std::vector<float> values_;
};

}  // namespace polycause
