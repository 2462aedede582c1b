// What the model expects to see when one latent moves, in the run folder and on the page.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "polycause/model.h"

namespace polycause {

/// Writes traversals/<latent>.npy and traversals/<latent>.do.<modality>.npy (pictures and series),
/// effects.csv (tables) and, last, traversals.json, which says what the others hold. Writes nothing
/// for an empty model.
void write_traversals(const std::string& directory, const Model& model);

/// For the page: pictures of at most kPictureSide pixels a side, 8 bits in base64; series of at
/// most kSeriesPoints points; the strongest columns. Null without a traversals.json. Throws
/// DataError when the files do not hold what it says.
inline constexpr std::size_t kPictureSide = 64;
inline constexpr std::size_t kSeriesPoints = 200;
nlohmann::ordered_json traversals_page(const std::string& directory);

}  // namespace polycause
