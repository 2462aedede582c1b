// Graph files and the joining of tables.
#include "base/files.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "discover/graph_layout.h"
#include "discover/oracle.h"
#include "polycause/discover.h"
#include "polycause/error.h"
#include "polycause/graph.h"

namespace polycause {
namespace {

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "polycause-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string file(const std::string& content) {
    const std::string path = join_path(directory_, "file");
    write_file(path, content);
    return path;
  }
  std::string directory_;
};

Graph sample() {
  Graph graph;
  graph.nodes = {{"blood.z1", "blood", "latent"},
                 {"demo.a,b", "demo", "covariate"},
                 {"demo.\"q\" <&>", "demo", "covariate"}};
  Edge directed;
  directed.source = 0;
  directed.target = 1;
  directed.kind = "discovered";
  directed.strength = -0.25;
  directed.p_value = 1e-300;
  directed.q_value = 0.1;
  directed.n = 100;
  directed.separating_set = {"demo.\"q\" <&>"};
  Edge circle;
  circle.source = 2;
  circle.target = 0;
  circle.mark_source = Mark::kCircle;
  circle.kind = "learned";
  circle.stability = 0.75;
  graph.edges = {directed, circle};
  return graph;
}

TEST_F(Files, EdgeTableReadsBackAsWritten) {
  const std::string text = edges_csv(sample());
  EXPECT_EQ(
      text,
      "source,target,mark_source,mark_target,kind,strength,p_value,q_value,n,separating_set,"
      "stability\n"
      "blood.z1,\"demo.a,b\",tail,arrow,discovered,-0.25,1e-300,0.1,100,\"demo.\"\"q\"\" <&>\",\n"
      "\"demo.\"\"q\"\" <&>\",blood.z1,circle,arrow,learned,,,,,,0.75\n");
  const Graph read = read_edges_csv(file(text));
  EXPECT_EQ(edges_csv(read), text);
  EXPECT_EQ(read.nodes[0].type, "latent");
  EXPECT_EQ(read.nodes[0].modality, "blood");
  EXPECT_EQ(read.nodes[1].type, "covariate");
}

TEST_F(Files, JsonReadsBackAsWritten) {
  const std::string text = graph_json(sample());
  const Graph read = read_graph_json(file(text));
  EXPECT_EQ(graph_json(read), text);
  EXPECT_EQ(edges_csv(read), edges_csv(sample()));
}

TEST_F(Files, PlainEdgeListIsDirected) {
  const Graph read = read_edges_csv(file("\xEF\xBB\xBFsource,target\r\na,b\r\nb,c\r\n"));
  ASSERT_EQ(read.edges.size(), 2u);
  EXPECT_EQ(read.nodes.size(), 3u);
  EXPECT_EQ(read.edges[1].mark_source, Mark::kTail);
  EXPECT_EQ(read.edges[1].mark_target, Mark::kArrow);
}

TEST_F(Files, MalformedFilesAreNamedWithTheirLine) {
  const auto fails = [&](const std::string& content, std::size_t row, const std::string& part) {
    try {
      read_edges_csv(file(content));
      ADD_FAILURE() << "no error for " << content;
    } catch (const DataError& error) {
      EXPECT_EQ(error.row(), row) << error.what();
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  };
  fails("", 1, "empty");
  fails("from,to\na,b\n", 1, "source");
  fails("source,target\na,b\na\n", 3, "cells");
  fails("source,target\n\"a,b\n", 2, "quote");
  fails("source,target,mark_source\na,b,dot\n", 2, "dot");
  fails("source,target,strength\na,b,much\n", 2, "much");
  fails("source,target\na,\n", 2, "without a name");
  EXPECT_THROW(read_graph_json(file("{\"nodes\": 3}")), DataError);
  EXPECT_THROW(read_graph_json(file("nonsense")), DataError);
  EXPECT_THROW(
      read_graph_json(file("{\"nodes\": [], \"edges\": [{\"source\": \"a\", \"target\": \"b\"}]}")),
      DataError);
}

TEST_F(Files, TetradTextReadsBackAsWritten) {
  Graph graph = sample();
  graph.nodes[1].id = "demo.a b";  // names may hold spaces
  const std::string text = graph_tetrad(graph);
  const Graph read = read_graph_tetrad(file(text + "\nGraph Attributes:\nScore: 3\n"));
  EXPECT_EQ(graph_tetrad(read), text);
  EXPECT_THROW(read_graph_tetrad(file("hello")), DataError);
  EXPECT_THROW(read_graph_tetrad(file("Graph Nodes:\na;b\n\nGraph Edges:\n1. a --> c\n")),
               DataError);
}

TEST_F(Files, CausalLearnMatrices) {
  const Graph read = read_graph_causal_learn(file("0 -1 1\n1 0 0\n1 0 0\n"), {"a", "b", "c"});
  ASSERT_EQ(read.edges.size(), 2u);
  EXPECT_EQ(graph_tetrad(read), "Graph Nodes:\na;b;c\n\nGraph Edges:\n1. a --> b\n2. a <-> c\n");
  EXPECT_THROW(read_graph_causal_learn(file("0 1\n1 0\n"), {"a"}), DataError);
  EXPECT_THROW(read_graph_causal_learn(file("0 3\n1 0\n"), {"a", "b"}), DataError);
}

TEST_F(Files, CovariancesInSeveralForms) {
  const std::vector<double> matrix = {4, 1, 0, 1, 2, -1, 0, -1, 3};
  for (const std::string text : {"a,b,c\n4,1,0\n1,2,-1\n0,-1,3\n",
                                 "\"\",\"a\",\"b\",\"c\"\n\"a\",4,1,0\nb,1,2,-1\nc,0,-1,3\n",
                                 "/Covariance\na b c\n4\n1.0  2.0\n 0 -1 3\n",
                                 "a\tb\tc\r\n4\t\t\r\n1\t2\t\r\n0\t-1\t3\r\n"}) {
    const Covariance read = read_covariance(file(text), 50);
    EXPECT_EQ(read.names, (std::vector<std::string>{"a", "b", "c"})) << text;
    EXPECT_EQ(read.matrix, matrix) << text;
    EXPECT_EQ(read.n, 50);
  }
  EXPECT_EQ(read_covariance(file("164\na b\n1\n0 1\n"), 0).n, 164);
  const auto fails = [&](const std::string& content, std::size_t row, const std::string& part) {
    try {
      read_covariance(file(content), 50);
      ADD_FAILURE() << "no error for " << content;
    } catch (const DataError& error) {
      EXPECT_EQ(error.row(), row) << error.what();
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  };
  fails("", 1, "empty");
  fails("7\na b\n1\n0 1\n", 1, "says 7 rows");
  fails("a b\n1\n", 2, "expected 2");
  fails("a b c\n1\n0 1\n0 0\n", 4, "2 numbers");
  fails("a b\n1 0\nx 0 1\n", 3, "expected 'b'");
  fails("a b\n1 0\n0 many\n", 3, "many");
}

TEST(GraphText, DrawingHoldsEveryNodeOnceAndCausesAbove) {
  const std::string svg = graph_svg(sample());
  EXPECT_NE(svg.find(">blood.z1</text>"), std::string::npos);
  EXPECT_NE(svg.find("&lt;&amp;&gt;"), std::string::npos);
  const auto y_of = [&](const std::string& name) {
    const std::size_t at = svg.rfind(" y=\"", svg.find(name + "</text>"));
    return std::stod(svg.substr(at + 4));
  };
  EXPECT_LT(y_of("blood.z1"), y_of("demo.a,b"));
  EXPECT_NE(graph_svg(Graph()).find("</svg>"), std::string::npos);
}

TEST(GraphText, DrawingKeepsBoxesAndLinesApart) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Dag dag = random_dag(30, 0.08, seed);
    Random random(seed, "marks");
    Graph graph;
    std::vector<double> widths;
    for (std::size_t i = 0; i < dag.size(); ++i) {
      graph.nodes.push_back({std::to_string(i), "", ""});
      widths.push_back(random.uniform(30, 150));
    }
    for (std::size_t i = 0; i < dag.size(); ++i) {
      for (const std::size_t p : dag[i]) {
        Edge edge;
        edge.source = p;
        edge.target = i;
        if (random.uniform() < 0.3) edge.mark_target = edge.mark_source;
        graph.edges.push_back(edge);
      }
    }
    const Layout layout = layered(graph, widths);
    const auto inside = [](const Box& box, double x, double y, double margin) {
      return std::fabs(x - box.x) < box.width / 2 + margin &&
             std::fabs(y - box.y) < kBoxHeight / 2 + margin;
    };
    for (const Box& a : layout.boxes) {
      EXPECT_GE(a.x - a.width / 2, 0);
      EXPECT_LE(a.x + a.width / 2, layout.width);
      EXPECT_LE(a.y + kBoxHeight / 2, layout.height);
      for (const Box& b : layout.boxes) {
        EXPECT_TRUE(&a == &b || std::fabs(a.y - b.y) > kBoxHeight ||
                    std::fabs(a.x - b.x) > (a.width + b.width) / 2)
            << seed;
      }
    }
    for (std::size_t e = 0; e < graph.edges.size(); ++e) {
      const Edge& edge = graph.edges[e];
      if (edge.mark_target == Mark::kArrow) {
        EXPECT_LT(layout.boxes[edge.source].y, layout.boxes[edge.target].y) << seed;
      }
      const auto& line = layout.lines[e];
      EXPECT_TRUE(inside(layout.boxes[edge.source], line.front().first, line.front().second, 3));
      EXPECT_TRUE(inside(layout.boxes[edge.target], line.back().first, line.back().second, 3));
      for (const auto& [x, y] : line) {
        for (const Box& box : layout.boxes) EXPECT_FALSE(inside(box, x, y, 0)) << seed;
      }
    }
  }
}

TEST(GraphText, EveryFormatHoldsNodesAndMarks) {
  const std::string tetrad = graph_tetrad(sample());
  EXPECT_NE(tetrad.find("Graph Nodes:\nblood.z1;demo.a,b;"), std::string::npos);
  EXPECT_NE(tetrad.find("1. blood.z1 --> demo.a,b\n"), std::string::npos);
  EXPECT_NE(tetrad.find("2. demo.\"q\" <&> o-> blood.z1\n"), std::string::npos);
  EXPECT_NE(graph_dot(sample()).find("arrowtail=odot, arrowhead=normal"), std::string::npos);
  EXPECT_NE(graph_graphml(sample()).find("demo.&quot;q&quot; &lt;&amp;&gt;"), std::string::npos);
}

TEST(GraphText, CyclesAreSeen) {
  Graph graph;
  graph.nodes = {{"a", "", ""}, {"b", "", ""}, {"c", "", ""}};
  const auto edge = [](std::size_t from, std::size_t to) {
    Edge e;
    e.source = from;
    e.target = to;
    return e;
  };
  graph.edges = {edge(0, 1), edge(1, 2)};
  EXPECT_FALSE(has_directed_cycle(graph));
  graph.edges.push_back(edge(2, 0));
  EXPECT_TRUE(has_directed_cycle(graph));
  graph.edges.back().mark_source = Mark::kArrow;
  EXPECT_FALSE(has_directed_cycle(graph));
  graph.edges = {edge(0, 1), edge(1, 0)};
  EXPECT_TRUE(has_directed_cycle(graph));
}

TEST(Join, KeepsParticipantsOfEveryTable) {
  Table a;
  a.name = "blood";
  a.ids = {"3", "1", "2"};
  a.columns = {{"hdl", ColumnType::kContinuous, {30, 10, 20}, {}},
               {"blood.z1", ColumnType::kContinuous, {3, 1, 2}, {}}};
  Table b;
  b.ids = {"2", "4", "3"};
  b.columns = {{"age", ColumnType::kOrdinal, {22, 44, 33}, {}}};
  const Table joined = join({a, b});
  EXPECT_EQ(joined.ids, (std::vector<std::string>{"3", "2"}));
  ASSERT_EQ(joined.columns.size(), 3u);
  EXPECT_EQ(joined.columns[0].name, "blood.hdl");
  EXPECT_EQ(joined.columns[1].name, "blood.z1");
  EXPECT_EQ(joined.columns[2].name, "age");
  EXPECT_EQ(joined.columns[2].values, (std::vector<double>{33, 22}));
  b.ids = {"7", "8", "9"};
  EXPECT_THROW(join({a, b}), DataError);
  b.ids = {"3", "3", "1"};
  EXPECT_THROW(join({a, b}), DataError);
  EXPECT_THROW(join({a, a}), DataError);
  Table c;
  c.ids = {"nobody"};
  a.name.clear();
  try {
    join({a, c});
    FAIL() << "nothing was thrown";
  } catch (const DataError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("table 1 has "), std::string::npos) << text;
    EXPECT_EQ(text.find("nobody\""), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace polycause
