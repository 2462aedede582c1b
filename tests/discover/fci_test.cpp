// FCI and PC against published answers from d-separation oracles.
#include <gtest/gtest.h>

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
    const Found found = engine == "fci" ? run_fci(oracle, constraints, options, 1, nullptr)
                                        : run_pc(oracle, constraints, options, 1, nullptr);
    const MarkMatrix expected = parse_graph(row.at(3), one);
    EXPECT_TRUE(found.marks == expected) << row[0] << "\n ours   " << text_of(found.marks, names)
                                         << "\n theirs " << text_of(expected, names);
    ++compared;
  }
  EXPECT_GE(compared, fewest);
}

TEST(Golden, OraclePartialAncestralGraphs) {
  POLYCAUSE_NEEDS_GOLDEN("oracle_goldens/tetrad_oracle_fci_pag.tsv");
  compare("oracle_goldens/tetrad_oracle_fci_pag.tsv", "fci", 19);
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
