// The graph while it is searched: one mark at either end of every pair.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace polycause {

using NodeSet = std::vector<std::size_t>;

enum class End : std::uint8_t { kNone, kTail, kArrow, kCircle };

/// at(i, j) is the mark at j of the edge between i and j; kNone where there is no edge.
/// i -> j: at(i, j) = kArrow and at(j, i) = kTail.
class MarkMatrix {
 public:
  explicit MarkMatrix(std::size_t size = 0) : size_(size), marks_(size * size, End::kNone) {}

  std::size_t size() const { return size_; }
  End at(std::size_t i, std::size_t j) const { return marks_[i * size_ + j]; }
  void set(std::size_t i, std::size_t j, End mark) { marks_[i * size_ + j] = mark; }
  /// Both ends at once: `at_i` at i, `at_j` at j.
  void set_edge(std::size_t i, std::size_t j, End at_i, End at_j) {
    set(j, i, at_i);
    set(i, j, at_j);
  }
  void remove(std::size_t i, std::size_t j) { set_edge(i, j, End::kNone, End::kNone); }
  void direct(std::size_t from, std::size_t to) { set_edge(from, to, End::kTail, End::kArrow); }

  bool adjacent(std::size_t i, std::size_t j) const { return at(i, j) != End::kNone; }
  bool directed(std::size_t from, std::size_t to) const {
    return at(from, to) == End::kArrow && at(to, from) == End::kTail;
  }
  bool undirected(std::size_t i, std::size_t j) const {
    return at(i, j) == End::kTail && at(j, i) == End::kTail;
  }
  bool both_arrows(std::size_t i, std::size_t j) const {
    return at(i, j) == End::kArrow && at(j, i) == End::kArrow;
  }
  /// Ascending.
  NodeSet neighbours(std::size_t i) const {
    NodeSet found;
    for (std::size_t j = 0; j < size_; ++j) {
      if (adjacent(i, j)) found.push_back(j);
    }
    return found;
  }
  bool operator==(const MarkMatrix& other) const {
    return size_ == other.size_ && marks_ == other.marks_;
  }

 private:
  std::size_t size_;
  std::vector<End> marks_;
};

/// Strongly connected component of every node along directed edges. (size,)
std::vector<std::size_t> directed_components(const MarkMatrix& graph);

/// True when a path of directed edges leads from `from` to `to`.
bool reaches(const MarkMatrix& graph, std::size_t from, std::size_t to);

}  // namespace polycause
