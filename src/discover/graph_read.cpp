// Readers of edge tables and of graph.json.
#include <fmt/format.h>

#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "base/files.h"
#include "discover/node.h"
#include "polycause/error.h"
#include "polycause/graph.h"

namespace polycause {
namespace {

using Cells = std::vector<std::string>;

struct Line {
  std::size_t number;  // 1-based, of its first line in the file
  Cells cells;
};

std::vector<Line> parse_csv(const std::string& path, const std::string& text) {
  std::vector<Line> lines;
  std::size_t number = 1;
  std::size_t i = text.rfind("\xEF\xBB\xBF", 0) == 0 ? 3 : 0;
  while (i < text.size()) {
    Line line{number, {""}};
    bool quoted = false;
    for (; i < text.size(); ++i) {
      const char c = text[i];
      if (c == '\n') ++number;
      if (quoted) {
        if (c != '"') {
          line.cells.back() += c;
        } else if (i + 1 < text.size() && text[i + 1] == '"') {
          line.cells.back() += text[++i];
        } else {
          quoted = false;
        }
      } else if (c == '"') {
        quoted = true;
      } else if (c == ',') {
        line.cells.emplace_back();
      } else if (c == '\n') {
        ++i;
        break;
      } else if (c != '\r') {
        line.cells.back() += c;
      }
    }
    if (quoted) throw DataError(path, line.number, "", "a quote is not closed; close it");
    if (line.cells.size() > 1 || !line.cells[0].empty()) lines.push_back(std::move(line));
  }
  return lines;
}

Mark mark_from(const std::string& path, std::size_t row, const std::string& text) {
  for (const Mark mark : {Mark::kTail, Mark::kArrow, Mark::kCircle}) {
    if (text == to_string(mark)) return mark;
  }
  throw DataError(path, row, "", fmt::format("mark \"{}\"; expected tail, arrow or circle", text));
}

double number_from(const std::string& path, std::size_t row, const std::string& column,
                   const std::string& text) {
  double value = std::numeric_limits<double>::quiet_NaN();
  if (text.empty() || text == "NA") return value;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) {
    throw DataError(path, row, column,
                    fmt::format("holds \"{}\"; expected a number or nothing", text));
  }
  return value;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  if (text.empty()) return parts;
  std::size_t first = 0;
  while (true) {
    const std::size_t end = text.find(separator, first);
    parts.push_back(text.substr(first, end - first));
    if (end == std::string::npos) return parts;
    first = end + 1;
  }
}

class NodeIndex {
 public:
  explicit NodeIndex(Graph& graph) : graph_(graph) {
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) index_[graph.nodes[i].id] = i;
  }
  std::size_t add(const std::string& id) {
    const auto [place, made] = index_.try_emplace(id, graph_.nodes.size());
    if (made) graph_.nodes.push_back(node_from_id(id));
    return place->second;
  }
  bool known(const std::string& id) const { return index_.count(id) > 0; }

 private:
  Graph& graph_;
  std::map<std::string, std::size_t> index_;
};

}  // namespace

Node node_from_id(const std::string& id) {
  static const std::regex latent("^(.+)\\.z[0-9]+$");
  std::smatch match;
  if (std::regex_match(id, match, latent)) return {id, match[1], "latent"};
  const std::size_t dot = id.find('.');
  return {id, dot == std::string::npos ? "" : id.substr(0, dot), "covariate"};
}

Graph read_edges_csv(const std::string& path) {
  const std::vector<Line> lines = parse_csv(path, read_file(path));
  if (lines.empty()) {
    throw DataError(path, 1, "", "is empty; expected a header with source and target");
  }
  std::map<std::string, std::size_t> column;
  for (std::size_t i = 0; i < lines[0].cells.size(); ++i) column[lines[0].cells[i]] = i;
  for (const char* needed : {"source", "target"}) {
    if (column.count(needed) == 0) {
      throw DataError(
          path, lines[0].number, needed,
          fmt::format("is not in the header \"{}\"; expected an edge table with source and target",
                      fmt::join(lines[0].cells, ",")));
    }
  }
  Graph graph;
  NodeIndex index(graph);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const Line& line = lines[i];
    if (line.cells.size() != lines[0].cells.size()) {
      throw DataError(path, line.number, "",
                      fmt::format("{} cells; expected {} as in the header", line.cells.size(),
                                  lines[0].cells.size()));
    }
    const auto text = [&](const std::string& name) {
      const auto place = column.find(name);
      return place == column.end() ? std::string() : line.cells[place->second];
    };
    const auto value = [&](const std::string& name) {
      return number_from(path, line.number, name, text(name));
    };
    if (text("source").empty() || text("target").empty()) {
      throw DataError(path, line.number, "", "a node without a name; expected source and target");
    }
    Edge edge;
    edge.source = index.add(text("source"));
    edge.target = index.add(text("target"));
    if (!text("mark_source").empty())
      edge.mark_source = mark_from(path, line.number, text("mark_source"));
    if (!text("mark_target").empty())
      edge.mark_target = mark_from(path, line.number, text("mark_target"));
    edge.kind = text("kind");
    edge.strength = value("strength");
    edge.p_value = value("p_value");
    edge.q_value = value("q_value");
    edge.n = value("n");
    edge.separating_set = split(text("separating_set"), ';');
    edge.stability = value("stability");
    graph.edges.push_back(std::move(edge));
  }
  return graph;
}

Graph read_graph_json(const std::string& path) {
  Graph graph;
  try {
    const nlohmann::json json = nlohmann::json::parse(read_file(path));
    for (const auto& node : json.at("nodes")) {
      graph.nodes.push_back(
          {node.at("id").get<std::string>(), node.value("modality", ""), node.value("type", "")});
    }
    NodeIndex index(graph);
    for (const auto& item : json.at("edges")) {
      const auto value = [&item](const char* key) {
        const auto place = item.find(key);
        return place == item.end() || place->is_null() ? std::numeric_limits<double>::quiet_NaN()
                                                       : place->get<double>();
      };
      const auto node = [&](const char* key) {
        const auto id = item.at(key).get<std::string>();
        if (!index.known(id)) {
          throw DataError(path, 0, "",
                          fmt::format("edge {} names \"{}\", which is not among the nodes; add it",
                                      graph.edges.size() + 1, id));
        }
        return index.add(id);
      };
      Edge edge;
      edge.source = node("source");
      edge.target = node("target");
      edge.mark_source = mark_from(path, 0, item.value("mark_source", "tail"));
      edge.mark_target = mark_from(path, 0, item.value("mark_target", "arrow"));
      edge.kind = item.value("kind", "");
      edge.strength = value("strength");
      edge.p_value = value("p_value");
      edge.q_value = value("q_value");
      edge.n = value("n");
      edge.separating_set = item.value("separating_set", std::vector<std::string>());
      edge.stability = value("stability");
      graph.edges.push_back(std::move(edge));
    }
  } catch (const nlohmann::json::exception& error) {
    throw DataError(
        path, 0, "",
        fmt::format("is no graph file ({}); expected what polycause writes as graph.json",
                    error.what()));
  }
  return graph;
}

}  // namespace polycause
