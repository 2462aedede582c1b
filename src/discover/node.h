// What the name of a column says about its node.
#pragma once

#include <string>

#include "polycause/graph.h"

namespace polycause {

/// "<modality>.z<k>" is a latent; else a covariate of the table before the first dot.
Node node_from_id(const std::string& id);

}  // namespace polycause
