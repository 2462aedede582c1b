#include "polycause/report.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>

#include "base/files.h"
#include "methods/toy_model.h"
#include "polycause/error.h"
#include "report/html.h"
#include "report/page_data.h"
#include "report/run_folder.h"
#include "report/sample.h"
#include "report/traversals.h"

namespace polycause {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kDataBegin = "<script type=\"application/json\" id=\"data\">";

std::string written_page(const std::string& directory) {
  write_report(directory);
  return read_file(join_path(directory, "report.html"));
}

// The data of a page, cut out as an HTML parser does: up to the first end tag.
Json embedded(const std::string& page) {
  const std::size_t begin = page.find(kDataBegin) + std::string(kDataBegin).size();
  return Json::parse(page.substr(begin, page.find("</script", begin) - begin));
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Report, ShowsTheRun) {
  const sample::Directory run;
  sample::write_whole_run(run.path(), sample::study(200));
  const std::string page = written_page(run.path());
  const Json data = embedded(page);
  EXPECT_EQ(data["run"]["study"]["participants"], 200);
  EXPECT_EQ(data["learned"]["edges"].size(), 4u);
  EXPECT_EQ(data["discovered"]["edges"].size(), 9u);
  EXPECT_EQ(data["frequencies"].size(), 2u);
  EXPECT_EQ(data["scores"]["shd"], 1);
  EXPECT_EQ(data["curves"].size(), 20u);
  EXPECT_EQ(data["distributions"].size(), 6u);
  EXPECT_EQ(data["correlations"]["rows"][0][0], 1.0);
  EXPECT_TRUE(has(data["settings"].get<std::string>(), "batch = 256"));
  EXPECT_TRUE(has(page, "<title>Metabolic health, fabricated"));
  EXPECT_LT(page.size(), 2u << 20);
}

TEST(Report, RelationsComeStrongestFirst) {
  const sample::Directory run;
  sample::write_whole_run(run.path(), sample::study(400));
  std::string latent;
  std::string table;
  double last = 0;
  const Json data = page_data(run.path());
  for (const Json& relation : data["relations"]) {
    const double strength = std::fabs(relation["spearman"].get<double>());
    if (relation["latent"] == latent && relation["table"] == table) {
      EXPECT_LE(strength, last);
    }
    latent = relation["latent"];
    table = relation["table"];
    last = strength;
  }
  EXPECT_FALSE(latent.empty());
}

TEST(Report, HoldsNoIdAndNoValueOfAParticipant) {
  const sample::Directory run;
  const Study study = sample::study(300);
  sample::write_whole_run(run.path(), study);
  const std::string page = written_page(run.path());
  for (const std::string& id : study.ids) ASSERT_FALSE(has(page, id)) << id;
  std::size_t values = 0;
  for (const std::string name :
       {"latents.csv", "private.csv", "exogenous.csv", "replicates/1/latents.csv"}) {
    std::string cell;
    for (const char c : read_file(run.file(name))) {
      if (c != ',' && c != '\n') {
        cell += c;
        continue;
      }
      if (cell.size() >= 9 && has(cell, "0.")) {
        ASSERT_FALSE(has(page, cell)) << name << ": " << cell;
        ++values;
      }
      cell.clear();
    }
  }
  EXPECT_GT(values, 1000u);
}

TEST(Report, SmallCountsAreNotShown) {
  std::vector<double> values(100, 0.05);
  values.push_back(2.51);
  for (int i = 0; i < 4; ++i) values.push_back(-9);
  for (int i = 0; i < 5; ++i) values.push_back(1e9);
  std::vector<std::size_t> own(values.size());
  std::iota(own.begin(), own.end(), std::size_t{0});
  const std::vector<int> counts = safe_histogram(values, own);
  EXPECT_EQ(counts[15], 100);
  EXPECT_EQ(counts[27], -1);
  EXPECT_EQ(counts.front(), -1);
  EXPECT_EQ(counts.back(), 5);
  EXPECT_EQ(std::count(counts.begin(), counts.end(), 0), 26);
}

TEST(Report, CountsPeopleNotTheirRows) {
  std::vector<double> values(8, 2.51);  // eight rows of four people
  std::vector<std::size_t> person = {0, 0, 0, 1, 1, 2, 2, 3};
  for (std::size_t i = 0; i < 5; ++i) {
    values.push_back(0.05);
    person.push_back(i);
  }
  const std::vector<int> counts = safe_histogram(values, person);
  EXPECT_EQ(counts[27], -1);
  EXPECT_EQ(counts[15], 5);
}

TEST(Report, ShowsNoBarOfFewPeopleWithManyRows) {
  Study study = sample::study(200);
  for (std::size_t i = 0; i < 200; ++i)
    study.groups.push_back(fmt::format("one, \"{}\"", i < 190 ? i % 4 : i));
  Fit fit = sample::fit(study);
  std::vector<double>& z = fit.encoding.latents.columns[0].values;
  for (std::size_t i = 0; i < 200; ++i) z[i] = i < 190 ? 0.05 : 2.51;
  const sample::Directory run;
  write_fit(run.path(), study, fit, FitOptions(), {});
  const Json counts = page_data(run.path())["distributions"][0]["counts"];
  EXPECT_EQ(counts[15], -1);  // 190 rows of four
  EXPECT_EQ(counts[27], 10);
  // A folder that does not say whose its rows are: nothing is drawn of them.
  std::string split = "sample_id,split\n";
  for (const std::string& id : study.ids) split += id + ",train\n";
  write_file(run.file("split.csv"), split);
  const Json data = page_data(run.path());
  EXPECT_TRUE(data["distributions"].is_null());
  EXPECT_TRUE(data["correlations"].is_null());
}

TEST(Report, DoesNotNameLevelsOfFewPeople) {
  Study study = sample::study(200);
  Column& smoking = study.covariates[0].columns[2];
  smoking.levels = {"never", "PipeOnly", "current"};
  Column& sex = study.covariates[0].columns[1];
  sex.levels = {"female", "Unheard"};
  for (std::size_t i = 0; i < 200; ++i) {
    smoking.values[i] = i < 4 ? 1 : (i % 2 == 0 ? 0 : 2);
    sex.values[i] = i < 3 ? 1 : 0;
  }
  const sample::Directory run;
  write_fit(run.path(), study, sample::fit(study), FitOptions(), {});
  Graph graph = sample::discovered(study);
  graph.nodes[8].id = "demographics.smoking=PipeOnly";
  graph.edges[4].separating_set = {graph.nodes[8].id};
  write_discovered(run.path(), graph);
  append_to_run(run.path(), "discover", 1,
                {{"discover", "'demographics.smoking=PipeOnly' stays joined untested"}});
  const std::string page = written_page(run.path());
  EXPECT_FALSE(has(page, "PipeOnly"));
  EXPECT_FALSE(has(page, "Unheard"));
  EXPECT_TRUE(has(page, "demographics.smoking=rare level 1"));
  EXPECT_FALSE(has(read_file(run.file("run.json")), "Unheard"));
  EXPECT_FALSE(has(read_file(run.file("relations.csv")), "Unheard"));
  const Json levels = page_data(run.path())["run"]["study"]["covariates"][0]["columns"];
  EXPECT_EQ(levels[2]["levels"], (Json{"never", nullptr, "current"}));
  EXPECT_EQ(levels[1]["levels"], (Json{"female", nullptr}));
  EXPECT_TRUE(levels[0]["levels"].is_null());
}

TEST(Report, ExpectedSharesOfRareLevelsAreLeftOut) {
  const sample::Directory run;
  sample::write_whole_run(run.path(), sample::study(60));
  write_traversals(run.path(), toy_model());
  write_file(run.file("effects.csv"),
             "latent,modality,column,low,high,change,scaled,with_children\n"
             "table.z1,table,kind=rare,0,1,1,1,no\ntable.z1,table,kind=often,0,1,1,1,no\n");
  Json json = Json::parse(read_file(run.file("run.json")));
  json["study"]["modalities"][0] = {{"name", "table"},
                                    {"columns",
                                     {{{"name", "kind"},
                                       {"type", "categorical"},
                                       {"note", ""},
                                       {"levels", {"often", nullptr}}}}}};
  write_file(run.file("run.json"), json.dump());
  const Json columns = page_data(run.path())["traversals"]["items"][0]["held"]["columns"];
  ASSERT_EQ(columns.size(), 1u);
  EXPECT_EQ(columns[0]["column"], "kind=often");
}

TEST(Report, LoadsNothingFromElsewhere) {
  const sample::Directory run;
  sample::write_whole_run(run.path(), sample::study(50));
  const std::string page = written_page(run.path());
  EXPECT_TRUE(has(page, "default-src 'none'"));
  for (const char* part : {"<link", "src=\"", "@import", "url(http", "sendBeacon", "XMLHttpRequest",
                           "WebSocket(", "importScripts"}) {
    EXPECT_FALSE(has(page, part)) << part;
  }
}

TEST(Report, HostileNamesStayText) {
  const sample::Directory run;
  const Study study = sample::study(60, true);
  sample::write_whole_run(run.path(), study);
  const std::string page = written_page(run.path());
  EXPECT_FALSE(has(page, "<script>document"));
  EXPECT_FALSE(has(page, "<img src=x"));
  EXPECT_FALSE(has(page, "<b>study"));
  EXPECT_TRUE(has(page, "<title>&lt;/title&gt;&lt;b&gt;study &amp; &quot;co&quot;"));
  const Json data = embedded(page);
  EXPECT_EQ(data["run"]["study"]["name"], study.spec.name);
  EXPECT_EQ(data["run"]["study"]["modalities"][0]["columns"][0]["name"],
            study.modalities[0].table.columns[0].name);
  EXPECT_EQ(data["run"]["study"]["modalities"][1]["columns"][0]["name"],
            study.modalities[1].table.columns[0].name);
  EXPECT_TRUE(std::all_of(page.begin(), page.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x80 || !std::iscntrl(static_cast<unsigned char>(c));
  }));
}

TEST(Report, TextIsMadeSafe) {
  EXPECT_EQ(html_text("a<b> & \"c\" 'd'"), "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
  EXPECT_EQ(html_text("\xE9"), "\xEF\xBF\xBD");
  EXPECT_EQ(html_text("\xC3\xA9"), "\xC3\xA9");
  EXPECT_EQ(script_json("</script>&"), "\"\\u003c/script\\u003e\\u0026\"");
  EXPECT_EQ(script_json("\xE2\x80\xA8"), "\"\\u2028\"");
}

TEST(Report, WithoutJavaScriptShowsTheEdges) {
  const sample::Directory run;
  sample::write_whole_run(run.path(), sample::study(60, true));
  const std::string page = written_page(run.path());
  const std::size_t begin = page.find("<noscript>");
  const std::string plain = page.substr(begin, page.find("</noscript>") - begin);
  EXPECT_TRUE(has(plain, "<td>blood.z1</td><td>tail</td><td>activity.z1</td><td>arrow</td>"));
  EXPECT_TRUE(has(plain, "<td>demographics.age</td></tr>"));
  EXPECT_TRUE(has(plain, "unstable") || has(plain, "agreement .61"));
}

TEST(Report, WorksWithRunJsonAlone) {
  const sample::Directory run;
  write_file(run.file("run.json"), R"({"format":1,"study":{},"seconds":{},"warnings":[]})");
  const Json data = embedded(written_page(run.path()));
  for (const char* key : {"settings", "learned", "discovered", "frequencies", "relations",
                          "distributions", "correlations", "curves", "traversals", "scores"}) {
    EXPECT_TRUE(data[key].is_null()) << key;
  }
}

TEST(Report, ReplacesAnOlderOne) {
  const sample::Directory run;
  const Study study = sample::study(40);
  write_fit(run.path(), study, sample::fit(study), FitOptions(), {});
  EXPECT_TRUE(embedded(written_page(run.path()))["discovered"].is_null());
  write_discovered(run.path(), sample::discovered(study));
  EXPECT_FALSE(embedded(written_page(run.path()))["discovered"].is_null());
}

TEST(Report, IsTheSameTwice) {
  const sample::Directory run;
  sample::write_whole_run(run.path(), sample::study(40));
  EXPECT_EQ(written_page(run.path()), written_page(run.path()));
}

TEST(Report, ForeignAndDamagedFoldersAreDataErrors) {
  const sample::Directory run;
  EXPECT_THROW(write_report(run.file("nowhere")), DataError);
  EXPECT_THROW(write_report(run.path()), DataError);
  const auto broken = [&](const char* name, const std::string& text) {
    const sample::Directory copy;
    sample::write_whole_run(copy.path(), sample::study(30));
    write_file(copy.file(name), text);
    EXPECT_THROW(write_report(copy.path()), DataError) << name << ": " << text;
    EXPECT_FALSE(fs::exists(copy.file("report.html"))) << name;
  };
  broken("run.json", "not json");
  broken("run.json", R"({"format": 2})");
  broken("run.json", R"({"format":1,"study":{"name":3},"seconds":{},"warnings":[7]})");
  broken("graph.json", "[");
  broken("learned_graph.json", R"({"edges": [3]})");
  broken("latents.csv", "sample_id,body.z1\na,1\nb\n");
  broken("latents.csv", "sample_id,body.z1\na,text\n");
  broken("metrics.csv", "series,step\na,1\n");
  broken("metrics.csv", "series,step,value\na,1,x\n");
  broken("relations.csv", "latent,table,column,spearman,n\na,b,c,high,3\n");
  broken("scores.json", "{");
}

// Traversals of the toy under names that the fabricated run has cards for.
void add_traversals(const std::string& directory) {
  Model model = toy_model();
  write_traversals(directory, model);
  std::string text = read_file(join_path(directory, "traversals.json"));
  const auto rename = [&](const std::string& from, const std::string& to) {
    const std::size_t at = text.find("\"latent\": \"" + from + "\",\n   \"held\"");
    ASSERT_NE(at, std::string::npos) << text;
    text.replace(at + 11, from.size(), to);
  };
  rename("table.z1", "body.z1");
  rename("eye.z1", "body.z2");
  write_file(join_path(directory, "traversals.json"), text);
}

// A browser is the judge of the page: it must run through, with nothing on the console, and show
// the hostile names as text.
class Browser : public ::testing::TestWithParam<bool> {};

TEST_P(Browser, RunsThePage) {
  if (std::system("command -v chromium > /dev/null 2>&1") != 0) {
    GTEST_SKIP() << "chromium is not installed";
  }
  const sample::Directory run;
  if (GetParam()) {
    sample::write_whole_run(run.path(), sample::study(200, true));
    add_traversals(run.path());
  } else {
    write_file(run.file("run.json"), R"({"format":1,"study":{},"seconds":{},"warnings":[]})");
  }
  write_report(run.path());
  const std::string command =
      "HOME='" + run.path() +
      "' timeout 120 chromium --headless --no-sandbox --disable-gpu "
      "--enable-logging=stderr --virtual-time-budget=3000 --dump-dom 'file://" +
      run.path() + "/report.html' > '" + run.file("dom.html") + "' 2> '" + run.file("log") + "'";
  ASSERT_EQ(std::system(command.c_str()), 0) << read_file(run.file("log"));
  const std::string dom = read_file(run.file("dom.html"));
  const std::string log = read_file(run.file("log"));
  EXPECT_TRUE(has(dom, "data-ready=\"true\""));
  EXPECT_FALSE(has(log, "CONSOLE")) << log;
  EXPECT_FALSE(has(dom, "<title>owned"));
  EXPECT_FALSE(has(dom, "class=\"failure\""));
  if (GetParam()) {
    EXPECT_TRUE(has(dom, "&lt;img src=x onerror="));
    EXPECT_TRUE(has(dom, "Relation to covariates"));
    EXPECT_TRUE(has(dom, "Average picture of eye at +2 sd of body.z2"));
    EXPECT_TRUE(has(dom, "Change of eye from \u22121 to +1 sd of body.z2"));
    EXPECT_TRUE(has(dom, "up of night at \u22122, \u22121, 0, +1, +2 sd of body.z1"));
    EXPECT_TRUE(has(dom, "With its children following"));
    EXPECT_TRUE(has(dom, "<canvas"));
  }
}

INSTANTIATE_TEST_SUITE_P(Report, Browser, ::testing::Values(false, true),
                         [](const auto& run) { return run.param ? "Whole" : "Empty"; });

}  // namespace
}  // namespace polycause
