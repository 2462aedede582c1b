// What a fit's own evidence says about how close an estimated latent is to a true one.
#pragma once

#include <cstddef>

#include "polycause/model.h"

namespace polycause {

/// Expected |Spearman| with the true latent, and what nine in ten such latents exceed. Calibrated
/// on simulated tables whose truth is known (benchmarks/certificate.py, docs/experiments.md): a
/// regression of the true correlation on the agreement of restarts, what other modalities predict
/// of the latent and the number of participants (people, not their rows), all Fisher-transformed or
/// logarithmic. NaN when nothing was compared, and with fewer than the 300 of the smallest studies
/// of the calibration. It speaks of the simulations' kind of data: an assumption that real data
/// break (a common cause that nobody measured, say) is not seen in it.
struct Certificate {
  double expected = 0;
  double low = 0;
};
Certificate certificate_of(const LatentReport& latent, std::size_t people);

}  // namespace polycause
