// Two modalities whose hidden causes are known: simulated, fitted, and the learned edges printed
// beside the true ones.
//
//     simulate_fit DIR
//
// DIR receives the study as files, as a study of one's own would be: study.toml, tables, truth/.
#include <cstdio>
#include <map>
#include <string>

#include "polycause/error.h"
#include "polycause/evaluate.h"
#include "polycause/model.h"
#include "polycause/simulate.h"
#include "polycause/study.h"

namespace {

void print(const polycause::Graph& graph, const std::map<std::string, std::string>& names) {
  for (const polycause::Edge& edge : graph.edges) {
    const auto name = [&](std::size_t node) {
      const std::string& id = graph.nodes[node].id;
      return names.count(id) != 0 ? names.at(id) : id;
    };
    const char* head = edge.mark_target == polycause::Mark::kArrow ? "->" : "--";
    std::printf("  %s %s %s\n", name(edge.source).c_str(), head, name(edge.target).c_str());
  }
}

int run(const std::string& directory) {
  polycause::SimulateOptions simulation = polycause::simulation_preset("case1");
  simulation.participants = 2000;
  const polycause::Simulation data = polycause::simulate("case1", simulation, 1);
  polycause::write_simulation(data, directory, true);

  const polycause::StudySpec spec = polycause::read_study_spec(directory + "/study.toml");
  const polycause::Study study = polycause::load_study(spec, 1);
  polycause::FitOptions options;  // options.method = "staged"
  options.seed = 1;
  options.restarts = 1;  // three, the default, also say how stable every latent is
  const polycause::Fit fit = polycause::train(study, options);

  // Latents come without names; each true one is matched with its best estimate.
  const polycause::Scores scores =
      polycause::evaluate(fit.encoding.latents, data.latents, nullptr, nullptr);
  std::map<std::string, std::string> names;
  for (const polycause::LatentScore& latent : scores.latents) {
    names[latent.estimate] = latent.truth;
    std::printf("%s: |correlation of ranks| with its estimate %.2f\n", latent.truth.c_str(),
                latent.spearman);
  }
  std::puts("true edges:");
  print(data.graph, {});
  std::puts("learned edges:");
  print(fit.learned, names);
  return fit.learned.edges.empty() ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("simulate_fit DIR\n", stderr);
    return 2;
  }
  try {
    return run(argv[1]);
  } catch (const polycause::Error& error) {  // settings, data, numbers: the text says what to do
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
