// Discrete features in the run folder and on the page.
#include "report/features.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/files.h"
#include "polycause/error.h"
#include "polycause/report.h"
#include "report/csv.h"
#include "report/run_folder.h"
#include "report/run_json.h"
#include "report/sample.h"

namespace polycause {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Two binary features, node1 -> node2, seen as a picture of one pixel and a table.
Fit with_features(const Study& study) {
  Fit fit = sample::fit(study);
  auto features = std::make_shared<Features>();
  features->network.nodes = {{"node1", 2, {}, {0.25, 0.75}},
                             {"node2", 2, {0}, {0.9, 0.1, 0.2, 0.8}}};
  features->occupation = {40, 2, 30, 50};
  features->means = {-1, -1, -1, 1, 1, -1, 1, 1};
  features->deviations.assign(8, 0.3);
  ClusterMeans picture;
  picture.modality = "eye";
  picture.kind = "image";
  picture.shape.channel_names = {"grey"};
  picture.values = {0, 0.2f, 0.6f, 1};
  ClusterMeans table;
  table.modality = "blood";
  table.kind = "tabular";
  table.columns = {"hdl", "a,b"};
  table.values = {1, 10, 1, 20, 2, 30, 2, 40};
  table.predicted = std::nan("");
  table.parameter_names = {"slope"};
  table.parameters = {0.1, 0.2, 0.3, 0.4};
  features->decoded = {picture, table};
  features->bound = -3.5;
  fit.learned = {};
  fit.learned.nodes = {{"node1", "features", "latent"}, {"node2", "features", "latent"}};
  Edge edge;
  edge.source = 0;
  edge.target = 1;
  edge.mark_target = Mark::kTail;
  edge.strength = 0.97;
  fit.learned.edges = {edge};
  for (Table* t : {&fit.encoding.latents, &fit.encoding.features, &fit.encoding.responsibilities}) {
    t->ids = study.ids;
    t->columns.clear();
  }
  const auto add = [](Table& to, const std::string& name, std::vector<double> values) {
    Column column;
    column.name = name;
    column.values = std::move(values);
    to.columns.push_back(std::move(column));
  };
  std::vector<double> low(study.ids.size(), -1.0);
  std::vector<double> high(study.ids.size(), 1.0);
  std::vector<double> outcome(study.ids.size(), 0.0);
  for (std::size_t i = 0; i < outcome.size(); ++i) {
    outcome[i] = i < 3 ? 1 : 0;  // fewer than may be told
    if (i < 3) low[i] = 2;
  }
  add(fit.encoding.latents, "shared.z1", low);
  add(fit.encoding.latents, "shared.z2", high);
  for (const char* node : {"node1", "node2"}) {
    add(fit.encoding.features, node, outcome);
    add(fit.encoding.features, std::string(node) + ".p", std::vector<double>(outcome.size(), 0.9));
  }
  for (const char* joint : {"0.0", "0.1", "1.0", "1.1"})
    add(fit.encoding.responsibilities, joint, std::vector<double>(outcome.size(), 0.25));
  fit.latents.clear();
  fit.features = std::move(features);
  return fit;
}

void write(const std::string& directory, const Study& study, const Fit& fit) {
  FitOptions options;
  options.method = "pima";
  write_fit(directory, study, fit, options, {});
}

TEST(FeaturesInRun, FilesAndPage) {
  const sample::Directory directory;
  const Study study = sample::study(60);
  write(directory.path(), study, with_features(study));
  const Json network = read_json(directory.file("network.json"));
  EXPECT_EQ(network.at("nodes")[1].at("parents")[0], "node1");
  EXPECT_EQ(network.at("nodes")[1].at("table")[1][1], 0.8);
  EXPECT_EQ(network.at("edges")[0].at("identified"), false);
  const Graph graph = read_network_graph(directory.file("network.json"));
  ASSERT_EQ(graph.edges.size(), 1u);
  EXPECT_EQ(graph.edges[0].source, 0u);
  const CsvText effects = read_csv_text(directory.file("interventions.csv"));
  ASSERT_EQ(effects.rows.size(), 8u);
  EXPECT_NEAR(csv_value(effects, 1, effects.column("probability")), 0.1, 1e-9);  // do(node1 = 0)
  EXPECT_NEAR(csv_value(effects, 1, effects.column("observed")), 0.25 * 0.1 + 0.75 * 0.8, 1e-6);
  const CsvText means = read_csv_text(directory.file("clusters/blood.csv"));
  EXPECT_EQ(means.header[2], "a,b");
  EXPECT_EQ(means.rows[3][0], "1.1");

  const Json page = features_page(directory.path());
  ASSERT_EQ(page.at("views").size(), 8u);  // two outcomes of two nodes, four joint ones
  EXPECT_EQ(page.at("views")[0].at("node"), "node1");
  EXPECT_EQ(page.at("modalities")[0].at("pictures").size(), 8u);
  // do not mix: hdl of node1 = 1 is that of both its clusters
  const Json& columns = page.at("modalities")[1].at("columns");
  EXPECT_EQ(columns[0].at("values").size(), 8u);
  const Json& map = page.at("map");
  EXPECT_EQ(map.at("across"), "shared.z2");  // variance .94 between the clusters, z1 has .75
  EXPECT_EQ(map.at("up"), "shared.z1");
  // Three participants of an outcome are not told, nor their cell.
  const Json& outcomes = map.at("nodes")[0].at("outcomes");
  EXPECT_EQ(outcomes[0].at("participants"), 57);
  EXPECT_TRUE(outcomes[1].at("participants").is_null());
  EXPECT_TRUE(outcomes[1].at("cells").empty());
  EXPECT_TRUE(page.at("network").at("clusters")[1].at("participants").is_null());
  write_report(directory.path());
  const std::string html = read_file(directory.file("report.html"));
  EXPECT_NE(html.find("\"interventions\""), std::string::npos);
  for (const std::string& id : study.ids) EXPECT_EQ(html.find("\"" + id + "\""), std::string::npos);
}

TEST(FeaturesInRun, CountPeopleNotTheirRows) {
  Study study = sample::study(60);
  Fit fit = with_features(study);
  for (std::size_t i = 0; i < 60; ++i) {
    study.groups.push_back(std::to_string(i < 20 ? 0 : i));
    for (const std::size_t column : {0u, 2u}) {
      fit.encoding.features.columns[column].values[i] = i < 20 ? 1 : 0;
    }
    fit.encoding.latents.columns[0].values[i] = i < 20 ? 2 : -1;
    // 0.1: nearly sure of all rows of the one person
    fit.encoding.responsibilities.columns[1].values[i] = i < 20 ? 0.9 : 0;
  }
  const sample::Directory directory;
  write(directory.path(), study, fit);
  const Json page = features_page(directory.path());
  const Json& outcomes = page.at("map").at("nodes")[0].at("outcomes");
  EXPECT_EQ(outcomes[0].at("participants"), 40);
  EXPECT_TRUE(outcomes[1].at("participants").is_null());  // 20 rows of one
  EXPECT_TRUE(outcomes[1].at("cells").empty());
  const Json& clusters = page.at("network").at("clusters");
  EXPECT_NEAR(clusters[0].at("participants").get<double>(), 0.25 * 41, 1e-6);
  EXPECT_TRUE(clusters[1].at("participants").is_null());
}

TEST(FeaturesInRun, AnotherFitLeavesNothingOfThem) {
  const sample::Directory directory;
  const Study study = sample::study(40);
  write(directory.path(), study, with_features(study));
  write_fit(directory.path(), study, sample::fit(study), {}, {});
  for (const char* name : {"network.json", "interventions.csv", "clusters.json", "clusters"})
    EXPECT_FALSE(fs::exists(directory.file(name))) << name;
  EXPECT_TRUE(features_page(directory.path()).is_null());
}

TEST(FeaturesInRun, DamagedFilesAreNamed) {
  const sample::Directory directory;
  const Study study = sample::study(40);
  write(directory.path(), study, with_features(study));
  const auto damaged = [&](const std::string& name, const std::string& content) {
    const std::string kept = read_file(directory.file(name));
    write_file(directory.file(name), content);
    EXPECT_THROW(write_report(directory.path()), DataError) << name << ": " << content;
    write_file(directory.file(name), kept);
  };
  damaged("network.json", "{}");
  damaged("network.json", R"({"nodes": [{"id": "a", "parents": ["b"], "outcomes": []}]})");
  const auto changed = [&](const std::string& name, const std::string& from,
                           const std::string& to) {
    std::string content = read_file(directory.file(name));
    ASSERT_NE(content.find(from), std::string::npos) << name << ": " << from;
    content.replace(content.find(from), from.size(), to);
    damaged(name, content);
  };
  changed("network.json", "\"outcomes\": \"0.0", "\"outcomes\": \"0.zero");
  changed("network.json", "\"outcomes\": \"0.0", "\"outcomes\": \"0.99999999999999999999999");
  damaged("network.json",
          R"({"nodes": [], "clusters": [{"outcomes": "", "probability": 1, "participants": 9}]})");
  damaged("network.json", R"({"nodes": [], "clusters": []})");
  damaged("features.csv", "sample_id,node1\n" + study.ids[0] + ",0\n");
  damaged("latents.csv", "sample_id,eye.z1\n" + study.ids[0] + ",0\n");
  damaged("clusters.json", "{");
  damaged("clusters/eye.npy", "no array");
  damaged("clusters/blood.csv", "outcomes,hdl\n0.0,1\n");
  damaged("interventions.csv", "do_node\n");
  write_report(directory.path());
}

}  // namespace
}  // namespace polycause
