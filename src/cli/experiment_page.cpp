// The page of an experiment: charts, graphs where the figure is one, the table, what to know.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "cli/experiment_summary.h"
#include "polycause/graph.h"
#include "report/chart.h"
#include "report/html.h"

namespace polycause::cli {
namespace {

constexpr const char* kStyle =
    "body{font:15px/1.5 sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;margin:1rem 0}th,td{padding:.25rem .7rem;text-align:right;"
    "border-bottom:1px solid #ddd}th:nth-child(-n+2),td:nth-child(-n+2){text-align:left}"
    "svg{max-width:100%;height:auto}.pair{display:flex;gap:2rem;flex-wrap:wrap}";

struct Places {
  std::vector<std::string> settings;  // titles
  std::vector<const Contender*> methods;

  std::size_t method(const Contender* contender) const {
    return static_cast<std::size_t>(std::find(methods.begin(), methods.end(), contender) -
                                    methods.begin());
  }
};

Places places_of(const std::vector<ExperimentLine>& lines) {
  Places places;
  for (const ExperimentLine& line : lines) {
    if (std::find(places.settings.begin(), places.settings.end(), line.setting->title) ==
        places.settings.end())
      places.settings.push_back(line.setting->title);
    if (places.method(line.contender) == places.methods.size())
      places.methods.push_back(line.contender);
  }
  return places;
}

/// Every seed as a dot, the mean as a stroke, the paper's value as a diamond.
std::string score_chart(const std::vector<ExperimentLine>& lines, const std::string& title,
                        double RowResult::*value, Statistic ExperimentLine::*mean,
                        double Published::*paper) {
  const Places places = places_of(lines);
  Chart chart;
  chart.title = title;
  chart.places = places.settings;
  chart.high = 1;
  std::vector<ChartSeries> dots(places.methods.size());
  std::vector<ChartSeries> means(places.methods.size());
  ChartSeries published{"paper", ChartStyle::kDiamonds, 6, {}};
  for (std::size_t c = 0; c < places.methods.size(); ++c) {
    dots[c] = {"", ChartStyle::kDots, c, {}};
    means[c] = {places.methods[c]->title, ChartStyle::kBars, c, {}};
  }
  double lowest = 0.9;
  for (const ExperimentLine& line : lines) {
    const std::size_t c = places.method(line.contender);
    const auto place = static_cast<double>(
        std::find(places.settings.begin(), places.settings.end(), line.setting->title) -
        places.settings.begin());
    const double x =
        place +
        0.8 * ((static_cast<double>(c) + 0.5) / static_cast<double>(places.methods.size()) - 0.5);
    for (const RowResult& result : line.results) {
      dots[c].points.push_back({x, result.*value, 0});
      if (std::isfinite(result.*value)) lowest = std::min(lowest, result.*value);
    }
    means[c].points.push_back({x, (line.*mean).mean, 0});
    published.points.push_back({x, line.paper.*paper, 0});
    if (std::isfinite(line.paper.*paper)) lowest = std::min(lowest, line.paper.*paper);
  }
  chart.low = std::max(0.0, std::floor(lowest * 10 - 0.5) / 10);
  for (std::size_t c = 0; c < dots.size(); ++c) {
    chart.series.push_back(dots[c]);
    chart.series.push_back(means[c]);
  }
  const bool any = std::any_of(published.points.begin(), published.points.end(),
                               [](const ChartPoint& p) { return std::isfinite(p.y); });
  if (any) chart.series.push_back(published);
  return chart_svg(chart);
}

/// Mean curve over seeds of every modality; bars: sd over the seeds.
std::string loss_chart(const ExperimentLine& line) {
  Chart chart;
  chart.title = "Held-out loss, " + line.setting->title;
  chart.x_label = "latents";
  chart.y_label = "nat";
  std::map<std::string, std::vector<std::vector<double>>> curves;
  std::vector<std::string> order;
  for (const RowResult& result : line.results) {
    for (std::size_t m = 0; m < result.modalities.size(); ++m) {
      auto& curve = curves[result.modalities[m]];
      if (curve.empty()) order.push_back(result.modalities[m]);
      curve.resize(std::max(curve.size(), result.losses[m].size()));
      for (std::size_t k = 0; k < result.losses[m].size(); ++k)
        curve[k].push_back(result.losses[m][k] - result.losses[m][0]);
    }
  }
  for (std::size_t c = 0; c < order.size(); ++c) {
    ChartSeries series{order[c], ChartStyle::kLine, c, {}};
    const auto& curve = curves[order[c]];
    for (std::size_t k = 0; k < curve.size(); ++k) {
      const Statistic s = statistic(curve[k]);
      series.points.push_back({static_cast<double>(k), s.mean, s.sd});
    }
    chart.series.push_back(series);
  }
  return chart_svg(chart);
}

Graph graph_of(const std::vector<std::pair<std::string, std::string>>& edges,
               const std::vector<std::pair<std::string, std::string>>& nodes_of) {
  Graph graph;
  std::map<std::string, std::size_t> place;
  const auto index = [&](const std::string& id) {
    const auto [entry, fresh] = place.emplace(id, graph.nodes.size());
    if (fresh) graph.nodes.push_back({id, id.substr(0, id.find('.')), "latent"});
    return entry->second;
  };
  for (const auto& [source, target] : nodes_of) {
    index(source);
    index(target);
  }
  for (const auto& [source, target] : edges) {
    Edge edge;
    edge.source = index(source);
    edge.target = index(target);
    graph.edges.push_back(edge);
  }
  return graph;
}

/// Truth and estimate of the first seed beside each other.
std::string graph_pair(const ExperimentLine& line) {
  if (line.results.empty()) return "";
  const RowResult& first = line.results.front();
  return fmt::format(
      "<h2>{}, {}, seed {}: SHD {:.0f}</h2>\n<div class=\"pair\"><div><p>truth</p>{}</div>"
      "<div><p>learned</p>{}</div></div>\n",
      html_text(line.setting->title), html_text(line.contender->title), line.rows.front()->seed,
      first.shd, graph_svg(graph_of(first.truth, first.truth)),
      graph_svg(graph_of(first.learned, first.truth)));
}

std::string given(double value, double spread) {
  if (!std::isfinite(value)) return "–";
  return std::isfinite(spread) ? fmt::format("{:.2f} ± {:g}", value, spread)
                               : fmt::format("{:.2f}", value);
}

std::string table(const std::vector<ExperimentLine>& lines) {
  std::string out =
      "<table><thead><tr><th>study</th><th>method</th><th>seeds</th><th>MCC, Spearman</th>"
      "<th>least</th><th>MCC, Pearson</th><th>R²</th><th>SHD</th><th>processor s</th>"
      "<th>paper MCC</th><th>paper R²</th></tr></thead>\n<tbody>\n";
  for (const ExperimentLine& line : lines) {
    std::string seeds = fmt::format("{}", line.results.size());
    if (line.failed > 0) seeds += fmt::format(", {} failed", line.failed);
    if (line.missing > 0) seeds += fmt::format(", {} not run", line.missing);
    const std::string choice =
        line.choice.empty() ? "" : " (" + line.choice.substr(line.choice.find('.') + 1) + ")";
    out += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
        "<td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        html_text(line.setting->title), html_text(line.contender->title + choice), seeds,
        statistic_text(line.mcc_spearman, 3),
        line.mcc_spearman.count > 0 ? fmt::format("{:.3f}", line.mcc_spearman.least) : "–",
        statistic_text(line.mcc, 3), statistic_text(line.r2, 3), statistic_text(line.shd, 1),
        statistic_text(line.seconds, 0), given(line.paper.mcc, line.paper.mcc_spread),
        given(line.paper.r2, line.paper.r2_spread));
  }
  return out + "</tbody></table>\n";
}

std::string chosen_table(const ExperimentLine& line) {
  std::string out =
      "<table><thead><tr><th>study</th><th>modality</th><th>seed</th><th>chosen</th>"
      "<th>truth</th></tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < line.results.size(); ++i) {
    const RowResult& result = line.results[i];
    for (std::size_t m = 0; m < result.modalities.size(); ++m) {
      out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                         html_text(line.setting->title), html_text(result.modalities[m]),
                         line.rows[i]->seed, result.chosen[m], result.true_numbers[m]);
    }
  }
  return out + "</tbody></table>\n";
}

}  // namespace

std::string lines_page(const Experiment& experiment, const std::vector<ExperimentLine>& lines) {
  std::string body = fmt::format(
      "<h1>{}</h1>\n<p>{} of \"Causal representation learning from multimodal biomedical "
      "observations\" (ICLR 2025), on studies simulated anew. {}</p>\n",
      html_text(experiment.title), html_text(experiment.where), html_text(experiment.note));
  const std::string changes = changes_text(lines);
  if (!changes.empty()) body += fmt::format("<p><b>{}</b></p>\n", html_text(changes));
  std::vector<ExperimentLine> scored;
  for (const ExperimentLine& line : lines) {
    if (line.contender->method == "select") {
      body += loss_chart(line) + chosen_table(line);
    } else {
      scored.push_back(line);
    }
  }
  if (!scored.empty()) {
    body += "<div class=\"pair\">\n" +
            score_chart(scored, "MCC (Spearman)", &RowResult::mcc_spearman,
                        &ExperimentLine::mcc_spearman, &Published::mcc) +
            score_chart(scored, "R²", &RowResult::r2, &ExperimentLine::r2, &Published::r2) +
            "</div>\n<p>Dots: seeds. Strokes: their mean. Diamonds: the paper's value for its "
            "method or baseline of that name.</p>\n";
    for (const ExperimentLine& line : scored) {
      if (experiment.name == "fig5a") body += graph_pair(line);
    }
    body += table(scored);
    body +=
        "<p>Mean ± standard deviation over seeds, one fit each. MCC: |correlation| with the best "
        "partner within the modality, all participants. R²: kernel ridge from the estimated to "
        "the true latents, scored on participants it was not fitted to. SHD: edges between "
        "modalities missing, extra or reversed.</p>\n";
  }
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title>"
      "<meta name=\"viewport\" content=\"width=device-width\"><style>{}</style></head>\n<body>\n"
      "{}</body></html>\n",
      html_text(experiment.title), kStyle, body);
}

}  // namespace polycause::cli
