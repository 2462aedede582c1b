#include "discover/mark_matrix.h"

#include <algorithm>
#include <limits>

namespace polycause {
namespace {

constexpr std::size_t kUnseen = std::numeric_limits<std::size_t>::max();

// Tarjan's algorithm with an explicit stack: a chain of thousands of nodes must not overflow.
class Components {
 public:
  explicit Components(const std::vector<NodeSet>& children)
      : children_(children),
        index_(children.size(), kUnseen),
        low_(children.size(), 0),
        component_(children.size(), kUnseen) {}

  std::vector<std::size_t> run() {
    for (std::size_t root = 0; root < children_.size(); ++root) {
      if (index_[root] == kUnseen) visit(root);
    }
    return component_;
  }

 private:
  struct Frame {
    std::size_t node;
    std::size_t next_child;
  };

  void open(std::size_t node) {
    index_[node] = low_[node] = counter_++;
    stack_.push_back(node);
    frames_.push_back({node, 0});
  }

  void visit(std::size_t root) {
    open(root);
    while (!frames_.empty()) {
      Frame& frame = frames_.back();
      const std::size_t node = frame.node;
      if (frame.next_child < children_[node].size()) {
        const std::size_t child = children_[node][frame.next_child++];
        if (index_[child] == kUnseen) {
          open(child);
        } else if (component_[child] == kUnseen) {
          low_[node] = std::min(low_[node], index_[child]);
        }
        continue;
      }
      if (low_[node] == index_[node]) close(node);
      frames_.pop_back();
      if (!frames_.empty()) {
        const std::size_t parent = frames_.back().node;
        low_[parent] = std::min(low_[parent], low_[node]);
      }
    }
  }

  void close(std::size_t node) {
    std::size_t member = kUnseen;
    do {
      member = stack_.back();
      stack_.pop_back();
      component_[member] = found_;
    } while (member != node);
    ++found_;
  }

  const std::vector<NodeSet>& children_;
  std::vector<std::size_t> index_;
  std::vector<std::size_t> low_;
  std::vector<std::size_t> component_;
  std::vector<std::size_t> stack_;
  std::vector<Frame> frames_;
  std::size_t counter_ = 0;
  std::size_t found_ = 0;
};

}  // namespace

std::vector<std::size_t> directed_components(const MarkMatrix& graph) {
  std::vector<NodeSet> children(graph.size());
  for (std::size_t i = 0; i < graph.size(); ++i) {
    for (std::size_t j = 0; j < graph.size(); ++j) {
      if (graph.directed(i, j)) children[i].push_back(j);
    }
  }
  return Components(children).run();
}

bool reaches(const MarkMatrix& graph, std::size_t from, std::size_t to) {
  std::vector<bool> seen(graph.size(), false);
  NodeSet open = {from};
  seen[from] = true;
  while (!open.empty()) {
    const std::size_t node = open.back();
    open.pop_back();
    if (node == to) return true;
    for (std::size_t next = 0; next < graph.size(); ++next) {
      if (!seen[next] && graph.directed(node, next)) {
        seen[next] = true;
        open.push_back(next);
      }
    }
  }
  return false;
}

}  // namespace polycause
