// The training loops: Adam, warm-up, cosine decay, gradient clipping, checkpoints, cancellation.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/autoencoder.h"
#include "model/bottleneck.h"
#include "model/density.h"
#include "model/shared_content.h"
#include "train/checkpoint.h"
#include "train/watch.h"

namespace polycause {

/// Participants by use: parameters are fitted to `train`, choices made on `validation`.
struct Split {
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> validation;
};

struct Schedule {
  int epochs = 12;
  std::int64_t max_steps = 4000;  ///< over all epochs
  std::int64_t batch = 256;       ///< rounded to a multiple of kTile, at most the training set
  std::size_t least_steps = 0;    ///< an epoch has as many, by smaller batches, down to kTile
  double rate = 3e-3;
  double prior_factor = 3;  ///< rate of the prior's parameters relative to `rate`
  double gate_factor = 10;  ///< of the gates' log-odds
  double decay = 0.3;       ///< share of the steps with cosine decay at the end
  double sparsity = 0;      ///< nat per expected open gate, ramped up over the first half
  double group_lasso = 0;   ///< additive prior
};

/// Steps that a schedule makes on `rows` training rows, and the batch it uses.
struct Plan {
  std::size_t batch = 0;
  std::size_t steps_per_epoch = 0;
  std::size_t steps = 0;
  std::size_t epochs = 0;
};
Plan plan_steps(const Schedule& schedule, std::size_t rows);

/// Identity of a unit of training: where its numbers come from and where its state is kept.
struct Unit {
  std::string name;  ///< "restart0/start3"
  std::uint64_t seed = 0;
};

/// Trains `density` in place; curves "<unit>/nll". Takes part: whoever of `split.train` has a block
/// that counts. Throws NumericError when the loss stops being finite.
void optimise(Density& density, const Codes& codes, const Split& split, const Schedule& schedule,
              const Unit& unit, const Checkpoint& checkpoint, Watch& watch);

/// Trains the autoencoder with early stopping on the validation loss (the best state is kept).
/// Returns the held-out R2 over present cells.
double optimise(Autoencoder& autoencoder, const Cells& cells, const Split& split,
                const Schedule& schedule, const Unit& unit, const Checkpoint& checkpoint,
                Watch& watch);

/// Trains the prediction of y from x on `rows`, without early stop. Returns the last epoch's mean
/// squared error. A unit of seconds: nothing is stored.
double optimise(Bottleneck& bottleneck, const Rows& x, const Rows& y,
                const std::vector<std::uint32_t>& rows, const Schedule& schedule, const Unit& unit,
                Watch& watch);

/// Trains what the members agree on, beside what is `known` already; curves "<unit>/agreement". The
/// state of the best held-out agreement is kept, and returned.
double optimise(SharedContent& content, const SharedContent::Input& input, const Conditions& known,
                const Split& split, const Schedule& schedule, const Unit& unit,
                const Checkpoint& checkpoint, Watch& watch);

}  // namespace polycause
