#include "cli/experiment_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/terminal.h"
#include "report/csv.h"

namespace polycause::cli {
namespace {

std::vector<double> values_of(const ExperimentLine& line, double RowResult::*metric) {
  std::vector<double> values;
  for (const RowResult& result : line.results) values.push_back(result.*metric);
  return values;
}

void fill_statistics(ExperimentLine& line) {
  line.mcc_spearman = statistic(values_of(line, &RowResult::mcc_spearman));
  line.mcc = statistic(values_of(line, &RowResult::mcc));
  line.r2 = statistic(values_of(line, &RowResult::r2));
  line.shd = statistic(values_of(line, &RowResult::shd));
  line.seconds = statistic(values_of(line, &RowResult::seconds));
}

std::string given(double value, const char* format) {
  return std::isfinite(value) ? fmt::format(fmt::runtime(format), value) : "–";
}

std::string method_text(const ExperimentLine& line) {
  if (line.choice.empty()) return line.contender->name;
  return fmt::format("{} ({})", line.contender->name,
                     line.choice.substr(line.choice.find('.') + 1));
}

/// How often the number of latents was right: {modalities right, modalities}, and studies with all.
struct Counted {
  std::size_t right = 0, modalities = 0, studies_right = 0, studies = 0;
};

Counted counted(const ExperimentLine& line) {
  Counted c;
  for (const RowResult& result : line.results) {
    bool all = true;
    for (std::size_t m = 0; m < result.chosen.size(); ++m) {
      const bool right = result.chosen[m] == result.true_numbers[m];
      c.right += right ? 1 : 0;
      ++c.modalities;
      all = all && right;
    }
    c.studies_right += all ? 1 : 0;
    ++c.studies;
  }
  return c;
}

}  // namespace

Statistic statistic(const std::vector<double>& values) {
  Statistic s;
  double sum = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    s.least = s.count == 0 ? value : std::min(s.least, value);
    s.most = s.count == 0 ? value : std::max(s.most, value);
    sum += value;
    ++s.count;
  }
  if (s.count == 0) return s;
  s.mean = sum / static_cast<double>(s.count);
  if (s.count < 2) return s;
  double squares = 0;
  for (const double value : values) {
    if (std::isfinite(value)) squares += (value - s.mean) * (value - s.mean);
  }
  s.sd = std::sqrt(squares / static_cast<double>(s.count - 1));
  return s;
}

std::vector<ExperimentLine> experiment_lines(const Experiment& experiment,
                                             const std::vector<Row>& rows, const Results& results) {
  std::vector<ExperimentLine> lines;
  for (const ExperimentSetting& setting : experiment.settings) {
    for (const Contender& contender : experiment.contenders) {
      std::map<std::string, ExperimentLine> by_choice;
      for (const Row& row : rows) {
        if (row.setting != setting.name || row.contender != contender.name) continue;
        ExperimentLine& line = by_choice[row.choice];
        line.choice = row.choice;
        line.changed = row.changed;
        const auto found = results.find(row.key);
        if (found == results.end()) {
          ++line.missing;
        } else if (!found->second.error.empty()) {
          ++line.failed;
        } else {
          line.rows.push_back(&row);
          line.results.push_back(found->second);
        }
      }
      ExperimentLine* best = nullptr;
      for (auto& [choice, line] : by_choice) {
        line.setting = &setting;
        line.contender = &contender;
        fill_statistics(line);
        const auto score = [](const ExperimentLine& l) {
          return std::isfinite(l.mcc_spearman.mean) ? l.mcc_spearman.mean : -1.0;
        };
        if (best == nullptr || score(line) > score(*best)) best = &line;
      }
      if (best == nullptr) continue;
      for (const Published& published : setting.published) {
        if (published.contender == contender.name) best->paper = published;
      }
      lines.push_back(std::move(*best));
    }
  }
  return lines;
}

std::string changes_text(const std::vector<ExperimentLine>& lines) {
  std::vector<std::string> all;
  for (const ExperimentLine& line : lines) {
    for (const std::string& one : line.changed) {
      if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
    }
  }
  if (all.empty()) return "";
  return fmt::format("Not the experiment's own settings: {}; the paper's values are for others.",
                     fmt::join(all, ", "));
}

std::string statistic_text(const Statistic& s, int digits) {
  if (s.count == 0) return "–";
  if (s.count == 1) return fmt::format("{:.{}f}", s.mean, digits);
  return fmt::format("{:.{}f} ± {:.{}f}", s.mean, digits, s.sd, digits);
}

std::string lines_text(const Experiment& experiment, const std::vector<ExperimentLine>& lines) {
  std::string text =
      fmt::format("{}: {} ({})\n", experiment.name, experiment.title, experiment.where);
  std::vector<std::vector<std::string>> cells{{"study", "method", "seeds", "MCC (Spearman)",
                                               "MCC (Pearson)", "R2", "SHD", "seconds", "paper MCC",
                                               "paper R2"}};
  std::string notes;
  for (const ExperimentLine& line : lines) {
    const std::string place = line.setting->name + ", " + line.contender->name;
    if (line.failed > 0) notes += fmt::format("{}: {} failed\n", place, line.failed);
    if (line.missing > 0) notes += fmt::format("{}: {} not run yet\n", place, line.missing);
    if (line.contender->method == "select") {
      const Counted c = counted(line);
      notes += fmt::format("{}: the true number in {} of {} modalities, {} of {} studies\n", place,
                           c.right, c.modalities, c.studies_right, c.studies);
      continue;
    }
    cells.push_back({line.setting->title, method_text(line), fmt::format("{}", line.results.size()),
                     statistic_text(line.mcc_spearman, 3), statistic_text(line.mcc, 3),
                     statistic_text(line.r2, 3), statistic_text(line.shd, 1),
                     statistic_text(line.seconds, 0), given(line.paper.mcc, "{:.2f}"),
                     given(line.paper.r2, "{:.2f}")});
  }
  if (cells.size() > 1) text += aligned(cells);
  const std::string changes = changes_text(lines);
  return text + notes + (changes.empty() ? "" : changes + "\n");
}

std::string lines_csv(const std::vector<ExperimentLine>& lines) {
  std::string text =
      "setting,method,choice,seeds,failed,missing,mcc_spearman_mean,mcc_spearman_sd,"
      "mcc_spearman_min,mcc_mean,mcc_sd,r2_mean,r2_sd,shd_mean,shd_sd,shd_max,seconds_mean,"
      "number_right,number_of,paper_mcc,paper_mcc_spread,paper_r2,paper_r2_spread,changed\n";
  for (const ExperimentLine& line : lines) {
    const Counted c = counted(line);
    text += fmt::format("{},{},{},{},{},{}", csv_cell(line.setting->name),
                        csv_cell(line.contender->name), csv_cell(line.choice), line.results.size(),
                        line.failed, line.missing);
    for (const double value :
         {line.mcc_spearman.mean, line.mcc_spearman.sd, line.mcc_spearman.least, line.mcc.mean,
          line.mcc.sd, line.r2.mean, line.r2.sd, line.shd.mean, line.shd.sd, line.shd.most,
          line.seconds.mean}) {
      text += "," + csv_number(value);
    }
    text += line.contender->method == "select" ? fmt::format(",{},{}", c.right, c.modalities)
                                               : std::string(",,");
    for (const double value :
         {line.paper.mcc, line.paper.mcc_spread, line.paper.r2, line.paper.r2_spread}) {
      text += "," + csv_number(value);
    }
    text += "," + csv_cell(fmt::format("{}", fmt::join(line.changed, ";"))) + "\n";
  }
  return text;
}

}  // namespace polycause::cli
