#include "simulate/cohort_blocks.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "simulate/fundus.h"
#include "simulate/night.h"
#include "simulate/tables.h"

namespace polycause::simulation {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

constexpr std::size_t kBodyZ2 = 1, kBloodZ1 = 2, kSleepZ1 = 4, kSleepZ2 = 5, kVesselsZ1 = 6;

// Participants who have the modality, in the order of its file.
std::vector<std::size_t> draw_rows(const std::string& name, std::size_t n, double absent,
                                   std::uint64_t seed) {
  Random random(seed, "cohort.blocks." + name);
  std::vector<std::size_t> rows;
  for (const std::size_t row : random.permutation(n)) {
    if (random.uniform() >= absent) rows.push_back(row);
  }
  return rows;
}

template <std::size_t N>
std::array<double, N> row_of(const MatrixXd& values, std::size_t row) {
  std::array<double, N> out{};
  for (std::size_t k = 0; k < N; ++k)
    out[k] = values(static_cast<Index>(row), static_cast<Index>(k));
  return out;
}

}  // namespace

std::vector<BlockModality> cohort_blocks(const SimulateOptions& options) {
  std::vector<BlockModality> modalities;
  for (std::int64_t k = 1; k <= options.nights; ++k) {
    modalities.push_back(
        {options.nights == 1 ? "night" : fmt::format("night_{}", k),
         "series",
         {"apnoea of this night", "restlessness of this night", "heart rate of this night"},
         {"minutes until sleep", "time of the lowest heart rate", "gain of the microphone"}});
  }
  if (options.pictures == "off") return modalities;
  for (const char* side : {"left", "right"}) {
    modalities.push_back(
        {fmt::format("fundus_{}", side),
         "image",
         {"narrowing of the retinal vessels", "cup-to-disc ratio", "yellowing of the lens"},
         {"horizontal place of the disc", "vertical place of the disc", "torsion of the eye",
          "light", "bend of the upper arcade", "bend of the lower arcade"},
         std::string(side) == "right"});
  }
  return modalities;
}

std::vector<CohortCause> causes_of(const BlockModality& modality, std::size_t first) {
  if (modality.kind == "series") {
    return {{kSleepZ1, first, Effect::kCubic, 1.0},
            {kSleepZ2, first + 1, Effect::kLeaky, -1.0},
            {kBodyZ2, first + 2, Effect::kTanh, -1.0}};
  }
  return {{kVesselsZ1, first, Effect::kLeaky, 1.0},
          {kSleepZ1, first + 1, Effect::kTanh, 1.0},
          {kBloodZ1, first + 2, Effect::kCubic, 1.0}};
}

SimulatedBlocks draw_blocks(const BlockModality& modality, const SimulateOptions& options,
                            const std::vector<std::string>& ids, const MatrixXd& latents,
                            const MatrixXd& private_parts, double absent, std::uint64_t seed) {
  const auto rows = std::make_shared<std::vector<std::size_t>>(
      draw_rows(modality.name, ids.size(), absent, seed));
  std::vector<std::string> present;
  for (const std::size_t row : *rows) present.push_back(ids[row]);
  const auto z = std::make_shared<MatrixXd>(latents);
  const auto eta = std::make_shared<MatrixXd>(private_parts);
  const std::string stream = "cohort.measurement." + modality.name;

  if (modality.kind == "image") {
    const auto size = static_cast<std::size_t>(options.picture_size);
    SimulatedBlocks blocks =
        picture_blocks(modality.name, options.pictures, std::move(present), {size, size, 3});
    blocks.draw = [=, right = modality.right_eye](std::size_t k, float* out) {
      const std::size_t row = (*rows)[k];
      const auto [narrowing, cupping, yellowing] = row_of<kEyeLatents>(*z, row);
      const Eye eye{narrowing, cupping, yellowing, row_of<kEyePrivate>(*eta, row), right};
      Random random(seed, stream, row);
      draw_fundus(eye, size, random, out);
    };
    return blocks;
  }
  const auto minutes = static_cast<std::size_t>(options.minutes);
  const bool array = options.recordings == "npy";
  SimulatedBlocks blocks;
  blocks.name = modality.name;
  blocks.kind = modality.kind;
  blocks.path = modality.name + (array ? ".npy" : ".csv");
  blocks.ids_file = array ? modality.name + ".ids.txt" : "";
  blocks.ids = std::move(present);
  blocks.shape = {minutes, kNightChannels};
  blocks.channels = night_channels();
  blocks.seconds = 60;
  blocks.draw = [=](std::size_t k, float* out) {
    const std::size_t row = (*rows)[k];
    const auto [apnoea, restless, heart_rate] = row_of<kNightLatents>(*z, row);
    const Night night{apnoea, restless, heart_rate, row_of<kNightPrivate>(*eta, row)};
    Random random(seed, stream, row);
    draw_night(night, minutes, random, out);
  };
  return blocks;
}

}  // namespace polycause::simulation
