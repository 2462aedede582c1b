// Builds without muParser.
#include "networks/experts/laws.h"
#include "polycause/error.h"

namespace polycause::experts {

std::unique_ptr<Expert> make_formula(const ExpertSpec&, const std::vector<double>&) {
  throw ConfigError(
      "modality.decoder: found \"formula\", but this build has no muParser; expected line, "
      "stress_strain or saturation; choose one of these, or build again with libmuparser-dev");
}

}  // namespace polycause::experts

namespace polycause {

bool has_formulas() { return false; }

}  // namespace polycause
