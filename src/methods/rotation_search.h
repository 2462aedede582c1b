// Search over linear maps of frozen latents for the one under which the additive prior is most
// likely with few strong links: finds sources and graph together where a gradient through the head
// is slow.
#pragma once

#include "model/density.h"
#include "train/optimise.h"
#include "train/watch.h"

namespace polycause {

/// Turns the latents of `density` to the best end that the search found and takes over its prior;
/// returns the held-out objective there: NLL + price * group norm, nat. Additive prior only; a
/// general one is left as it is and its held-out NLL returned.
double search_rotation(Density& density, const Codes& codes, const Split& split, const Unit& unit,
                       Watch& watch);

}  // namespace polycause
