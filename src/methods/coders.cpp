#include "methods/coders.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/parallel.h"
#include "base/random.h"
#include "methods/module_errors.h"
#include "methods/staged.h"
#include "polycause/error.h"
#include "train/optimise.h"

namespace polycause {
namespace {

constexpr std::size_t kBlockRows = 256;  // blocks held at once
constexpr double kNetworkStep = 20;      // a step of a network beside one of an autoencoder
constexpr int kSharedFactor = 2;         // epochs of what is shared beside those of autoencoders
constexpr int kSharedHidden = 64;

std::size_t network_steps(const StagedProblem& problem, const FitOptions& options) {
  const std::size_t batch =
      std::max<std::size_t>(1, static_cast<std::size_t>(options.network_batch));
  const std::size_t steps = std::max<std::size_t>(1, problem.split.train.size() / batch) *
                            static_cast<std::size_t>(options.network_epochs);
  return std::min(steps, static_cast<std::size_t>(options.max_steps));
}

double network_work(const StagedProblem& problem, const FitOptions& options) {
  const auto count = static_cast<double>(
      std::count_if(problem.blocks.begin(), problem.blocks.end(),
                    [](const std::shared_ptr<const Blocks>& b) { return b != nullptr; }));
  return count * kNetworkStep * static_cast<double>(network_steps(problem, options));
}

Coder train_table(const StagedProblem& problem, std::size_t m, const FitOptions& options,
                  const Unit& unit, const Checkpoint& checkpoint, Watch& watch) {
  const Cells& cells = problem.cells[m];
  const Split own = problem.with(m);
  const std::size_t u = problem.first_unit(m);
  const int code = problem.layout().sizes()[u] + problem.privates[u];
  Random random(unit.seed, unit.name + "/init");
  Coder coder;
  coder.autoencoder = Autoencoder(cells.width, !cells.present.empty(), code,
                                  static_cast<int>(options.autoencoder_width));
  coder.lacking = code - coder.autoencoder.initialise(cells, own.train, random);
  coder.explained = optimise(coder.autoencoder, cells, own, autoencoder_schedule(options), unit,
                             checkpoint, watch);
  coder.autoencoder.whiten(cells, own.train);
  return coder;
}

/// Numbers of all networks one after the other, each behind its count.
std::vector<float> packed(const std::vector<Coder>& coders) {
  std::vector<float> all;
  for (const Coder& coder : coders) {
    if (!coder.network) continue;
    const std::vector<float> values = coder.network->values();
    // Two halves: a float counts exactly only up to 2^24.
    all.push_back(static_cast<float>(values.size() >> 20));
    all.push_back(static_cast<float>(values.size() & ((1U << 20) - 1)));
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

/// Outputs of a modality's network: its latents, and the shared ones that it shows.
int outputs_of(const StagedProblem& problem, std::size_t m) {
  const std::vector<int> sizes = problem.layout().sizes();
  int total = 0;
  for (std::size_t u = 0; u < sizes.size(); ++u) {
    if (problem.modality_of_unit[u] == m) total += sizes[u];
  }
  return total;
}

void unpack(const std::vector<float>& all, const StagedProblem& problem,
            std::vector<Coder>& coders) {
  std::size_t at = 0;
  for (std::size_t m = 0; m < coders.size(); ++m) {
    if (!problem.blocks[m]) continue;
    const std::size_t count =
        (static_cast<std::size_t>(all.at(at)) << 20) + static_cast<std::size_t>(all.at(at + 1));
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(at + 2);
    coders[m].network =
        networks().restore(problem.blocks[m]->shape(), problem.networks[m], outputs_of(problem, m),
                           std::vector<float>(begin, begin + static_cast<std::ptrdiff_t>(count)));
    coders[m].explained = coders[m].network->explained();
    at += 2 + count;
  }
}

void train_networks(const StagedProblem& problem, const FitOptions& options, const Unit& unit,
                    const std::vector<std::vector<float>>& said, const Checkpoint& checkpoint,
                    Watch& watch, std::vector<Coder>& coders) {
  const double work = network_work(problem, options);
  if (std::optional<UnitState> stored = checkpoint.load(unit.name)) {
    for (const Metric& m : stored->metrics) watch.metric(m.series, m.step, m.value);
    unpack(stored->values, problem, coders);
    watch.advance(unit.name, work);
    return;
  }
  const std::size_t modalities = coders.size() - problem.shared.size();
  std::vector<NetworkInput> inputs(modalities);
  for (std::size_t m = 0; m < modalities; ++m) {
    NetworkInput& input = inputs[m];
    input.name = problem.names[m];
    input.latents = outputs_of(problem, m);
    for (std::size_t i = 0; i < problem.participants && !problem.present.empty(); ++i)
      input.present.push_back(problem.present[i * coders.size() + m]);
    if (!problem.blocks[m]) {
      input.code = said[m].data();
      input.code_width = coders[m].autoencoder.code();
      continue;
    }
    input.network = problem.networks[m];
    input.shape = problem.blocks[m]->shape();
    input.read = [blocks = problem.blocks[m]](const std::uint32_t* rows, std::size_t count,
                                              float* out) { blocks->read(rows, count, out); };
  }
  NetworkOptions settings;
  settings.epochs = static_cast<int>(options.network_epochs);
  settings.batch = static_cast<std::size_t>(options.network_batch);
  settings.max_steps = static_cast<std::size_t>(options.max_steps);
  settings.rate = options.network_rate;
  settings.reconstruction = options.reconstruction;
  settings.augment = options.augment;
  settings.groups = problem.groups;
  Random random(unit.seed, unit.name + "/init");
  settings.seed = random.bits();
  UnitState state;
  double advanced = 0;
  settings.metric = [&](const std::string& series, long epoch, double value) {
    watch.check();
    state.metrics.push_back({unit.name + "/" + series, epoch, value});
    watch.metric(state.metrics.back().series, epoch, value);
  };
  settings.advance = [&](double share) {
    advanced += share * work;
    watch.advance(unit.name, share * work);
  };
  auto trained = with_module_errors(
      [&] {
        return networks().fit(inputs, problem.split.train, problem.split.validation, settings);
      },
      "study: ", fmt::format("training '{}': ", unit.name));
  for (std::size_t m = 0; m < modalities; ++m) {
    if (!trained[m]) continue;
    coders[m].network = std::move(trained[m]);
    coders[m].explained = coders[m].network->explained();
  }
  watch.advance(unit.name, work - advanced);  // stopped early
  state.values = packed(coders);
  state.finished = true;
  checkpoint.save(unit.name, state);
}

Schedule shared_schedule(const FitOptions& options) {
  Schedule schedule = autoencoder_schedule(options);
  schedule.least_steps = 0;  // what agrees is told from what does not within a batch
  schedule.epochs *= kSharedFactor;
  return schedule;
}

/// Codes of the modalities that have data.
Codes member_codes(const std::vector<Coder>& coders, const StagedProblem& problem) {
  Codes codes;
  codes.participants = problem.participants;
  codes.conditions = problem.conditions;
  codes.present = unit_presence(problem.present, problem.modality_of_unit);
  for (std::size_t m = 0; m < coders.size(); ++m) {
    if (coders[m].network) {
      append_units(network_outputs(*coders[m].network, *problem.blocks[m]),
                   coders[m].network->parts(), codes);
    } else if (problem.shared_block(m) == nullptr) {
      append_units(coders[m].autoencoder.encode(problem.cells[m]), {coders[m].autoencoder.code()},
                   codes);
    }
  }
  return codes;
}

SharedContent::Input members_of(const SharedUnit& block, const Codes& codes) {
  SharedContent::Input input;
  input.participants = codes.participants;
  for (const std::size_t unit : block.members) input.u.push_back(codes.u[unit].data());
  const std::size_t units = codes.present.size() / std::max<std::size_t>(1, codes.participants);
  for (std::size_t i = 0; i < codes.participants && units > 0; ++i) {
    for (const std::size_t unit : block.members)
      input.present.push_back(codes.present[i * units + unit]);
  }
  return input;
}

/// Blocks in which more modalities agree come first: what they agree on, those of fewer do as well,
/// and it is not theirs.
void train_shared(const StagedProblem& problem, const FitOptions& options, std::uint64_t seed,
                  const std::string& name, const Checkpoint& checkpoint, Watch& watch,
                  std::vector<Coder>& coders) {
  Codes codes = member_codes(coders, problem);
  std::vector<std::size_t> order(problem.shared.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return problem.shared[a].members.size() > problem.shared[b].members.size();
  });
  std::vector<std::vector<float>> found(problem.shared.size());
  for (std::size_t place = 0; place < order.size(); ++place) {
    const SharedUnit& block = problem.shared[order[place]];
    const int latents = problem.latents[block.unit];
    Conditions known;
    known.values.clear();
    std::vector<std::size_t> larger;  // blocks that hold all members of this one
    for (std::size_t before = 0; before < place; ++before) {
      const SharedUnit& other = problem.shared[order[before]];
      if (std::includes(other.members.begin(), other.members.end(), block.members.begin(),
                        block.members.end()))
        larger.push_back(order[before]);
    }
    for (const std::size_t other : larger)
      known.count += static_cast<std::size_t>(problem.latents[problem.shared[other].unit]);
    for (std::size_t i = 0; i < problem.participants && known.count > 0; ++i) {
      for (const std::size_t other : larger) {
        const auto k = static_cast<std::size_t>(problem.latents[problem.shared[other].unit]);
        known.values.insert(known.values.end(),
                            found[other].begin() + static_cast<std::ptrdiff_t>(i * k),
                            found[other].begin() + static_cast<std::ptrdiff_t>((i + 1) * k));
      }
    }
    std::vector<int> widths;
    for (const std::size_t unit : block.members) widths.push_back(codes.width[unit]);
    const SharedContent::Input input = members_of(block, codes);
    SharedContent content(widths, latents, kSharedHidden);
    Coder& coder = coders[problem.modality_of_unit[block.unit]];
    coder.explained = optimise(
        content, input, known, problem.split, shared_schedule(options),
        {fmt::format("{}/{}", name, problem.names[problem.modality_of_unit[block.unit]]), seed},
        checkpoint, watch);
    found[order[place]] = content.estimate(input);
    coder.shared = std::make_shared<const SharedContent>(std::move(content));
  }
}

}  // namespace

double coder_work(const StagedProblem& problem, const FitOptions& options) {
  const auto blocks = static_cast<double>(problem.shared.size());
  const auto tables =
      static_cast<double>(std::count(problem.blocks.begin(), problem.blocks.end(), nullptr));
  const std::size_t rows = problem.split.train.size();
  const Plan plan = plan_steps(autoencoder_schedule(options), rows);
  return (tables - blocks) * static_cast<double>(plan.steps) + network_work(problem, options) +
         blocks * static_cast<double>(plan_steps(shared_schedule(options), rows).steps);
}

bool has_networks(const StagedProblem& problem) {
  return std::any_of(problem.blocks.begin(), problem.blocks.end(),
                     [](const std::shared_ptr<const Blocks>& b) { return b != nullptr; });
}

std::vector<Coder> train_table_coders(const StagedProblem& problem, const FitOptions& options,
                                      std::uint64_t seed, const std::string& name,
                                      std::size_t threads, const Checkpoint& checkpoint,
                                      Watch& watch) {
  std::vector<Coder> coders(problem.cells.size());
  parallel_for(coders.size(), threads, [&](std::size_t m) {
    if (problem.blocks[m] || problem.shared_block(m) != nullptr) return;
    coders[m] = train_table(problem, m, options, {fmt::format("{}/autoencoder{}", name, m), seed},
                            checkpoint, watch);
  });
  return coders;
}

void train_other_coders(const StagedProblem& problem, const FitOptions& options, std::uint64_t seed,
                        const std::string& name, const std::vector<std::vector<float>>& said,
                        const Checkpoint& checkpoint, Watch& watch, std::vector<Coder>& coders) {
  if (has_networks(problem))
    train_networks(problem, options, {name + "/networks", seed}, said, checkpoint, watch, coders);
  if (!problem.shared.empty())
    train_shared(problem, options, seed, name, checkpoint, watch, coders);
}

std::vector<float> network_outputs(const BlockNetwork& network, const Blocks& blocks) {
  const auto outputs = static_cast<std::size_t>(network.outputs());
  std::vector<float> all(blocks.participants() * outputs, 0.0f);
  std::vector<std::uint32_t> rows;
  const std::size_t size = blocks.shape().size();
  std::vector<float> raw(kBlockRows * size);
  std::vector<float> u(kBlockRows * outputs);
  // Always kBlockRows at once, filled up with the last participant: products of another size are
  // summed in another order, and a code would depend on who else is encoded.
  const auto flush = [&] {
    if (rows.empty()) return;
    blocks.read(rows.data(), rows.size(), raw.data());
    const auto* last = raw.data() + (rows.size() - 1) * size;
    for (std::size_t i = rows.size(); i < kBlockRows; ++i)
      std::copy_n(last, size, raw.data() + i * size);
    network.encode(raw.data(), kBlockRows, u.data());
    for (std::size_t i = 0; i < rows.size(); ++i)
      std::copy_n(u.data() + i * outputs, outputs, all.data() + rows[i] * outputs);
    rows.clear();
  };
  for (std::size_t i = 0; i < blocks.participants(); ++i) {
    if (!blocks.present(i)) continue;
    rows.push_back(static_cast<std::uint32_t>(i));
    if (rows.size() == kBlockRows) flush();
  }
  flush();
  return all;
}

void append_units(const std::vector<float>& values, const std::vector<int>& widths, Codes& codes) {
  std::size_t total = 0;
  for (const int width : widths) total += static_cast<std::size_t>(width);
  const std::size_t n = codes.participants;
  std::size_t at = 0;
  for (const int width : widths) {
    const auto w = static_cast<std::size_t>(width);
    std::vector<float> own(n * w);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < w; ++k) own[i * w + k] = values[i * total + at + k];
    }
    codes.width.push_back(width);
    codes.u.push_back(std::move(own));
    at += w;
  }
}

void append_shared(const SharedContent& content, const SharedUnit& block, Codes& codes) {
  codes.width.push_back(content.latents());
  codes.u.push_back(content.estimate(members_of(block, codes)));
}

Codes codes_of(const std::vector<Coder>& coders, const StagedProblem& problem) {
  Codes codes = member_codes(coders, problem);
  for (const SharedUnit& block : problem.shared)
    append_shared(*coders[problem.modality_of_unit[block.unit]].shared, block, codes);
  return codes;
}

}  // namespace polycause
