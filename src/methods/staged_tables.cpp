#include "methods/staged_tables.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "evaluate/correlation.h"
#include "methods/staged_starts.h"

namespace polycause {
namespace {

constexpr std::int64_t kTableStarts = 2;

std::vector<std::size_t> tables_of(const StagedProblem& problem) {
  std::vector<std::size_t> tables;
  for (std::size_t m = 0; m < problem.cells.size(); ++m) {
    if (!problem.blocks[m] && problem.shared_block(m) == nullptr) tables.push_back(m);
  }
  return tables;
}

/// Of `rows`, those who have all the tables.
std::vector<std::uint32_t> with_all(const StagedProblem& problem,
                                    const std::vector<std::size_t>& tables,
                                    const std::vector<std::uint32_t>& rows) {
  if (problem.present.empty()) return rows;
  std::vector<std::uint32_t> kept;
  for (const std::uint32_t row : rows) {
    const bool all = std::all_of(tables.begin(), tables.end(), [&](std::size_t m) {
      return problem.present[row * problem.cells.size() + m] != 0;
    });
    if (all) kept.push_back(row);
  }
  return kept;
}

/// The study of the tables alone, with what the density needs. Copies of shared latents are latents
/// like others there.
StagedProblem only_tables(const StagedProblem& problem, const std::vector<std::size_t>& tables) {
  StagedProblem part;
  part.participants = problem.participants;
  const std::vector<int> sizes = problem.layout().sizes();
  for (const std::size_t m : tables) {
    const std::size_t unit = problem.first_unit(m);
    part.names.push_back(problem.names[m]);
    part.modality_of_unit.push_back(part.latents.size());
    part.latents.push_back(sizes[unit]);
    part.privates.push_back(problem.privates[unit]);
  }
  part.conditions = problem.conditions;
  part.split = problem.split;
  for (std::size_t i = 0; i < problem.participants && !problem.present.empty(); ++i) {
    for (const std::size_t m : tables)
      part.present.push_back(problem.present[i * problem.cells.size() + m]);
  }
  part.complete = {with_all(problem, tables, problem.split.train),
                   with_all(problem, tables, problem.split.validation)};
  return part;
}

/// Normal scores of column `k` of values (n, width) become column `to` of out (n, stride); 0 for
/// those who have none.
void score(const std::vector<float>& values, std::size_t width, std::size_t k,
           std::vector<float>& out, std::size_t stride, std::size_t to) {
  std::vector<double> column;
  for (std::size_t i = k; i < values.size(); i += width)
    column.push_back(static_cast<double>(values[i]));
  const std::vector<double> scores = rank_normal(column);
  for (std::size_t i = 0; i < scores.size(); ++i)
    out[i * stride + to] = std::isnan(scores[i]) ? 0.0f : static_cast<float>(scores[i]);
}

}  // namespace

double table_latents_work(const StagedProblem& problem, const FitOptions& options) {
  if (!has_networks(problem) || tables_of(problem).size() < 2) return 0;
  return 2 * static_cast<double>(kTableStarts) * start_steps(problem, options);
}

std::vector<std::vector<float>> what_tables_say(const StagedProblem& problem,
                                                const std::vector<Coder>& coders,
                                                const FitOptions& options, std::uint64_t seed,
                                                const std::string& name, std::size_t threads,
                                                const Checkpoint& checkpoint, Watch& watch) {
  const std::vector<std::size_t> tables = tables_of(problem);
  std::vector<std::vector<float>> said(problem.cells.size());
  for (const std::size_t m : tables) said[m] = coders[m].autoencoder.encode(problem.cells[m]);
  if (tables.size() < 2) return said;
  const StagedProblem part = only_tables(problem, tables);
  Codes codes;
  codes.participants = part.participants;
  codes.conditions = part.conditions;
  codes.present = part.present;
  for (const std::size_t m : tables) {
    codes.width.push_back(coders[m].autoencoder.code());
    codes.u.push_back(said[m]);
  }
  FitOptions brief = options;
  brief.starts = kTableStarts;
  const StepContext context{codes, part, brief, seed, threads, checkpoint, watch};
  const std::vector<Start> starts =
      finalists(listed_starts(context, name + "/start"), context, name);
  const std::size_t best = distinct_best(starts, part, 1, 1.1).front();
  const Decomposition parts = starts[best].density.decompose(codes, {});
  const auto latents =
      static_cast<std::size_t>(std::accumulate(part.latents.begin(), part.latents.end(), 0));
  const auto privates =
      static_cast<std::size_t>(std::accumulate(part.privates.begin(), part.privates.end(), 0));
  std::size_t z = 0;
  std::size_t eta = 0;
  for (std::size_t t = 0; t < tables.size(); ++t) {
    const auto k = static_cast<std::size_t>(part.latents[t]);
    const auto own = static_cast<std::size_t>(part.privates[t]);
    std::vector<float>& out = said[tables[t]];
    for (std::size_t i = 0; i < k; ++i) score(parts.z, latents, z++, out, k + own, i);
    for (std::size_t i = 0; i < own; ++i) score(parts.eta, privates, eta++, out, k + own, k + i);
  }
  return said;
}

}  // namespace polycause
