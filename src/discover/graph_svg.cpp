// Layered drawing: causes above their effects, marks at the ends of the lines.
#include <fmt/format.h>

#include <cmath>

#include "discover/graph_layout.h"
#include "polycause/graph.h"

namespace polycause {
namespace {

constexpr double kLetter = 7.2;  // mean width of a letter at 12 px

std::string marker(Mark mark, const char* attribute) {
  if (mark == Mark::kTail) return "";
  return fmt::format(" {}=\"url(#{})\"", attribute, mark == Mark::kArrow ? "arrow" : "circle");
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  }
  return out;
}

// Leaves and reaches every point straight down or up.
std::string curve(const std::vector<std::pair<double, double>>& points) {
  std::string path;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto [x, y] = points[i];
    if (i == 0) {
      path = fmt::format("M{:.1f} {:.1f}", x, y);
      continue;
    }
    const auto [px, py] = points[i - 1];
    const double middle = (y + py) / 2;
    path += fmt::format("C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", px, middle, x, middle, x, y);
  }
  return path;
}

}  // namespace

std::string graph_svg(const Graph& graph) {
  std::vector<double> widths;
  for (const Node& node : graph.nodes) {
    widths.push_back(kLetter * static_cast<double>(node.id.size()) + 16);
  }
  const Layout layout = layered(graph, widths);
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\" font-family=\"sans-serif\" font-size=\"12\">\n"
      "<defs>\n<marker id=\"arrow\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"10\" "
      "markerHeight=\"10\" markerUnits=\"userSpaceOnUse\" orient=\"auto-start-reverse\">"
      "<path d=\"M0 1L10 5L0 9z\"/></marker>\n"
      "<marker id=\"circle\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"9\" "
      "markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" orient=\"auto-start-reverse\">"
      "<circle cx=\"5\" cy=\"5\" r=\"4\" fill=\"white\" stroke=\"black\"/></marker>\n</defs>\n",
      layout.width, layout.height);
  for (std::size_t e = 0; e < graph.edges.size(); ++e) {
    const Edge& edge = graph.edges[e];
    const double thickness = std::isnan(edge.strength) ? 1.2 : 0.8 + 2.5 * std::fabs(edge.strength);
    text += fmt::format(
        "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{:.2f}\"{}{}{}>"
        "<title>{} {} {}</title></path>\n",
        curve(layout.lines[e]), edge.kind == "conflict" ? "#b03030" : "#404040", thickness,
        edge.kind == "conflict" ? " stroke-dasharray=\"5 3\"" : "",
        marker(edge.mark_source, "marker-start"), marker(edge.mark_target, "marker-end"),
        escaped(graph.nodes[edge.source].id), escaped(edge.kind),
        escaped(graph.nodes[edge.target].id));
  }
  for (std::size_t i = 0; i < layout.boxes.size(); ++i) {
    const Box& box = layout.boxes[i];
    const bool latent = graph.nodes[i].type == "latent";
    text += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" rx=\"{}\" fill=\"{}\" "
        "stroke=\"#404040\"/><text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n",
        box.x - box.width / 2, box.y - kBoxHeight / 2, box.width, kBoxHeight, latent ? 14 : 3,
        latent ? "#e4eefc" : "#f6f6f2", box.x, box.y + 4, escaped(graph.nodes[i].id));
  }
  return text + "</svg>\n";
}

}  // namespace polycause
