// Files of a simulated study.
#include "base/files.h"
#include "base/parallel.h"
#include "polycause/simulate.h"
#include "polycause/study.h"
#include "simulate/write_blocks.h"

namespace polycause {
namespace {

std::string edges_text(const std::vector<std::pair<std::string, std::string>>& edges) {
  std::string text = "source,target\n";
  for (const auto& [source, target] : edges) text += source + "," + target + "\n";
  return text;
}

}  // namespace

void write_simulation(const Simulation& simulation, const std::string& directory, bool force,
                      long threads) {
  make_output_directory(directory, force);
  const std::string truth = join_path(directory, "truth");
  make_directory(truth);
  write_file(join_path(truth, "latents.csv"), table_csv(simulation.latents));
  write_file(join_path(truth, "private.csv"), table_csv(simulation.private_parts));
  std::vector<std::pair<std::string, std::string>> edges;
  for (const Edge& edge : simulation.graph.edges) {
    edges.emplace_back(simulation.graph.nodes[edge.source].id,
                       simulation.graph.nodes[edge.target].id);
  }
  write_file(join_path(truth, "edges.csv"), edges_text(edges));
  if (!simulation.covariate_edges.empty()) {
    write_file(join_path(truth, "covariate_edges.csv"), edges_text(simulation.covariate_edges));
  }
  for (const auto& [name, content] : simulation.documents) {
    write_file(join_path(directory, name), content);
  }
  for (std::size_t k = 0; k < simulation.tables.size(); ++k) {
    write_file(join_path(directory, simulation.files[k]), table_csv(simulation.tables[k]));
  }
  for (const SimulatedBlocks& blocks : simulation.blocks) {
    simulation::write_blocks(blocks, directory, thread_count(threads));
  }
  // Last: a folder without it is not a study, so a broken write cannot pass for one.
  write_file(join_path(directory, "study.toml"), simulation.study_toml);
}

}  // namespace polycause
