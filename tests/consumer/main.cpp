// Uses the installed headers and library as a stranger would: every public header, one short
// pipeline.
#include <cstdio>
#include <cstring>

#include "polycause/discover.h"
#include "polycause/error.h"
#include "polycause/evaluate.h"
#include "polycause/graph.h"
#include "polycause/model.h"
#include "polycause/observer.h"
#include "polycause/report.h"
#include "polycause/settings.h"
#include "polycause/simulate.h"
#include "polycause/study.h"
#include "polycause/table.h"
#include "polycause/version.h"

int main() {
  polycause::SimulateOptions options = polycause::simulation_preset("case1");
  options.participants = 2000;
  const polycause::Simulation data = polycause::simulate("case1", options, 1);
  const polycause::Graph graph = polycause::discover(data.latents, {}, {});
  const polycause::Scores scores =
      polycause::evaluate(data.latents, data.latents, nullptr, nullptr);
  std::printf("polycause %s: %zu latents, %zu edges, mcc %.3f\n", polycause::kVersion,
              data.latents.columns.size(), graph.edges.size(), scores.mcc_spearman);

  polycause::Model model;
  try {
    model = polycause::Model::load("no-such-directory");
    std::puts("an absent model was loaded");
    return 1;
  } catch (const polycause::Error& error) {
    std::printf("as expected: %s\n", error.what());
  }
  return graph.edges.empty() || scores.mcc_spearman < 0.999 ? 1 : 0;
}
