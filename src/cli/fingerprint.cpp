#include "cli/fingerprint.h"

#include <fmt/format.h>

#include <sstream>
#include <string_view>

#include "base/random.h"
#include "polycause/version.h"

namespace polycause::cli {
namespace {

class Digest {
 public:
  void add(const std::string& text) { add_hash(hash64(text)); }
  void add(const std::vector<std::string>& texts) {
    add_hash(texts.size());
    for (const std::string& text : texts) add(text);
  }
  void add(const std::vector<double>& values) {
    const auto* bytes = reinterpret_cast<const char*>(values.data());
    add_hash(hash64(std::string_view(bytes, values.size() * sizeof(double))));
  }
  void add_hash(std::uint64_t hash) {
    state_ = hash64(fmt::format("{:016x}{:016x}", state_, hash));
  }
  std::string text() const { return fmt::format("{:016x}", state_); }

 private:
  std::uint64_t state_ = 0;
};

void add_table(Digest& digest, const Table& table) {
  digest.add(table.name);
  digest.add_hash(table.columns.size());
  for (const Column& column : table.columns) {
    digest.add(column.name);
    digest.add(to_string(column.type));
    digest.add(column.levels);
    digest.add(column.values);
  }
}

void add_expert(Digest& digest, const ExpertSpec& expert) {
  digest.add(expert.decoder);
  digest.add(expert.formula);
  for (const auto& [name, start] : expert.parameters) digest.add(fmt::format("{}={}", name, start));
  digest.add(expert.at);
}

/// The lines that decide what a fit computes: not threads, not places of files, not discovery.
std::vector<std::string> essential_lines(const std::string& config) {
  std::vector<std::string> lines;
  std::istringstream in(config);
  std::string section;
  for (std::string line; std::getline(in, line);) {
    const std::string key = line.substr(0, line.find(' '));
    if (key.rfind('[', 0) == 0) section = key;
    if (line.empty() || key == "#" || key == "threads" || key == "study_file" || key == "root")
      continue;
    if (section != "[discover]") lines.push_back(line.substr(0, line.find("  # ")));
  }
  return lines;
}

}  // namespace

std::string study_digest(const Study& study, bool labelled) {
  Digest digest;
  digest.add(study.ids);
  for (const Modality& modality : study.modalities) {
    add_table(digest, modality.table);
    digest.add_hash(modality.latents);
    digest.add_hash(modality.private_dims);
    digest.add(modality.kind);
    digest.add(modality.network);
    for (const std::size_t member : modality.members) digest.add_hash(member);
    add_expert(digest, modality.expert);
    for (const bool mapped : modality.rank_normal) digest.add_hash(mapped ? 1 : 0);
  }
  digest.add(study.groups);
  digest.add(study.spec.condition_on);
  if (labelled || !study.spec.condition_on.empty()) {
    for (const Table& table : study.covariates) add_table(digest, table);
  }
  for (const bool validation : study.validation) digest.add_hash(validation ? 1 : 0);
  return digest.text();
}

std::string config_text(const Settings& settings, const Study& study) {
  Settings copy = settings;
  std::string version = kVersion;
  std::string digest = study_digest(study, !settings.fit.labels.empty());
  auto participants = static_cast<std::int64_t>(study.participants());
  auto seed = static_cast<std::int64_t>(settings.fit.seed);
  return "# Settings of this run\n\n" + settings_toml([&](SettingsVisitor& visitor) {
           visitor.visit("run.version", version, {}, "of polycause");
           visitor.visit("run.seed", seed, 0, kNoLimit, "of all random numbers");
           visitor.visit("run.study_file", copy.study.path, {}, "as it was given");
           visitor.visit("run.root", copy.study.root, {}, "directory of the data files");
           visitor.visit("run.participants", participants, 0, kNoLimit, "used");
           visitor.visit("run.data_digest", digest, {},
                         "of ids, split, modalities and what the fit takes of the covariates");
           copy.visit()(visitor);
         });
}

std::string first_difference(const std::string& a, const std::string& b) {
  const std::vector<std::string> before = essential_lines(a);
  const std::vector<std::string> now = essential_lines(b);
  const auto line = [](const std::vector<std::string>& lines, std::size_t i) {
    return i < lines.size() ? "'" + lines[i] + "'" : std::string("nothing");
  };
  for (std::size_t i = 0; i < std::max(before.size(), now.size()); ++i) {
    const std::string old_line = line(before, i);
    const std::string new_line = line(now, i);
    if (old_line != new_line) return fmt::format("it has {}, now {}", old_line, new_line);
  }
  return "";
}

}  // namespace polycause::cli
