#include "data/study_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "data/block_spec.h"
#include "data/expert_spec.h"
#include "data/study_checks.h"
#include "data/toml_section.h"
#include "polycause/error.h"

namespace polycause {
namespace {

bool usable_name(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

/// Text of a scalar as after --set; "" for anything else.
std::string scalar_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (const auto* whole = node.as_integer()) return fmt::format("{}", whole->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  return "";
}

bool is_scalar(const toml::node& node) {
  return node.is_string() || node.is_boolean() || node.is_integer() || node.is_floating_point();
}

class StudyFile {
 public:
  StudyFile(const std::string& path, const std::string& root)
      : file_(parse_toml(path)), top_(file_, path, "the file") {
    spec_.path = path;
    spec_.root = root.empty() ? std::filesystem::path(path).parent_path().string() : root;
  }

  StudySpec read() {
    read_version();
    read_study();
    spec_.modalities = read_sources("modality", true);
    spec_.covariates = read_sources("covariates", false);
    if (spec_.modalities.empty()) {
      throw ConfigError(spec_.path +
                        ": found no [[modality]]; expected at least one; add name and path");
    }
    read_shared();
    read_tiers();
    for (const std::string& section : settings_sections()) {
      const toml::node* node = top_.take(section);
      if (node != nullptr && !node->is_table()) {
        top_.fail(*node, fmt::format("'{0}' is no section; expected [{0}]", section));
      }
    }
    top_.finish();
    check_windows(spec_);
    check_latents(spec_);
    return std::move(spec_);
  }

 private:
  void read_version() {
    std::int64_t version = 0;
    const toml::node* node = file_.get("version");
    if (!top_.read("version", version, 0, kNoLimit)) {
      throw ConfigError(spec_.path +
                        ":1: there is no version; expected version = 1 on the first line; add it");
    }
    if (version != 1) {
      top_.fail(*node, fmt::format("version = {}; expected 1; this program reads version 1 only",
                                   version));
    }
  }

  void read_study() {
    const toml::node* node = top_.take("study");
    if (node == nullptr) return;
    if (!node->is_table()) top_.fail(*node, "'study' is no section; expected [study]");
    TomlSection section(*node->as_table(), spec_.path, "[study]");
    section.read("missing", spec_.missing);
    section.read("condition_on", spec_.condition_on);
    section.read("visit_columns", spec_.visit_columns);
    const VisitSettings visit = [this](SettingsVisitor& visitor) {
      visit_settings(spec_, visitor);
    };
    for (const SettingInfo& info : list_settings(visit)) {
      const std::string key = info.key.substr(info.key.find('.') + 1);
      const toml::node* value = section.take(key);
      if (value == nullptr) continue;
      if (!is_scalar(*value))
        section.fail(*value, fmt::format("[study] {}: expected a single value", key));
      apply_setting(visit, info.key, scalar_text(*value), section.where(*value));
    }
    if (!spec_.visit.empty() && spec_.visit_columns.empty()) {
      section.fail(
          *section.take("visit"),
          fmt::format("visit = \"{}\" without visit_columns; expected the columns that tell "
                      "the visits of a participant apart; set visit_columns",
                      spec_.visit));
    }
    section.finish();
  }

  std::vector<SourceSpec> read_sources(const std::string& key, bool modality) {
    std::vector<SourceSpec> sources;
    const toml::node* node = top_.take(key);
    if (node == nullptr) return sources;
    const toml::array* array = node->as_array();
    if (array == nullptr)
      top_.fail(*node, fmt::format("[{0}]; expected [[{0}]], which may repeat", key));
    for (const toml::node& item : *array) {
      if (!item.is_table()) top_.fail(item, fmt::format("expected [[{}]] with keys below it", key));
      sources.push_back(read_source(*item.as_table(), key, modality));
    }
    return sources;
  }

  SourceSpec read_source(const toml::table& table, const std::string& key, bool modality) {
    TomlSection section(table, spec_.path, "[[" + key + "]]");
    SourceSpec source;
    if (!section.read("name", source.name)) {
      section.fail(table, fmt::format("[[{}]] has no name; expected name = \"...\"", key));
    }
    const toml::node& name = *section.take("name");
    if (!usable_name(source.name)) {
      section.fail(
          name, fmt::format("name = \"{}\"; expected letters, digits, _ and - only, since columns "
                            "are written as name.column",
                            source.name));
    }
    if (!names_.insert(source.name).second) {
      section.fail(name,
                   fmt::format("the name '{}' is used twice; expected a different name for every "
                               "modality and covariate table",
                               source.name));
    }
    if (modality) read_kind(section, source);
    if (!modality) read_windows_kind(section, source);
    if (source.kind == "windows") {
      section.finish();
      return source;
    }
    if (!section.read("path", source.paths) || source.paths.empty()) {
      section.fail(
          table, fmt::format("'{}' has no path; expected path = \"file.csv\" or an array of files",
                             source.name));
    }
    section.read("ids", source.ids);
    if (source.kind == "tabular") {
      section.read("layer", source.layer);
      section.read("mod", source.mod);
      section.read("columns", source.columns);
      section.read("exclude", source.exclude);
      read_types(section, source);
      read_rank_normal(section, source);
      read_missing(section, source);
      read_decimal(section, source);
    }
    if (source.kind != "tabular" && source.paths.size() > 1) {
      section.fail(*section.take("path"),
                   fmt::format("'{}' has several paths; expected one for a modality of kind \"{}\"",
                               source.name, source.kind));
    }
    read_block_spec(section, source);
    if (modality) read_expert_spec(section, source);
    if (modality) {
      section.read("latents", source.latents, 0, 64);
      // Of pictures and series, what they share with others is looked for directly.
      if (source.kind == "tabular") {
        section.read("private", source.private_dims, 0, 64);
      } else {
        source.private_dims = 0;
      }
    }
    section.finish();
    return source;
  }

  /// Covariates without a file: when each window of the recordings begins.
  static void read_windows_kind(TomlSection& section, SourceSpec& source) {
    if (!section.read("kind", source.kind) || source.kind == "tabular") return;
    if (source.kind != "windows") {
      section.fail(*section.take("kind"),
                   fmt::format("kind = \"{}\" of covariates; expected \"tabular\" or \"windows\"",
                               source.kind));
    }
    read_types(section, source);
    section.read("columns", source.columns);
  }

  static void read_types(TomlSection& section, SourceSpec& source) {
    const toml::node* node = section.take("types");
    if (node == nullptr) return;
    if (!node->is_table()) section.fail(*node, "types: expected { column = \"categorical\", ... }");
    for (const auto& [column, value] : *node->as_table()) {
      try {
        source.types[std::string(column.str())] = column_type_from(scalar_text(value));
      } catch (const ConfigError& error) {
        section.fail(value, fmt::format("types of '{}': {}", column.str(), error.what()));
      }
    }
  }

  static void read_missing(TomlSection& section, SourceSpec& source) {
    const char* const expected =
        "expected codes of columns, { column = [99, \"refused\"], ... }; those of all columns "
        "stand "
        "in [study]";
    const toml::node* node = section.take("missing");
    if (node == nullptr) return;
    if (!node->is_table()) section.fail(*node, fmt::format("missing: {}", expected));
    for (const auto& [key, value] : *node->as_table()) {
      const std::string column(key.str());
      std::vector<std::string>& codes = source.missing[column];
      const auto add = [&](const toml::node& code) {
        if (!is_scalar(code)) {
          section.fail(code, fmt::format("missing of '{}': {}", column, expected));
        }
        codes.push_back(scalar_text(code));
      };
      if (const toml::array* array = value.as_array()) {
        for (const toml::node& code : *array) add(code);
      } else {
        add(value);
      }
    }
  }

  static void read_decimal(TomlSection& section, SourceSpec& source) {
    if (!section.read("decimal", source.decimal)) return;
    if (source.decimal == "." || source.decimal == ",") return;
    section.fail(*section.take("decimal"),
                 fmt::format("decimal = \"{}\"; expected \".\" or \",\"", source.decimal));
  }

  static void read_rank_normal(TomlSection& section, SourceSpec& source) {
    const toml::node* node = section.take("rank_normal");
    if (node == nullptr) return;
    if (const auto* flag = node->as_boolean()) {
      if (flag->get()) source.rank_normal = {"*"};
      return;
    }
    section.read("rank_normal", source.rank_normal);
  }

  void read_shared() {
    const toml::node* node = top_.take("shared");
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    if (array == nullptr) top_.fail(*node, "[shared]; expected [[shared]], which may repeat");
    for (const toml::node& item : *array) {
      if (!item.is_table()) top_.fail(item, "expected [[shared]] with keys below it");
      TomlSection section(*item.as_table(), spec_.path, "[[shared]]");
      SharedSpec shared;
      std::vector<std::string> named;
      section.read("modalities", named);
      section.read("latents", shared.latents, 1, 64);
      section.finish();
      for (const SourceSpec& source : spec_.modalities) {  // in the order of the study
        const auto place = std::find(named.begin(), named.end(), source.name);
        if (place == named.end()) continue;
        shared.modalities.push_back(source.name);
        named.erase(place);
      }
      if (!named.empty() || shared.modalities.size() < 2) {
        section.fail(
            named.empty() ? item : *section.take("modalities"),
            named.empty()
                ? fmt::format("[[shared]] names {} modalities; expected two or more that show the "
                              "same latents: modalities = [\"a\", \"b\"]",
                              shared.modalities.size())
                : fmt::format("modalities: '{}' is no [[modality]] or stands twice; expected "
                              "different names of modalities",
                              named.front()));
      }
      spec_.shared.push_back(std::move(shared));
    }
  }

  void read_tiers() {
    const toml::node* discover = file_.get("discover");
    if (discover == nullptr || !discover->is_table()) return;
    const toml::node* node = discover->as_table()->get("tiers");
    if (node == nullptr) return;
    const std::string expected =
        "discover.tiers: expected an array of arrays of names, earliest first, such as "
        "[[\"demographics.age\"], [\"*\"]]";
    if (!node->is_array()) top_.fail(*node, expected);
    for (const toml::node& tier : *node->as_array()) {
      if (!tier.is_array()) top_.fail(tier, expected);
      std::vector<std::string> names;
      for (const toml::node& name : *tier.as_array()) {
        if (!name.is_string()) top_.fail(name, expected);
        names.push_back(name.as_string()->get());
      }
      spec_.tiers.push_back(std::move(names));
    }
  }

  const toml::table file_;
  TomlSection top_;
  StudySpec spec_;
  std::set<std::string> names_;
};

}  // namespace

const std::vector<std::string>& settings_sections() {
  static const std::vector<std::string> kSections = {"method", "train", "discover", "report",
                                                     "simulate"};
  return kSections;
}

void visit_settings(StudySpec& spec, SettingsVisitor& visitor) {
  visitor.visit("study.name", spec.name, {}, "name of the study, for the report");
  visitor.visit("study.id", spec.id, {}, "column that holds the participant id in every table");
  visitor.visit("study.decimal", spec.decimal, {".", ","}, "decimal sign of text files");
  visitor.visit(
      "study.order", spec.order, {"given", "unknown"},
      "given: modalities are listed causes first; unknown: no direction is read off the listing");
  visitor.visit("study.visit", spec.visit, {},
                "which row of a participant with several: first, last, a value of a visit column, "
                "or rows, each visit for itself; empty: every id stands once");
  visitor.visit("study.group", spec.group, {},
                "column whose rows the split keeps together; empty: the id");
  visitor.visit("study.validation", spec.validation, 0.01, 0.5, "share of participants held out");
  visitor.visit("study.join", spec.join, {"complete", "any"},
                "complete: participants that every modality holds; any: that at least one holds");
  visitor.visit("study.cache", spec.cache, {},
                "directory of the private cache files of pictures and series; empty: the system's");
}

StudySpec read_study_spec(const std::string& path, const std::string& root) {
  return StudyFile(path, root).read();
}

void apply_study_settings(const std::string& path, const std::vector<std::string>& sections,
                          const VisitSettings& visit) {
  const toml::table file = parse_toml(path);
  for (const std::string& name : sections) {
    const toml::node* node = file.get(name);
    if (node == nullptr || !node->is_table()) continue;
    for (const auto& [key, value] : *node->as_table()) {
      const std::string full = name + "." + std::string(key.str());
      if (full == "discover.tiers") continue;
      const std::string where = fmt::format("{}:{}", path, key.source().begin.line);
      if (!is_scalar(value)) {
        throw ConfigError(
            fmt::format("{}: {} is an array or a table; expected a single value", where, full));
      }
      apply_setting(visit, full, scalar_text(value), where);
    }
  }
}

}  // namespace polycause
