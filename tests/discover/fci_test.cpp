// FCI and PC against published answers from d-separation oracles.
#include <gtest/gtest.h>

#include <array>

#include "discover/engines.h"
#include "discover/fisher_z.h"
#include "discover/golden.h"
#include "discover/oracle.h"

namespace polycause {
namespace {

struct Case {
  Dag dag;
  std::vector<std::string> names;  // observed ones first
  std::size_t observed = 0;
  std::size_t find(const std::string& name) const {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  }
};

// "A-->B", "F<--G", "Ao->B": names left and right of a mark of three characters.
bool split_edge(const std::string& text, std::string* left, std::string* mark, std::string* right) {
  static const std::set<std::string> marks = {"-->", "<--", "o->", "<-o", "o-o", "<->", "---"};
  for (std::size_t i = 1; i + 3 < text.size(); ++i) {
    if (marks.count(text.substr(i, 3)) == 0) continue;
    *left = text.substr(0, i);
    *mark = text.substr(i, 3);
    *right = text.substr(i + 3);
    return true;
  }
  return false;
}

Case parse_case(const std::string& text) {
  Case result;
  std::vector<std::string> latent;
  std::vector<std::pair<std::string, std::string>> edges;
  const auto add = [&](const std::string& name) {
    if (std::find(latent.begin(), latent.end(), name) == latent.end() &&
        std::find(result.names.begin(), result.names.end(), name) == result.names.end()) {
      result.names.push_back(name);
    }
  };
  for (const std::string& item : split_line(text, ',')) {
    std::string left;
    std::string mark;
    std::string right;
    if (item.rfind("Latent(", 0) == 0) {
      latent.push_back(item.substr(7, item.size() - 8));
    } else if (split_edge(item, &left, &mark, &right)) {
      if (mark == "<--") std::swap(left, right);
      edges.emplace_back(left, right);
      add(left);
      add(right);
    } else {
      add(item);
    }
  }
  result.observed = result.names.size();
  result.names.insert(result.names.end(), latent.begin(), latent.end());
  result.dag.resize(result.names.size());
  for (const auto& [from, to] : edges) result.dag[result.find(to)].push_back(result.find(from));
  return result;
}

Knowledge parse_knowledge(const std::string& text) {
  Knowledge knowledge;
  for (const std::string& item : split_line(text, ';')) {
    std::istringstream in(item);
    std::string word;
    in >> word;
    std::string rest;
    if (word.rfind("tier", 0) == 0) {
      while (in >> rest) knowledge.tier[rest] = std::stoi(word.substr(4));
    } else {
      in >> rest;
      const std::size_t arrow = rest.find("->");
      (word == "forbid" ? knowledge.forbidden : knowledge.required)
          .emplace_back(rest.substr(0, arrow), rest.substr(arrow + 2));
    }
  }
  return knowledge;
}

MarkMatrix parse_graph(const std::string& text, const Case& names) {
  MarkMatrix graph(names.observed);
  for (const std::string& item : split_line(text, ',')) {
    std::string left;
    std::string mark;
    std::string right;
    if (!split_edge(item, &left, &mark, &right)) continue;
    const auto end = [](char c) {
      return c == '-' ? End::kTail : c == 'o' ? End::kCircle : End::kArrow;
    };
    graph.set_edge(names.find(left), names.find(right), end(mark[0]), end(mark[2]));
  }
  return graph;
}

std::string text_of(const MarkMatrix& graph, const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < graph.size(); ++i) {
    for (std::size_t j = i + 1; j < graph.size(); ++j) {
      if (!graph.adjacent(i, j)) continue;
      const auto left = graph.at(j, i) == End::kArrow  ? "<"
                        : graph.at(j, i) == End::kTail ? "-"
                                                       : "o";
      const auto right = graph.at(i, j) == End::kArrow  ? ">"
                         : graph.at(i, j) == End::kTail ? "-"
                                                        : "o";
      text += names[i] + left + "-" + right + names[j] + " ";
    }
  }
  return text;
}

Found search(const std::string& engine, const IndependenceTest& test,
             const Constraints& constraints, const DiscoverOptions& options) {
  const auto run = engine == "fci" ? run_fci : engine == "rfci" ? run_rfci : run_pc;
  return run(test, constraints, options, 1, nullptr);
}

void compare(const std::string& file, const std::string& engine, std::size_t fewest) {
  DiscoverOptions options;
  options.alpha = 0.5;
  std::size_t compared = 0;
  for (const auto& row : read_cells(file, '\t')) {
    if (row[0][0] == '#' || row[0].rfind("FGES", 0) == 0) continue;
    const Case one = parse_case(row.at(1));
    const std::vector<std::string> names(
        one.names.begin(), one.names.begin() + static_cast<std::ptrdiff_t>(one.observed));
    const Constraints constraints(parse_knowledge(row.at(2)), names, nullptr);
    const OracleTest oracle(one.dag, one.observed);
    const Found found = search(engine, oracle, constraints, options);
    MarkMatrix expected = parse_graph(row.at(3), one);
    // Only a set that holds no neighbour of either separates A and E: RFCI keeps the edge.
    if (engine == "rfci" && row[0] == "9") {
      expected.set_edge(one.find("A"), one.find("E"), End::kArrow, End::kArrow);
    }
    EXPECT_TRUE(found.marks == expected) << row[0] << "\n ours   " << text_of(found.marks, names)
                                         << "\n theirs " << text_of(expected, names);
    ++compared;
  }
  EXPECT_GE(compared, fewest);
}

TEST(Golden, OraclePartialAncestralGraphs) {
  POLYCAUSE_NEEDS_GOLDEN("oracle_goldens/tetrad_oracle_fci_pag.tsv");
  compare("oracle_goldens/tetrad_oracle_fci_pag.tsv", "fci", 19);
  compare("oracle_goldens/tetrad_oracle_fci_pag.tsv", "rfci", 19);
}

// "02020/10202/...": a digit per mark at the column's node, by pcalg's coding.
MarkMatrix parse_marks(const std::string& text) {
  const auto rows = split_line(text, '/');
  MarkMatrix marks(rows.size());
  const std::array<End, 4> code = {End::kNone, End::kCircle, End::kArrow, End::kTail};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < rows.size(); ++j) {
      marks.set(i, j, code.at(static_cast<std::size_t>(rows[i].at(j) - '0')));
    }
  }
  return marks;
}

TEST(Golden, PartialAncestralGraphsOfPcalg) {
  POLYCAUSE_NEEDS_GOLDEN("oracle_goldens/pcalg_fci_examples.txt");
  std::vector<MarkMatrix> published;
  for (const auto& row : read_cells("oracle_goldens/pcalg_fci_examples.txt", '\t')) {
    const std::size_t at = row[0].rfind("): ");
    if (at == std::string::npos || row[0].find('/') == std::string::npos) continue;
    std::string rows = row[0].substr(at + 3);
    rows.erase(std::remove(rows.begin(), rows.end(), ' '), rows.end());
    published.push_back(parse_marks(rows));
  }
  ASSERT_EQ(published.size(), 2u);
  // Observed ones first: A B C D E, hidden F; then 3 4 5 6 7, hidden 1 2.
  const Dag zhang = {{}, {}, {5}, {0, 1, 2, 5}, {1, 3}, {}};
  const Dag spirtes = {{}, {0, 6}, {1, 5}, {0, 5}, {3, 6}, {}, {}};
  DiscoverOptions options;
  for (const std::string engine : {"fci", "rfci"}) {
    EXPECT_TRUE(search(engine, OracleTest(zhang, 5), Constraints(5), options).marks == published[0])
        << engine;
  }
  EXPECT_TRUE(search("fci", OracleTest(spirtes, 5), Constraints(5), options).marks == published[1]);
  // RFCI keeps what only a set beyond the neighbours of both ends separates.
  const MarkMatrix kept = search("rfci", OracleTest(spirtes, 5), Constraints(5), options).marks;
  MarkMatrix expected = published[1];
  expected.set_edge(2, 4, End::kArrow, End::kArrow);  // 5 <-> 7
  EXPECT_TRUE(kept == expected) << text_of(kept, {"3", "4", "5", "6", "7"});
}

bool ancestor(const Dag& dag, std::size_t from, std::size_t to) {
  return from == to || std::any_of(dag[to].begin(), dag[to].end(),
                                   [&](std::size_t parent) { return ancestor(dag, from, parent); });
}

// Random graphs over 13 variables, three hidden, and the graphs over the ten shown.
TEST(Golden, PartialAncestralGraphsOfCausalLearn) {
  POLYCAUSE_NEEDS_GOLDEN("causal-learn/fci-test-data/PAG1.txt");
  std::size_t same = 0;
  for (int number = 1; number <= 10; ++number) {
    const auto read = [&](const std::string& name) {
      return read_graph_tetrad(
          golden_path("causal-learn/fci-test-data/" + name + std::to_string(number) + ".txt"));
    };
    const Graph whole = read("True-Graph");
    const Graph shown = read("PAG");
    std::vector<std::string> names;
    for (const Node& node : shown.nodes) names.push_back(node.id);
    for (const Node& node : whole.nodes) {
      if (std::find(names.begin(), names.end(), node.id) == names.end()) names.push_back(node.id);
    }
    const auto find = [&](const std::string& name) {
      return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
    };
    Dag dag(names.size());
    for (const Edge& edge : whole.edges) {
      dag[find(whole.nodes[edge.target].id)].push_back(find(whole.nodes[edge.source].id));
    }
    MarkMatrix expected(shown.nodes.size());
    const auto end = [](Mark mark) {
      return mark == Mark::kArrow ? End::kArrow : mark == Mark::kTail ? End::kTail : End::kCircle;
    };
    for (const Edge& edge : shown.edges) {
      expected.set_edge(edge.source, edge.target, end(edge.mark_source), end(edge.mark_target));
    }
    const MarkMatrix marks =
        search("fci", OracleTest(dag, expected.size()), Constraints(expected.size()), {}).marks;
    same += marks == expected;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      for (std::size_t j = 0; j < expected.size(); ++j) {
        if (marks.at(i, j) == expected.at(i, j)) continue;
        // Theirs were drawn without the rules for tails R8 to R10.
        EXPECT_TRUE(marks.at(i, j) == End::kTail && expected.at(i, j) == End::kCircle) << number;
        EXPECT_TRUE(ancestor(dag, j, i)) << number;
      }
    }
  }
  EXPECT_EQ(same, 5u);
}

// Graphs in which the tests before an orientation find an edge that no neighbours explain away.
TEST(Fci, RfciCutsEdgesThatItsTriplesContradict) {
  for (const std::uint64_t seed : {107u, 439u}) {
    constexpr std::size_t kObserved = 12;
    const OracleTest oracle(random_dag(kObserved + 8, 0.18, seed), kObserved);
    const Constraints none(kObserved);
    const Skeleton neighbours = find_skeleton(oracle, none, {0.5, -1, 1, false}, nullptr);
    const MarkMatrix fci = search("fci", oracle, none, {}).marks;
    const MarkMatrix rfci = search("rfci", oracle, none, {}).marks;
    std::size_t cut = 0;
    for (std::size_t i = 0; i < kObserved; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (!neighbours.adjacent(i, j) || rfci.adjacent(i, j)) continue;
        EXPECT_FALSE(fci.adjacent(i, j));
        ++cut;
      }
    }
    EXPECT_GT(cut, 0u) << seed;
  }
}

// Whatever variables are hidden: no edge where some set separates two variables for FCI (RFCI may
// keep some), an arrowhead only at what is no cause of the other end, a tail only at a cause.
TEST(Fci, MarksHoldInEveryGraphWithHiddenVariables) {
  std::size_t arrows = 0;
  std::size_t tails = 0;
  std::size_t extra = 0;
  std::size_t pairs_joined = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    constexpr std::size_t kObserved = 7;
    const Dag dag = random_dag(kObserved + 4, 0.25, seed);
    const OracleTest oracle(dag, kObserved);
    for (const std::string engine : {"fci", "rfci"}) {
      const MarkMatrix marks = search(engine, oracle, Constraints(kObserved), {}).marks;
      for (std::size_t i = 0; i < kObserved; ++i) {
        for (std::size_t j = 0; j < kObserved; ++j) {
          if (i == j) continue;
          NodeSet others;
          for (std::size_t k = 0; k < kObserved; ++k) {
            if (k != i && k != j) others.push_back(k);
          }
          bool separable = false;
          for (std::size_t size = 0; size <= others.size() && !separable; ++size) {
            separable = !for_each_subset(
                others, size, [&](const NodeSet& set) { return !d_separated(dag, i, j, set); });
          }
          if (!separable) {
            EXPECT_TRUE(marks.adjacent(i, j)) << engine << seed;
            ++pairs_joined;
          } else if (engine == "fci") {
            EXPECT_FALSE(marks.adjacent(i, j)) << seed;
          } else {
            extra += marks.adjacent(i, j);
          }
          if (marks.at(i, j) == End::kArrow) {
            EXPECT_FALSE(ancestor(dag, j, i)) << engine << seed;
            ++arrows;
          } else if (marks.at(i, j) == End::kTail) {
            EXPECT_TRUE(ancestor(dag, j, i)) << engine << seed;
            ++tails;
          }
        }
      }
    }
  }
  EXPECT_GT(arrows, 3000u);
  EXPECT_GT(tails, 300u);
  EXPECT_LT(extra, pairs_joined / 100);
}

TEST(Golden, OracleClasses) {
  POLYCAUSE_NEEDS_GOLDEN("oracle_goldens/tetrad_oracle_pc_cpdag.tsv");
  compare("oracle_goldens/tetrad_oracle_pc_cpdag.tsv", "pc", 2);
}

TEST(Golden, CitesWithTiers) {
  POLYCAUSE_NEEDS_GOLDEN("oracle_goldens/tetrad_cites_cov_expected.txt");
  const auto rows = read_cells("oracle_goldens/tetrad_cites_cov_expected.txt", '\t');
  const std::vector<std::string>& names = rows.at(2);
  std::vector<double> correlation(names.size() * names.size(), 1);
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      correlation[i * names.size() + j] = correlation[j * names.size() + i] =
          std::stod(rows.at(3 + i).at(j));
    }
  }
  Knowledge knowledge;
  knowledge.tier = {{"ABILITY", 1}, {"GPQ", 2},  {"QFJ", 3},  {"PREPROD", 3},
                    {"SEX", 4},     {"PUBS", 5}, {"CITES", 6}};
  DiscoverOptions options;
  options.alpha = 0.05;
  const Found found = run_pc(*make_fisher_z(correlation, 164),
                             Constraints(knowledge, names, nullptr), options, 1, nullptr);
  const std::set<std::string> expected = {"ABILITY CITES", "ABILITY GPQ",   "ABILITY PREPROD",
                                          "GPQ QFJ",       "PREPROD CITES", "PUBS CITES",
                                          "QFJ CITES",     "QFJ PUBS",      "SEX PUBS"};
  std::set<std::string> ours;
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t j = 0; j < names.size(); ++j) {
      if (found.marks.directed(i, j)) ours.insert(names[i] + " " + names[j]);
    }
  }
  EXPECT_EQ(ours, expected);
}

}  // namespace
}  // namespace polycause
