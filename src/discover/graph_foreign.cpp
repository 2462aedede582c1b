// Readers of other programs' graphs: Tetrad text and causal-learn matrices.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "base/files.h"
#include "base/text.h"
#include "discover/node.h"
#include "polycause/error.h"
#include "polycause/graph.h"

namespace polycause {
namespace {

bool mark_of(char symbol, Mark* mark) {
  if (symbol == '-') {
    *mark = Mark::kTail;
  } else if (symbol == '<' || symbol == '>') {
    *mark = Mark::kArrow;
  } else if (symbol == 'o') {
    *mark = Mark::kCircle;
  } else {
    return false;
  }
  return true;
}

// "3. a o-> b", with what may follow it.
bool parse_edge(const std::string& line, const std::map<std::string, std::size_t>& index,
                Edge* edge) {
  const std::size_t dot = line.find(". ");
  if (dot == std::string::npos) return false;
  const std::string body = line.substr(dot + 2);
  for (std::size_t i = body.find(' '); i != std::string::npos; i = body.find(' ', i + 1)) {
    if (i + 4 >= body.size() || body[i + 4] != ' ' || body[i + 2] != '-') continue;
    const auto source = index.find(std::string(trimmed(std::string_view(body).substr(0, i))));
    const std::string rest(trimmed(std::string_view(body).substr(i + 5)));
    auto target = index.find(rest);
    if (target == index.end()) target = index.find(rest.substr(0, rest.find(' ')));
    if (source == index.end() || target == index.end()) continue;
    edge->source = source->second;
    edge->target = target->second;
    return mark_of(body[i + 1], &edge->mark_source) && mark_of(body[i + 3], &edge->mark_target);
  }
  return false;
}

}  // namespace

Graph read_graph_tetrad(const std::string& path) {
  std::istringstream in(read_file(path));
  Graph graph;
  std::map<std::string, std::size_t> index;
  bool in_nodes = false;
  bool in_edges = false;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    line = trimmed(line);
    if (line.empty()) continue;
    if (line.rfind("Graph Nodes", 0) == 0) {
      in_nodes = true;
    } else if (line.rfind("Graph Edges", 0) == 0) {
      in_nodes = false;
      in_edges = true;
    } else if (in_nodes) {
      std::replace(line.begin(), line.end(), ',', ';');
      std::istringstream names(line);
      for (std::string name; std::getline(names, name, ';');) {
        name = trimmed(name);
        if (!index.emplace(name, graph.nodes.size()).second) {
          throw DataError(path, number, "", fmt::format("node \"{}\" occurs twice", name));
        }
        graph.nodes.push_back(node_from_id(name));
      }
    } else if (in_edges) {
      if (line.find(". ") == std::string::npos) break;  // attributes follow the edges
      Edge edge;
      if (!parse_edge(line, index, &edge)) {
        throw DataError(
            path, number, "",
            fmt::format("found \"{}\"; expected \"1. a --> b\" with two of the nodes", line));
      }
      graph.edges.push_back(std::move(edge));
    }
  }
  if (!in_edges) {
    throw DataError(path, 1, "",
                    "is no Tetrad graph; expected the lines Graph Nodes: and Graph Edges:");
  }
  return graph;
}

Graph read_graph_causal_learn(const std::string& path, const std::vector<std::string>& names) {
  std::istringstream in(read_file(path));
  Graph graph;
  std::vector<std::vector<int>> matrix;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (trimmed(line).empty()) continue;
    std::istringstream cells(line);
    std::vector<int> row;
    for (double value = 0; cells >> value;) row.push_back(static_cast<int>(value));
    if (!cells.eof() || row.size() != names.size()) {
      throw DataError(
          path, number, "",
          fmt::format("{} numbers; expected {}, one per name", row.size(), names.size()));
    }
    matrix.push_back(std::move(row));
  }
  if (matrix.size() != names.size()) {
    throw DataError(path, 0, "", fmt::format("{} rows; expected {}", matrix.size(), names.size()));
  }
  for (const std::string& name : names) graph.nodes.push_back(node_from_id(name));
  const auto mark = [&](int code) {
    if (code == -1) return Mark::kTail;
    if (code == 1) return Mark::kArrow;
    if (code == 2) return Mark::kCircle;
    throw DataError(path, 0, "",
                    fmt::format("mark {}; expected -1 (tail), 1 (arrow) or 2 (circle)", code));
  };
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t j = i + 1; j < names.size(); ++j) {
      if (matrix[i][j] == 0 && matrix[j][i] == 0) continue;
      Edge edge;
      edge.source = i;
      edge.target = j;
      edge.mark_source = mark(matrix[i][j]);
      edge.mark_target = mark(matrix[j][i]);
      if (edge.mark_source == Mark::kArrow && edge.mark_target != Mark::kArrow) {
        std::swap(edge.source, edge.target);
        std::swap(edge.mark_source, edge.mark_target);
      }
      graph.edges.push_back(std::move(edge));
    }
  }
  return graph;
}

}  // namespace polycause
