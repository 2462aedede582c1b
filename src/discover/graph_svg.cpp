// Layered drawing: causes above their effects, few crossings, marks at the ends of the lines.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "discover/mark_matrix.h"
#include "polycause/graph.h"

namespace polycause {
namespace {

constexpr double kLayerHeight = 90;
constexpr double kGap = 24;
constexpr double kBoxHeight = 28;
constexpr double kLetter = 7.2;  // mean width of a letter at 12 px
constexpr int kSweeps = 12;

struct Box {
  double x = 0;  // centre
  double y = 0;
  double width = 0;
};

bool points_forward(const Edge& edge) {
  return edge.mark_target == Mark::kArrow && edge.mark_source != Mark::kArrow;
}

// Longest path from a root; edges that would close a cycle are left out.
std::vector<std::size_t> layers_of(const Graph& graph) {
  MarkMatrix marks(graph.nodes.size());
  for (const Edge& edge : graph.edges) {
    if (points_forward(edge) && edge.source != edge.target &&
        !reaches(marks, edge.target, edge.source)) {
      marks.direct(edge.source, edge.target);
    }
  }
  std::vector<std::size_t> layer(graph.nodes.size(), 0);
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < layer.size(); ++i) {
      for (std::size_t j = 0; j < layer.size(); ++j) {
        if (marks.directed(i, j) && layer[j] <= layer[i]) {
          layer[j] = layer[i] + 1;
          changed = true;
        }
      }
    }
  }
  return layer;
}

// Places boxes row by row; rows are ordered by the mean place of their neighbours, back and forth.
std::vector<Box> place(const Graph& graph) {
  const std::vector<std::size_t> layer = layers_of(graph);
  const std::size_t size = graph.nodes.size();
  std::vector<Box> boxes(size);
  std::vector<NodeSet> rows(size == 0 ? 0 : *std::max_element(layer.begin(), layer.end()) + 1);
  std::vector<NodeSet> near(size);
  for (const Edge& edge : graph.edges) {
    near[edge.source].push_back(edge.target);
    near[edge.target].push_back(edge.source);
  }
  for (std::size_t i = 0; i < size; ++i) {
    boxes[i].width = kLetter * static_cast<double>(graph.nodes[i].id.size()) + 16;
    boxes[i].y = kLayerHeight * static_cast<double>(layer[i]) + kBoxHeight;
    rows[layer[i]].push_back(i);
  }
  const auto spread = [&](const NodeSet& row) {
    double width = -kGap;
    for (const std::size_t i : row) width += boxes[i].width + kGap;
    double x = -width / 2;
    for (const std::size_t i : row) {
      boxes[i].x = x + boxes[i].width / 2;
      x += boxes[i].width + kGap;
    }
  };
  for (const NodeSet& row : rows) spread(row);
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    for (std::size_t r = 0; r < rows.size(); ++r) {
      NodeSet& row = rows[sweep % 2 == 0 ? r : rows.size() - 1 - r];
      std::vector<double> wish(size, 0);
      for (const std::size_t i : row) {
        wish[i] = boxes[i].x;
        if (near[i].empty()) continue;
        double sum = 0;
        for (const std::size_t j : near[i]) sum += boxes[j].x;
        wish[i] = sum / static_cast<double>(near[i].size());
      }
      std::stable_sort(row.begin(), row.end(),
                       [&](std::size_t a, std::size_t b) { return wish[a] < wish[b]; });
      spread(row);
    }
  }
  double left = 0;
  for (const Box& box : boxes) left = std::min(left, box.x - box.width / 2);
  for (Box& box : boxes) box.x += kGap - left;
  return boxes;
}

// Where the line from the box's centre to (x, y) leaves the box.
std::pair<double, double> border(const Box& box, double x, double y) {
  const double dx = x - box.x;
  const double dy = y - box.y;
  const double scale =
      std::max(std::fabs(dx) / (box.width / 2 + 2), std::fabs(dy) / (kBoxHeight / 2 + 2));
  if (scale <= 0) return {box.x, box.y};
  return {box.x + dx / scale, box.y + dy / scale};
}

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

}  // namespace

std::string graph_svg(const Graph& graph) {
  const std::vector<Box> boxes = place(graph);
  double width = 2 * kGap;
  double height = 2 * kBoxHeight;
  for (const Box& box : boxes) {
    width = std::max(width, box.x + box.width / 2 + kGap);
    height = std::max(height, box.y + kBoxHeight);
  }
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\" font-family=\"sans-serif\" font-size=\"12\">\n"
      "<defs>\n<marker id=\"arrow\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"9\" "
      "markerHeight=\"9\" orient=\"auto-start-reverse\"><path d=\"M0 1L10 5L0 9z\"/></marker>\n"
      "<marker id=\"circle\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"9\" "
      "markerHeight=\"9\" orient=\"auto-start-reverse\"><circle cx=\"5\" cy=\"5\" r=\"4\" "
      "fill=\"white\" "
      "stroke=\"black\"/></marker>\n</defs>\n",
      width, height);
  for (const Edge& edge : graph.edges) {
    const Box& a = boxes[edge.source];
    const Box& b = boxes[edge.target];
    // Neighbours in one row are joined by an arc, so that it does not run through boxes between
    // them.
    const bool same_row = a.y == b.y;
    const double bend = same_row ? 0.18 * std::fabs(a.x - b.x) + 14 : 0;
    const double cx = (a.x + b.x) / 2;
    const double cy = (a.y + b.y) / 2 - bend;
    const auto [x1, y1] = border(a, same_row ? cx : b.x, same_row ? cy : b.y);
    const auto [x2, y2] = border(b, same_row ? cx : a.x, same_row ? cy : a.y);
    const double thickness = std::isnan(edge.strength) ? 1.2 : 0.8 + 2.5 * std::fabs(edge.strength);
    text += fmt::format(
        "<path d=\"M{:.1f} {:.1f}Q{:.1f} {:.1f} {:.1f} {:.1f}\" fill=\"none\" stroke=\"{}\" "
        "stroke-width=\"{:.2f}\"{}{}{}><title>{} {} {}</title></path>\n",
        x1, y1, cx, cy, x2, y2, edge.kind == "conflict" ? "#b03030" : "#404040", thickness,
        edge.kind == "conflict" ? " stroke-dasharray=\"5 3\"" : "",
        marker(edge.mark_source, "marker-start"), marker(edge.mark_target, "marker-end"),
        escaped(graph.nodes[edge.source].id), escaped(edge.kind),
        escaped(graph.nodes[edge.target].id));
  }
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const Box& box = boxes[i];
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
