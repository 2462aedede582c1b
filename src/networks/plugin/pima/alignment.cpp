// From clusters on a bent grid to latents in which the nodes are axes.
#include <torch/torch.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "networks/plugin/pima/trainer.h"

namespace polycause {
namespace {

using torch::Tensor;
constexpr double kSharp = 0.3;  // deviations of an aligned latent, in those within an outcome
constexpr int kAlignShare = 4;  // pre-training takes so many times longer

}  // namespace

std::optional<PimaGrid> PimaTrainer::grid_of_pieces(const Cached& cached) {
  if (readers_.size() < 2 || !may_part(net_->nodes())) return std::nullopt;  // spares the codes
  std::vector<Tensor> codes;
  std::vector<Tensor> there;
  BatchReader batches = reader(train_);
  Batch batch;
  while (batches.next(batch)) {
    const std::vector<Seen> one = usable(batch);
    codes.push_back(net_->codes(one).mean);
    there.push_back(PimaNet::presence(one));
  }
  return grid_in_pieces(net_->nodes(), torch::cat(codes, 1), torch::cat(there, 1), cached.q.mean,
                        options_.grid, generator_);
}

/// Participants' places on the grid become their latents: in them the nodes are axes and clusters
/// are upright, which diagonal Gaussians describe. Latents beyond the nodes hold what the grid
/// misses.
void PimaTrainer::start_on_grid(const Cached& cached) {
  const std::int64_t n = cached.q.mean.size(0);
  const std::int64_t latents = cached.q.mean.size(1);
  const std::int64_t nodes = net_->nodes().count();
  const std::int64_t joint = net_->nodes().joint;
  const Tensor from = cached.q.mean.contiguous();
  std::optional<PimaGrid> pieces = grid_of_pieces(cached);
  PimaGrid grid = pieces ? std::move(*pieces)
                         : options_.grid(from.data_ptr<float>(), static_cast<std::size_t>(n),
                                         static_cast<std::size_t>(latents), options_.outcomes);
  const Tensor on = torch::from_blob(grid.coordinates.data(), {n, nodes}).clone();
  const Tensor gamma = torch::from_blob(grid.responsibilities.data(), {n, joint}).clone();
  const Tensor spread = torch::from_blob(grid.spread.data(), {joint, nodes}).clone();
  divergence_ = grid.divergence;
  std::vector<Tensor> targets{on};
  Mixture& mixture = net_->mixture();
  mixture.mean = torch::zeros({joint, latents});
  mixture.variance = torch::ones({joint, latents});
  mixture.mean.slice(1, 0, nodes).copy_(torch::from_blob(grid.positions.data(), {joint, nodes}));
  mixture.variance.slice(1, 0, nodes).copy_(spread.square());
  mixture.log_joint =
      ((gamma.sum(0) + 1.0 / static_cast<double>(joint)) / (static_cast<double>(n) + 1)).log();
  Tensor variance = torch::full({latents}, kSharp * kSharp);
  const Tensor typical = gamma.sum(0, true).mm(spread) / static_cast<double>(n);  // (1, L)
  variance.slice(0, 0, nodes).copy_((kSharp * typical.squeeze(0)).square());
  if (latents > nodes) {
    Tensor rest = torch::from_blob(grid.rest.data(), {n, latents}).to(torch::kDouble);
    rest = rest - rest.mean(0, true);
    const auto [values, vectors] = torch::linalg_eigh(rest.t().mm(rest) / static_cast<double>(n));
    const Tensor white = rest.mm(vectors) * values.clamp_min(1e-12).rsqrt();
    targets.push_back(white.slice(1, nodes).to(torch::kFloat));  // those of most variance
  }
  align(torch::cat(targets, 1), cached.rows, variance);
}

/// Encoders learn to say `targets` (n, l) of participants `rows`, with calibrated deviations beside
/// `variance` (l,); decoders learn to read them.
void PimaTrainer::align(const Tensor& targets, const std::vector<std::uint32_t>& rows,
                        const Tensor& variance) {
  const torch::AutoGradMode gradient(true);
  std::map<std::uint32_t, std::int64_t> place;
  for (std::size_t i = 0; i < rows.size(); ++i) place[rows[i]] = static_cast<std::int64_t>(i);
  make_optimiser(1);
  const int epochs = std::max(2, epochs_of(options_.pretrain_epochs) / kAlignShare);
  for (int epoch = 0; epoch < epochs; ++epoch) {
    net_->train(true);
    BatchReader batches =
        reader(shuffled(train_, options_.seed * 7919 + 2000003 + static_cast<unsigned>(epoch)));
    const auto count = static_cast<double>(batches.batches());
    Batch batch;
    for (double at = 0; batches.next(batch); ++at) {
      const std::vector<Seen> seen = usable(batch);
      if (seen[0].x.size(0) < 2) continue;
      std::vector<std::int64_t> places;
      for (const std::uint32_t row : batch.rows) places.push_back(place.at(row));
      const Tensor wanted = targets.index_select(0, torch::tensor(places));
      const Posterior q = net_->posterior(seen, keep(seen));
      const Tensor width = q.variance + variance;
      const Tensor miss = 0.5 * ((q.mean - wanted).square() / width + width.log()).sum(1);
      const Tensor noise = torch::randn(wanted.sizes(), generator_);
      const Tensor likelihood = net_->log_likelihood(seen, wanted + variance.sqrt() * noise);
      const Tensor loss =
          miss.mean() / static_cast<double>(targets.size(1)) - likelihood.mean() / numbers_;
      step(loss, (epoch + at / count) / epochs, "alignment", epoch);
    }
  }
}

}  // namespace polycause
