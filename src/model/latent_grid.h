// A density over latents whose clusters are the points of a grid that is bent and laid into them:
// which cluster is which joint outcome of several discrete nodes follows from where it lies.
//
// Node j of C_j outcomes has the positions t_j = -1 .. 1, evenly. A participant of joint outcome c
// has t ~ N(t_c, diag s_c^2), s_c of node j by its own outcome only, and x = h(t) + noise, h a
// polynomial (L numbers -> l) and noise N(0, diag d). To first order around the grid's points
//
//     p(x) = sum_c A_c N(x; h(t_c), J_c diag(s_c^2) J_c' + diag d),        J_c = dh / dt at t_c,
//
// so that where clusters lie and how they are drawn out come from the same J. Both hold for the
// true names only: a node that is named relative to another's outcomes does not fill a grid.
#pragma once

#include <Eigen/Dense>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace polycause {

/// One bent grid. Sizes: L nodes, K joint outcomes (row-major, the last node fastest), P terms.
struct LatentGrid {
  Eigen::MatrixXd shape;       ///< (P, l) coefficients of h
  Eigen::VectorXd log_spread;  ///< (sum C_j,) log s, node after node
  Eigen::VectorXd log_noise;   ///< (l,) log d
  Eigen::VectorXd log_joint;   ///< (K,) log A
  /// Nat per participant of the rows it was improved on, less the price of its bends. Without that
  /// price wrong names that need a stronger bend are sometimes the likelier ones.
  double objective = -1e300;
};

class LatentGridModel {
 public:
  /// x (n, l): about centred, of total scale 1 (one factor for all columns: whitening would give
  /// directions of mere curvature the weight of those of the nodes).
  LatentGridModel(std::vector<int> outcomes, Eigen::MatrixXf x);

  /// Straight, along random directions of the L widest; `whole` 0 .. 1 of the latents' size;
  /// `even`: the same length in every direction.
  LatentGrid straight(const Eigen::MatrixXd& directions, double whole, bool even) const;
  /// `rounds` of expectation over the first `rows` participants, a few steps of ascent each. Terms
  /// of higher order cost `ridge` times their squares.
  void improve(LatentGrid& grid, Eigen::Index rows, int rounds, double rate, double ridge) const;
  /// The grid whose node axes are the columns of `turn` (L, L) in those of `grid`; spreads and
  /// weights begin anew.
  LatentGrid turned(const LatentGrid& grid, const Eigen::MatrixXd& turn) const;

  /// (rows, K) of the first participants; returns nat per participant.
  double responsibilities(const LatentGrid& grid, Eigen::Index rows, Eigen::MatrixXf& gamma) const;
  /// (n, L): where everybody lies on the grid, E(t | x).
  Eigen::MatrixXf coordinates(const LatentGrid& grid, const Eigen::MatrixXf& gamma) const;
  /// The terms of h (n, P) at t (n, L): h = terms * shape.
  Eigen::MatrixXf terms_at(const Eigen::MatrixXf& t) const;

  /// (K, L) s_c.
  Eigen::MatrixXd spreads(const LatentGrid& grid) const;

  Eigen::Index nodes() const { return nodes_; }
  Eigen::Index joint() const { return joint_; }
  Eigen::Index rows() const { return x_.rows(); }
  /// (K, L) t_c.
  const Eigen::MatrixXd& positions() const { return positions_; }

 private:
  struct Cluster {
    Eigen::VectorXd mean;      // (l,)
    Eigen::VectorXd spread;    // (L,) s^2
    Eigen::MatrixXd jacobian;  // (l, L)
    Eigen::MatrixXd root;      // (l, l) R with R' R = inverse covariance
    double log_scale = 0;      // half the covariance's log determinant
  };
  struct Terms {
    Eigen::VectorXd value;     // (P,)
    Eigen::MatrixXd gradient;  // (P, L)
  };
  struct Sums;
  Terms terms(const Eigen::VectorXd& t) const;
  std::vector<Cluster> clusters(const LatentGrid& grid) const;
  Eigen::VectorXd gradient(const LatentGrid& grid, const Sums& sums, double ridge) const;
  double price(const LatentGrid& grid, double ridge) const;

  Eigen::Index nodes_;
  Eigen::Index latents_;
  Eigen::Index joint_ = 1;
  Eigen::MatrixXf x_;        // (n, l)
  Eigen::MatrixXf squares_;  // (n, l (l + 1) / 2) products of two columns
  Eigen::MatrixXd widest_;   // (l, L) directions of most variance, as long as its deviations
  std::vector<std::vector<Eigen::Index>> factors_;  // (P,) the nodes that a term multiplies
  Eigen::MatrixXd positions_;
  std::vector<Terms> at_;      // (K,) at the positions
  Eigen::Index outcomes_ = 0;  // sum C_j
  Eigen::MatrixXi own_;        // (K, L) which of them a joint outcome has
};

/// The best grid: many beginnings, straight ones in random directions, are improved on few
/// participants, the best of them on more, and then turns and shears of the best are tried. The
/// model's first participants should be a random choice. The same for any number of threads.
/// `check` is called now and then and may throw to stop the search.
LatentGrid best_grid(const LatentGridModel& model, std::uint64_t seed, std::size_t threads,
                     const std::function<void()>& check = {});

/// Participants in a random order, centred and of total scale 1.
struct Coordinates {
  Eigen::MatrixXf x;               // (n, dimensions)
  std::vector<std::size_t> order;  // (n,) whom each row is of
};

/// Of latents (n, l): flat (geodesic.h), and where participants fall into parts that no neighbours
/// join, the widest directions besides.
std::vector<Coordinates> grid_coordinates(const Eigen::MatrixXf& latents, Eigen::Index dimensions,
                                          std::uint64_t seed, std::size_t threads);

struct GridSearch {
  Eigen::MatrixXf coordinates;       ///< (n, L)
  Eigen::MatrixXf responsibilities;  ///< (n, K)
  Eigen::MatrixXd positions;         ///< (K, L)
  Eigen::MatrixXd spread;            ///< (K, L) s_c
  Eigen::MatrixXf rest;              ///< (n, l) what the grid does not explain of the latents
  /// Kullback-Leibler divergence of the grid from the participants' own density (by their nearest
  /// neighbours), nat, and the price of its bends: no change of scale moves it, so that grids on
  /// different latents compare. Wrong names have more.
  double divergence = 0;
};

/// best_grid in flat coordinates of latents (n, l): an autoencoder bends and folds what it learns
/// more than a polynomial follows. In the widest directions instead where there are parts and that
/// leaves less divergence.
GridSearch search_latent_grid(const Eigen::MatrixXf& latents, const std::vector<int>& outcomes,
                              std::uint64_t seed, std::size_t threads,
                              const std::function<void()>& check = {});

}  // namespace polycause
