// Score engines: against all DAGs on few variables, on simulated tables, and published results.
#include <gtest/gtest.h>

#include "discover/golden.h"
#include "discover/score_search.h"
#include "discover/simulated.h"
#include "polycause/discover.h"
#include "polycause/error.h"

namespace polycause {
namespace {

const std::function<void()> kNoPoll = [] {};

// The best total over all DAGs on the variables, by trying every order.
double best_total(Score& score) {
  NodeSet order(score.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  double best = -INFINITY;
  do {
    double total = 0;
    NodeSet before;
    for (const std::size_t node : order) {
      double own = -INFINITY;
      std::sort(before.begin(), before.end());
      for (std::size_t size = 0; size <= before.size(); ++size) {
        for_each_subset(before, size, [&](const NodeSet& parents) {
          own = std::max(own, score.local(node, parents));
          return true;
        });
      }
      total += own;
      before.push_back(node);
    }
    best = std::max(best, total);
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

double total_of(Score& score, const MarkMatrix& marks) {
  Parents parents;
  EXPECT_TRUE(extend(marks, &parents));
  double total = 0;
  for (std::size_t i = 0; i < parents.size(); ++i) total += score.local(i, parents[i]);
  return total;
}

TEST(Score, BatchAgreesWithOneAtATime) {
  const auto score =
      make_gaussian_score(numeric_dataset(linear_table(random_dag(8, 0.4, 1), 200, 1)), 2, 1);
  std::vector<double> fast(8, 0);
  std::vector<double> slow(8, 0);
  score->local_with_each(3, {0, 5}, fast);
  score->Score::local_with_each(3, {0, 5}, slow);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_NEAR(fast[i], slow[i], 1e-9);
  EXPECT_NE(fast[1], 0);
}

TEST(Score, SearchesFindTheBestOfAllGraphs) {
  std::size_t best_by_ges = 0;
  std::size_t best_by_boss = 0;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const auto score = make_gaussian_score(
        numeric_dataset(linear_table(random_dag(6, 0.45, seed), 2000, seed)), 2, 1);
    const double best = best_total(*score);
    const Constraints free(6);
    const MarkMatrix from_orders =
        ges(*score, free, class_of(boss(*score, free, kNoPoll), free), false, kNoPoll);
    best_by_boss += std::fabs(total_of(*score, from_orders) - best) < 1e-6;
    EXPECT_GT(total_of(*score, from_orders), 0.99 * best) << "seed " << seed;
    best_by_ges +=
        std::fabs(total_of(*score, ges(*score, free, MarkMatrix(6), true, kNoPoll)) - best) < 1e-6;
  }
  EXPECT_GE(best_by_boss, 11u);  // parents are grown and shrunk, not found by trying all sets
  EXPECT_GE(best_by_ges, 9u);
}

TEST(Score, EquivalentGraphsScoreAlikeWithMixedColumns) {
  Table table = linear_table({{}, {0}, {1}}, 500, 3);
  for (double& v : table.columns[1].values) v = v > 0 ? 1 : 0;
  table.columns[1].type = ColumnType::kBinary;
  const auto score = make_mixed_score(mixed_dataset(table), 1);
  const double forward = score->local(0, {}) + score->local(1, {0}) + score->local(2, {1});
  const double backward = score->local(2, {}) + score->local(1, {2}) + score->local(0, {1});
  EXPECT_NEAR(forward, backward, 1e-8);
  EXPECT_GT(forward, score->local(0, {}) + score->local(1, {}) + score->local(2, {}));
}

// The closed form for two binary columns with counts 3, 1 and, given the first, (2, 1), (0, 1).
TEST(Score, BdeuOfASmallTable) {
  Dataset data;
  data.rows = 4;
  data.variables = {{"a", 2, {0, 0, 0, 1}}, {"b", 2, {0, 0, 1, 1}}};
  const auto score = make_bdeu_score(data, 1, 0.25);
  // Alone: rising factorials of 1/2 over those of 1, and probability .75 that b is no parent.
  EXPECT_NEAR(score->local(0, {}),
              std::log(0.75) + std::log(0.5 * 1.5 * 2.5 * 0.5 / (1 * 2 * 3 * 4)), 1e-12);
  EXPECT_NEAR(
      score->local(1, {0}),
      std::log(0.25) + std::log(0.25 * 1.25 * 0.25 / (0.5 * 1.5 * 2.5)) + std::log(0.25 / 0.5),
      1e-12);
  EXPECT_NEAR(score->local(0, {}) + score->local(1, {0}),
              score->local(1, {}) + score->local(0, {1}), 1e-12);
  data.variables[0].levels = 0;
  EXPECT_THROW(make_bdeu_score(data, 1, 1), DataError);
}

TEST(Score, EnginesKeepToKnowledgeAndOrder) {
  for (const std::string engine : {"boss", "ges"}) {
    const Table table = linear_table(random_dag(10, 0.3, 4), 400, 4);
    DiscoverOptions options;
    options.engine = engine;
    Knowledge knowledge;
    knowledge.tier = {{"v0", 1}, {"v1", 0}, {"v2", 0}, {"v3", 1}, {"v4", 0}, {"v5", 1}};
    knowledge.required = {{"v6", "v7"}, {"v9", "v8"}};
    const Graph graph = discover(table, knowledge, options);
    EXPECT_FALSE(has_directed_cycle(graph));
    std::size_t required = 0;
    for (const Edge& edge : graph.edges) {
      const std::string from = graph.nodes[edge.source].id;
      const std::string to = graph.nodes[edge.target].id;
      if (knowledge.tier.count(from) && knowledge.tier.count(to)) {
        EXPECT_LE(knowledge.tier.at(from), knowledge.tier.at(to));
      }
      required += edge.mark_target == Mark::kArrow &&
                  ((from == "v6" && to == "v7") || (from == "v9" && to == "v8"));
      EXPECT_FALSE(std::isnan(edge.p_value));
    }
    EXPECT_EQ(required, 2u) << engine;
    Table reversed = table;
    std::reverse(reversed.columns.begin(), reversed.columns.end());
    EXPECT_EQ(discover(reversed, knowledge, options).edges.size(), graph.edges.size());
  }
}

TEST(Markov, TheRightGraphPassesAndAWrongOneFails) {
  const Dag dag = random_dag(12, 0.25, 5);
  const Table table = linear_table(dag, 2000, 5);
  Graph right;
  for (const Column& column : table.columns) right.nodes.push_back({column.name, "", ""});
  for (std::size_t i = 0; i < dag.size(); ++i) {
    for (const std::size_t p : dag[i]) {
      Edge edge;
      edge.source = p;
      edge.target = i;
      right.edges.push_back(edge);
    }
  }
  const MarkovCheck good = markov_check(table, right, {});
  EXPECT_GT(good.tests, 20u);
  EXPECT_LT(good.rejected, 0.1);
  EXPECT_GT(good.uniformity, 0.01);
  Graph wrong = right;
  wrong.edges.resize(wrong.edges.size() / 2);
  const MarkovCheck bad = markov_check(table, wrong, {});
  EXPECT_GT(bad.rejected, 0.1);
  EXPECT_LT(bad.uniformity, 1e-3);
  ASSERT_GT(bad.violations.size(), 2u);
  EXPECT_LE(bad.violations.front().p_value, bad.violations.back().p_value);
  wrong.nodes[0].id = "absent";
  EXPECT_THROW(markov_check(table, wrong, {}), DataError);
}

std::set<std::string> arrows(const Graph& graph) {
  std::set<std::string> found;
  for (const Edge& edge : graph.edges) {
    if (edge.mark_target == Mark::kArrow) {
      found.insert(std::to_string(edge.source) + " -> " + std::to_string(edge.target));
    } else {
      found.insert(std::to_string(std::min(edge.source, edge.target)) + " -- " +
                   std::to_string(std::max(edge.source, edge.target)));
    }
  }
  return found;
}

std::set<std::string> published(const std::string& name) {
  std::set<std::string> found;
  for (const auto& row : read_cells(name, '\t')) {
    if (row[1] == "--") found.insert(row[0] + " -- " + row[2]);
    if (row[1] == "->") found.insert(row[0] + " -> " + row[2]);
    if (row[1] == "<-") found.insert(row[2] + " -> " + row[0]);
  }
  return found;
}

std::size_t shared(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::size_t count = 0;
  for (const std::string& edge : a) count += b.count(edge);
  return count;
}

TEST(Golden, ClassesOfDagsUnderAnyNumbering) {
  POLYCAUSE_NEEDS_GOLDEN("oracle_goldens/pcalg_dag2cpdag.txt");
  std::map<std::string, std::vector<std::string>> matrices;
  for (const auto& row : read_cells("oracle_goldens/pcalg_dag2cpdag.txt", '\t')) {
    if (row[0][0] == '#') continue;
    matrices[row[0].substr(0, row[0].find(' '))] =
        split_line(row[0].substr(row[0].rfind(' ') + 1), '/');
  }
  std::size_t compared = 0;
  for (const std::string number : {"1", "2", "3"}) {
    const auto& dag = matrices.at("DAG" + number);
    const auto& expected = matrices.at("CPDAG" + number);
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const std::vector<std::size_t> as = Random(seed, "numbering").permutation(dag.size());
      Parents parents(dag.size());
      for (std::size_t i = 0; i < dag.size(); ++i) {
        for (std::size_t j = 0; j < dag.size(); ++j) {
          if (dag[i].at(j) == '1') parents[as[j]].push_back(as[i]);
        }
      }
      for (NodeSet& set : parents) std::sort(set.begin(), set.end());
      const MarkMatrix marks = class_of(parents, Constraints(dag.size()));
      for (std::size_t i = 0; i < dag.size(); ++i) {
        for (std::size_t j = 0; j < dag.size(); ++j) {
          const bool out = marks.directed(as[i], as[j]) || marks.undirected(as[i], as[j]);
          EXPECT_EQ(out, expected[i].at(j) == '1') << number << " " << i << " " << j;
          ++compared;
        }
      }
    }
  }
  EXPECT_EQ(compared, 20u * (25 + 25 + 16));
}

TEST(Golden, ScoreEnginesOnLinearGaussianData) {
  POLYCAUSE_NEEDS_GOLDEN("generated/lingauss_p100_d2_n2000.csv");
  for (const std::string size : {"50", "100"}) {
    const std::string stem = "generated/lingauss_p" + size + "_d2_n2000";
    const Table table = read_golden_table(stem + ".csv", ',', false);
    DiscoverOptions options;
    const auto different = [&](const std::string& engine, double penalty, const std::string& file) {
      options.engine = engine;
      options.penalty = penalty;
      const auto ours = arrows(discover(table, {}, options));
      const auto theirs = published(stem + file);
      return std::max(ours.size(), theirs.size()) - shared(ours, theirs);
    };
    EXPECT_LE(different("boss", 2, "_tetrad_boss_pd2.tsv"), 3u);
    EXPECT_EQ(different("ges", 2, "_tetrad_fges_pd2.tsv"), 0u);
    EXPECT_LE(different("ges", 1, "_pcalg_ges_bic.tsv"), 2u);  // theirs also turns edges
  }
}

TEST(Golden, BdeuOfCausalLearn) {
  POLYCAUSE_NEEDS_GOLDEN("causal-learn/data_discrete_10.txt");
  const Table table = read_golden_table("causal-learn/data_discrete_10.txt", '\t');
  DiscoverOptions options;
  options.engine = "ges";
  options.score = "bdeu";
  EXPECT_EQ(entries_different(causal_learn_matrix(discover(table, {}, options)),
                              read_golden_matrix("causal-learn/benchmark_returned_results/"
                                                 "discrete_10_ges_local_score_BDeu_none_none.txt")),
            0u);
}

TEST(Golden, GesOfCausalLearn) {
  POLYCAUSE_NEEDS_GOLDEN("causal-learn/data_linear_10.txt");
  DiscoverOptions options;
  options.engine = "ges";
  const Table five =
      read_golden_table("causal-learn/test_ges_simulated_linear_gaussian_data.txt", ' ', false);
  const Graph graph = discover(five, {}, options);
  EXPECT_EQ(entries_different(
                causal_learn_matrix(graph),
                read_golden_matrix("causal-learn/test_ges_simulated_linear_gaussian_CPDAG.txt")),
            0u);
  const Table ten = read_golden_table("causal-learn/data_linear_10.txt", '\t');
  const auto theirs = read_golden_matrix(
      "causal-learn/benchmark_returned_results/linear_10_ges_local_score_BIC_none_none.txt");
  EXPECT_EQ(entries_different(causal_learn_matrix(discover(ten, {}, options)), theirs), 0u);
}

}  // namespace
}  // namespace polycause
