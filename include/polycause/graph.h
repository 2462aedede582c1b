// A graph over latents and covariates with two marks per edge, and its files.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace polycause {

enum class Mark { kTail, kArrow, kCircle };
const char* to_string(Mark mark);  ///< "tail", "arrow", "circle"

struct Node {
  std::string id;        ///< e.g. "blood.z1" or "demographics.age"
  std::string modality;  ///< e.g. "blood"; the table's name for a covariate
  std::string type;      ///< "latent" or "covariate"
};

/// NaN / empty = undefined. `source -> target` is {kTail, kArrow}; an undirected edge two tails; a
/// conflict between colliders is two arrows with kind "conflict".
struct Edge {
  std::size_t source = 0;  ///< index into Graph::nodes
  std::size_t target = 0;
  Mark mark_source = Mark::kTail;
  Mark mark_target = Mark::kArrow;
  std::string kind;  ///< "learned", "discovered", "conflict", ...
  double strength = std::numeric_limits<double>::quiet_NaN();  ///< partial correlation, or P(gate)
  double p_value = std::numeric_limits<double>::quiet_NaN();
  double q_value = std::numeric_limits<double>::quiet_NaN();
  double n = std::numeric_limits<double>::quiet_NaN();  ///< participants behind the weakest test
  std::vector<std::string>
      separating_set;  ///< of the weakest test: what came nearest to separating them
  double stability =
      std::numeric_limits<double>::quiet_NaN();  ///< share of replicates that join the two
};

/// A pair without an edge, and the test that separated it.
struct Separation {
  std::size_t a = 0;  ///< index into Graph::nodes
  std::size_t b = 0;
  std::vector<std::string> set;
  double p_value = std::numeric_limits<double>::quiet_NaN();
  double strength = std::numeric_limits<double>::quiet_NaN();
  double n = std::numeric_limits<double>::quiet_NaN();
};

/// In which share of the replicates a pair was joined, and how.
struct Frequency {
  std::size_t a = 0;  ///< index into Graph::nodes, a < b
  std::size_t b = 0;
  double joined = 0;
  double a_to_b = 0;  ///< tail at a, arrow at b
  double b_to_a = 0;
  double undirected = 0;  ///< two tails
  double two_arrows = 0;
};

struct Graph {
  std::vector<Node> nodes;
  std::vector<Edge> edges;
  std::vector<Separation> separations;  ///< empty where no test was made
  std::vector<Frequency> frequencies;  ///< pairs joined in some replicate; empty without replicates
};

/// File contents, all with a trailing newline. The edge table has the columns source, target,
/// mark_source, mark_target, kind, strength, p_value, q_value, n, separating_set, stability;
/// separations: a, b, separating_set, p_value, strength, n. frequencies: a, b, joined, a_to_b,
/// b_to_a, undirected, two_arrows.
std::string edges_csv(const Graph& graph);
std::string separations_csv(const Graph& graph);
std::string frequencies_csv(const Graph& graph);
std::string graph_json(const Graph& graph);
std::string graph_graphml(const Graph& graph);
std::string graph_dot(const Graph& graph);
std::string graph_tetrad(const Graph& graph);
std::string graph_svg(const Graph& graph);  ///< layered drawing, causes above effects

/// Reads what edges_csv or graph_json wrote (also a plain source,target table). Throws DataError.
Graph read_edges_csv(const std::string& path);
Graph read_graph_json(const std::string& path);
/// Tetrad's text ("1. a o-> b"); causal-learn's matrix, whose variables are `names`.
Graph read_graph_tetrad(const std::string& path);
Graph read_graph_causal_learn(const std::string& path, const std::vector<std::string>& names);

/// True when following tail->arrow edges leads from a node back to itself.
bool has_directed_cycle(const Graph& graph);

}  // namespace polycause
