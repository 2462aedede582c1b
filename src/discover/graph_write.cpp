// Graph files: edge table, JSON, GraphML, DOT, Tetrad text.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "discover/mark_matrix.h"
#include "polycause/graph.h"

namespace polycause {
namespace {

std::string number(double value) { return std::isnan(value) ? "" : fmt::format("{}", value); }

std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

std::string joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ";"));
}

nlohmann::ordered_json json_number(double value) {
  if (std::isnan(value)) return nullptr;
  if (value == std::floor(value) && std::fabs(value) < 1e15)
    return static_cast<std::int64_t>(value);
  return value;
}

std::string xml(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

const char* dot_arrow(Mark mark) {
  switch (mark) {
    case Mark::kTail:
      return "none";
    case Mark::kArrow:
      return "normal";
    case Mark::kCircle:
      return "odot";
  }
  return "none";
}

const char* tetrad_left(Mark mark) {
  return mark == Mark::kTail ? "-" : mark == Mark::kArrow ? "<" : "o";
}
const char* tetrad_right(Mark mark) {
  return mark == Mark::kTail ? "-" : mark == Mark::kArrow ? ">" : "o";
}

}  // namespace

const char* to_string(Mark mark) {
  switch (mark) {
    case Mark::kTail:
      return "tail";
    case Mark::kArrow:
      return "arrow";
    case Mark::kCircle:
      return "circle";
  }
  return "tail";
}

std::string edges_csv(const Graph& graph) {
  std::string text =
      "source,target,mark_source,mark_target,kind,strength,p_value,q_value,n,separating_set,"
      "stability\n";
  for (const Edge& edge : graph.edges) {
    text += fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", cell(graph.nodes[edge.source].id),
                        cell(graph.nodes[edge.target].id), to_string(edge.mark_source),
                        to_string(edge.mark_target), cell(edge.kind), number(edge.strength),
                        number(edge.p_value), number(edge.q_value), number(edge.n),
                        cell(joined(edge.separating_set)), number(edge.stability));
  }
  return text;
}

std::string separations_csv(const Graph& graph) {
  std::string text = "a,b,separating_set,p_value,strength,n\n";
  for (const Separation& pair : graph.separations) {
    text += fmt::format("{},{},{},{},{},{}\n", cell(graph.nodes[pair.a].id),
                        cell(graph.nodes[pair.b].id), cell(joined(pair.set)), number(pair.p_value),
                        number(pair.strength), number(pair.n));
  }
  return text;
}

std::string frequencies_csv(const Graph& graph) {
  std::string text = "a,b,joined,a_to_b,b_to_a,undirected,two_arrows\n";
  for (const Frequency& f : graph.frequencies) {
    text +=
        fmt::format("{},{},{},{},{},{},{}\n", cell(graph.nodes[f.a].id), cell(graph.nodes[f.b].id),
                    f.joined, f.a_to_b, f.b_to_a, f.undirected, f.two_arrows);
  }
  return text;
}

std::string graph_json(const Graph& graph) {
  nlohmann::ordered_json json;
  json["version"] = 1;
  json["nodes"] = nlohmann::ordered_json::array();
  for (const Node& node : graph.nodes) {
    json["nodes"].push_back({{"id", node.id}, {"modality", node.modality}, {"type", node.type}});
  }
  json["edges"] = nlohmann::ordered_json::array();
  for (const Edge& edge : graph.edges) {
    json["edges"].push_back({{"source", graph.nodes[edge.source].id},
                             {"target", graph.nodes[edge.target].id},
                             {"mark_source", to_string(edge.mark_source)},
                             {"mark_target", to_string(edge.mark_target)},
                             {"kind", edge.kind},
                             {"strength", json_number(edge.strength)},
                             {"p_value", json_number(edge.p_value)},
                             {"q_value", json_number(edge.q_value)},
                             {"n", json_number(edge.n)},
                             {"separating_set", edge.separating_set},
                             {"stability", json_number(edge.stability)}});
  }
  return json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string graph_graphml(const Graph& graph) {
  std::string text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n";
  for (const char* key : {"modality", "type"}) {
    text += fmt::format("  <key id=\"{0}\" for=\"node\" attr.name=\"{0}\" attr.type=\"string\"/>\n",
                        key);
  }
  for (const char* key : {"mark_source", "mark_target", "kind", "separating_set"}) {
    text += fmt::format("  <key id=\"{0}\" for=\"edge\" attr.name=\"{0}\" attr.type=\"string\"/>\n",
                        key);
  }
  for (const char* key : {"strength", "p_value", "q_value", "n", "stability"}) {
    text += fmt::format("  <key id=\"{0}\" for=\"edge\" attr.name=\"{0}\" attr.type=\"double\"/>\n",
                        key);
  }
  text += "  <graph edgedefault=\"directed\">\n";
  for (const Node& node : graph.nodes) {
    text += fmt::format(
        "    <node id=\"{}\"><data key=\"modality\">{}</data><data key=\"type\">{}</data></node>\n",
        xml(node.id), xml(node.modality), xml(node.type));
  }
  for (const Edge& edge : graph.edges) {
    const bool directed = edge.mark_source == Mark::kTail && edge.mark_target == Mark::kArrow;
    text +=
        fmt::format("    <edge source=\"{}\" target=\"{}\" directed=\"{}\">",
                    xml(graph.nodes[edge.source].id), xml(graph.nodes[edge.target].id), directed);
    const auto add = [&text](const char* key, const std::string& value) {
      if (!value.empty()) text += fmt::format("<data key=\"{}\">{}</data>", key, xml(value));
    };
    add("mark_source", to_string(edge.mark_source));
    add("mark_target", to_string(edge.mark_target));
    add("kind", edge.kind);
    add("separating_set", joined(edge.separating_set));
    add("strength", number(edge.strength));
    add("p_value", number(edge.p_value));
    add("q_value", number(edge.q_value));
    add("n", number(edge.n));
    add("stability", number(edge.stability));
    text += "</edge>\n";
  }
  return text + "  </graph>\n</graphml>\n";
}

std::string graph_dot(const Graph& graph) {
  std::string text = "digraph polycause {\n  rankdir=TB;\n";
  for (const Node& node : graph.nodes) {
    text += fmt::format("  {} [shape={}];\n", quoted(node.id),
                        node.type == "latent" ? "ellipse" : "box");
  }
  for (const Edge& edge : graph.edges) {
    text += fmt::format("  {} -> {} [dir=both, arrowtail={}, arrowhead={}{}];\n",
                        quoted(graph.nodes[edge.source].id), quoted(graph.nodes[edge.target].id),
                        dot_arrow(edge.mark_source), dot_arrow(edge.mark_target),
                        edge.kind == "conflict" ? ", style=dashed" : "");
  }
  return text + "}\n";
}

std::string graph_tetrad(const Graph& graph) {
  std::string text = "Graph Nodes:\n";
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    text += (i == 0 ? "" : ";") + graph.nodes[i].id;
  }
  text += "\n\nGraph Edges:\n";
  for (std::size_t i = 0; i < graph.edges.size(); ++i) {
    const Edge& edge = graph.edges[i];
    text += fmt::format("{}. {} {}-{} {}\n", i + 1, graph.nodes[edge.source].id,
                        tetrad_left(edge.mark_source), tetrad_right(edge.mark_target),
                        graph.nodes[edge.target].id);
  }
  return text;
}

bool has_directed_cycle(const Graph& graph) {
  MarkMatrix marks(graph.nodes.size());
  for (const Edge& edge : graph.edges) {
    if (edge.mark_source == Mark::kTail && edge.mark_target == Mark::kArrow) {
      if (edge.source == edge.target || marks.directed(edge.target, edge.source)) return true;
      marks.direct(edge.source, edge.target);
    } else if (edge.mark_source == Mark::kArrow && edge.mark_target == Mark::kTail) {
      if (edge.source == edge.target || marks.directed(edge.source, edge.target)) return true;
      marks.direct(edge.target, edge.source);
    }
  }
  const std::vector<std::size_t> component = directed_components(marks);
  for (std::size_t i = 0; i < component.size(); ++i) {
    for (std::size_t j = 0; j < component.size(); ++j) {
      if (marks.directed(i, j) && component[i] == component[j]) return true;
    }
  }
  return false;
}

}  // namespace polycause
