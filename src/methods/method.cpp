#include "methods/method.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "methods/agreement.h"
#include "methods/pima_model.h"
#include "polycause/error.h"

namespace polycause {

const Method& method_named(const std::string& name) {
  const std::vector<std::string> known = method_names();
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    throw ConfigError(fmt::format("method.name: '{}' is no method of this program; expected {}",
                                  name, fmt::join(known, ", ")));
  }
  return name == "staged" ? staged_method() : end_to_end_method(name);
}

bool learns_graph(const std::string& method) {
  return method != "beta_vae" && method != "contrastive";
}

std::vector<std::string> method_names() {
  return {"staged", "joint", "beta_vae", "causal_vae", "contrastive", "gcarl", "pima"};
}

std::unique_ptr<FittedModel> load_fitted(const std::string& name, const ModelFile& file,
                                         const nlohmann::ordered_json& json,
                                         const Model::Impl& model) {
  return name == "pima" ? PimaFitted::load(file, json, model)
                        : method_named(name).load(file, json, model);
}

std::size_t most_typical(const std::vector<std::vector<Solution>>& restarts,
                         const std::vector<int>& latents) {
  std::size_t best = 0;
  double highest = -1;
  for (std::size_t a = 0; a < restarts.size() && restarts.size() > 2; ++a) {
    double total = 0;
    for (std::size_t b = 0; b < restarts.size(); ++b) {
      if (a == b) continue;
      const std::vector<double> each =
          matched_agreement(restarts[a][0].parts.z, restarts[b][0].parts.z, latents);
      total += std::accumulate(each.begin(), each.end(), 0.0) / static_cast<double>(each.size());
    }
    if (total > highest + 1e-9) {
      highest = total;
      best = a;
    }
  }
  return best;
}

}  // namespace polycause
