#include "networks/plugin/pima/node_tables.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace polycause {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using Index = std::int64_t;

/// A table as (outer, outcomes, inner) around one of its axes.
struct Axis {
  Index outer;
  Index outcomes;
  Index inner;
};

/// Sums over the axis: (outer, inner).
void collapse(const double* __restrict from, double* __restrict to, const Axis& axis) {
  if (axis.inner == 1) {
    for (Index o = 0; o < axis.outer; ++o, from += axis.outcomes) {
      double sum = from[0];
      for (Index c = 1; c < axis.outcomes; ++c) sum += from[c];
      to[o] = sum;
    }
    return;
  }
  for (Index o = 0; o < axis.outer; ++o, to += axis.inner) {
    for (Index k = 0; k < axis.inner; ++k) to[k] = from[k];
    from += axis.inner;
    for (Index c = 1; c < axis.outcomes; ++c, from += axis.inner) {
      for (Index k = 0; k < axis.inner; ++k) to[k] += from[k];
    }
  }
}

/// e from + share sums, sums (outer, inner); e = 0: `from` is not read.
void blend(const double* __restrict from, const double* __restrict sums, double* __restrict to,
           const Axis& axis, double e, double share) {
  const Index block = axis.outcomes * axis.inner;
  for (Index o = 0; o < axis.outer; ++o, sums += axis.inner, to += block) {
    if (axis.inner == 1) {
      const double own = share * sums[0];
      for (Index c = 0; c < block; ++c) to[c] = e == 0 ? own : e * from[o * block + c] + own;
      continue;
    }
    for (Index c = 0; c < block; c += axis.inner) {
      if (e == 0) {
        for (Index k = 0; k < axis.inner; ++k) to[c + k] = share * sums[k];
      } else {
        const double* row = from + o * block + c;
        for (Index k = 0; k < axis.inner; ++k) to[c + k] = e * row[k] + share * sums[k];
      }
    }
  }
}

double dot(const double* a, const double* b, Index size) {
  double lanes[4] = {0, 0, 0, 0};
  Index k = 0;
  for (; k + 4 <= size; k += 4) {
    for (Index l = 0; l < 4; ++l) lanes[l] += a[k + l] * b[k + l];
  }
  for (; k < size; ++k) lanes[0] += a[k] * b[k];
  return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

/// One node's table, from (K,) to what its parents leave of it. Axes of no edge are summed out
/// first, so that most tables are small by the time the others are averaged.
class NodeTable {
 public:
  /// outcomes (L,); sizes of all work.
  explicit NodeTable(const Nodes& nodes)
      : outcomes_(nodes.outcomes.begin(), nodes.outcomes.end()), joint_(nodes.joint) {
    const auto size = static_cast<std::size_t>(joint_);
    kept_.resize((outcomes_.size() + 1) * size);
    for (std::vector<double>* work : {&now_, &next_, &sums_, &other_}) work->resize(size);
  }

  /// edges: E_ij of all i, `step` numbers apart.
  void plan(std::size_t own, const double* edges, std::size_t step) {
    gone_.clear();
    averaged_.clear();
    std::vector<Index> left = outcomes_;  // 1 where summed out
    factor_ = 1;
    const auto axis = [&left](std::size_t i) {
      Axis a{1, left[i], 1};
      for (std::size_t k = 0; k < i; ++k) a.outer *= left[k];
      for (std::size_t k = i + 1; k < left.size(); ++k) a.inner *= left[k];
      return a;
    };
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (i == own || edges[i * step] != 0) continue;
      gone_.push_back(axis(i));
      factor_ /= static_cast<double>(left[i]);
      left[i] = 1;
    }
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (i != own && left[i] > 1) averaged_.push_back({axis(i), i, edges[i * step]});
    }
    size_ = 1;
    for (const Index l : left) size_ *= l;
  }

  /// The table that is left, (size,).
  const double* forward(const double* table) {
    reduce(table);
    double* at = kept_.data();
    for (Index k = 0; k < size_; ++k) at[k] = factor_ * now_[static_cast<std::size_t>(k)];
    for (const Averaged& a : averaged_) {
      collapse(at, sums_.data(), a.axis);
      blend(at, sums_.data(), at + size_, a.axis, a.e, share(a));
      at += size_;
    }
    return at;
  }

  /// Adds the logarithm of `forward`'s result to `out` (K,).
  void add_log(const double* left, double* out) {
    for (Index k = 0; k < size_; ++k)
      now_[static_cast<std::size_t>(k)] = std::log(std::max(left[k], kSmallestProbability));
    enlarge(1);
    for (Index k = 0; k < joint_; ++k) out[k] += now_[static_cast<std::size_t>(k)];
  }

  /// After `forward`: of the gradient (K,) in the logarithms those in the table (K,) and in the
  /// edges, `step` numbers apart.
  void backward(const double* gradient, double* in_table, double* in_edges, std::size_t step) {
    reduce(gradient);
    const double* at = kept_.data() + static_cast<Index>(averaged_.size()) * size_;
    for (Index k = 0; k < size_; ++k) {
      double& g = now_[static_cast<std::size_t>(k)];
      g = at[k] > kSmallestProbability ? g / at[k] : 0;
    }
    for (std::size_t s = averaged_.size(); s-- > 0;) {
      const Averaged& a = averaged_[s];
      at -= size_;
      collapse(now_.data(), sums_.data(), a.axis);
      collapse(at, other_.data(), a.axis);
      const Index rows = size_ / a.axis.outcomes;
      in_edges[a.node * step] =
          dot(now_.data(), at, size_) -
          dot(sums_.data(), other_.data(), rows) / static_cast<double>(a.axis.outcomes);
      blend(now_.data(), sums_.data(), next_.data(), a.axis, a.e, share(a));
      now_.swap(next_);
    }
    enlarge(factor_);
    std::copy_n(now_.begin(), joint_, in_table);
  }

 private:
  struct Averaged {
    Axis axis;
    std::size_t node;
    double e;
  };

  static double share(const Averaged& a) {
    return (1 - a.e) / static_cast<double>(a.axis.outcomes);
  }

  /// (K,) -> now_ (size,): sums over the axes that are gone.
  void reduce(const double* full) {
    if (gone_.empty()) std::copy_n(full, joint_, now_.begin());
    for (std::size_t g = 0; g < gone_.size(); ++g) {
      collapse(g == 0 ? full : now_.data(), next_.data(), gone_[g]);
      now_.swap(next_);
    }
  }

  /// now_ (size,) -> now_ (K,): `factor` times, the same along the axes that are gone.
  void enlarge(double factor) {
    if (gone_.empty()) return;
    for (std::size_t g = gone_.size(); g-- > 0;) {
      blend(nullptr, now_.data(), next_.data(), gone_[g], 0, g == 0 ? factor : 1);
      now_.swap(next_);
    }
  }

  std::vector<Index> outcomes_;
  Index joint_;
  std::vector<Axis> gone_;  // first to last, as they are summed out
  std::vector<Averaged> averaged_;
  double factor_ = 1;         // of the sums over them, for means
  Index size_ = 1;            // of the table without them
  std::vector<double> kept_;  // (averaged + 1, size) before every step, and after the last
  std::vector<double> now_;
  std::vector<double> next_;
  std::vector<double> sums_;
  std::vector<double> other_;
};

class LogProduct : public torch::autograd::Function<LogProduct> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& tables, const Tensor& edges,
                        const std::vector<int>& outcomes) {
    const Nodes nodes(outcomes);
    const Tensor from = tables.contiguous();
    const Tensor e = edges.contiguous();
    context->save_for_backward({from, e});
    context->saved_data["outcomes"] = std::vector<Index>(outcomes.begin(), outcomes.end());
    Tensor joint = torch::zeros({from.size(0), nodes.joint}, from.options());
    NodeTable table(nodes);
    for_each(nodes, from.size(0), [&](Index r, Index at, Index edge) {
      table.plan(static_cast<std::size_t>(at - r * nodes.count()), e.data_ptr<double>() + edge,
                 outcomes.size());
      const double* left = table.forward(from.data_ptr<double>() + at * nodes.joint);
      table.add_log(left, joint.data_ptr<double>() + r * nodes.joint);
    });
    return joint;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor& from = saved[0];
    const Tensor& e = saved[1];
    const std::vector<Index> outcomes = context->saved_data["outcomes"].toIntVector();
    const Nodes nodes({outcomes.begin(), outcomes.end()});
    const Tensor gradient = gradients[0].contiguous();  // (R, K)
    Tensor in_tables = torch::empty_like(from);
    Tensor in_edges = torch::zeros_like(e);
    NodeTable table(nodes);
    for_each(nodes, from.size(0), [&](Index r, Index at, Index edge) {
      table.plan(static_cast<std::size_t>(at - r * nodes.count()), e.data_ptr<double>() + edge,
                 outcomes.size());
      table.forward(from.data_ptr<double>() + at * nodes.joint);
      table.backward(gradient.data_ptr<double>() + r * nodes.joint,
                     in_tables.data_ptr<double>() + at * nodes.joint,
                     in_edges.data_ptr<double>() + edge, outcomes.size());
    });
    return {in_tables, in_edges, Tensor()};
  }

 private:
  /// Run, table r L + j, and where E_0j of the run is.
  template <typename Work>
  static void for_each(const Nodes& nodes, Index runs, const Work& work) {
    const Index count = nodes.count();
    for (Index r = 0; r < runs; ++r) {
      for (Index j = 0; j < count; ++j) work(r, r * count + j, r * count * count + j);
    }
  }
};

}  // namespace

Tensor log_product(const Nodes& nodes, const Tensor& tables, const Tensor& edges) {
  return LogProduct::apply(tables, edges, nodes.outcomes);
}

}  // namespace polycause
