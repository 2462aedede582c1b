#include "polycause/discover.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <sstream>

#include "base/files.h"
#include "base/settings.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/summary.h"
#include "data/cells.h"
#include "data/column_types.h"
#include "data/doubtful_cells.h"
#include "polycause/error.h"
#include "report/run_folder.h"

namespace polycause::cli {
namespace {

struct DiscoverArguments {
  std::vector<std::string> tables;
  std::string out;
  std::string id;
  std::vector<std::string> missing;
  std::string decimal = ".";
  std::string types;
  std::string group;
  std::string knowledge;
  std::vector<std::string> tiers;
  std::string tiers_file;
  std::map<std::string, std::string> settings;  ///< key -> text of its option, "" = not given
  std::vector<std::string> sets;
  bool markov = false;
  bool covariance = false;
  double rows = 0;  ///< behind the covariances; 0 = as the file says
  bool force = false;
  bool json = false;
};

void add_tier(Knowledge& knowledge, int tier, const std::string& line, const std::string& where) {
  std::istringstream names(line);
  for (std::string name; std::getline(names, name, ',');) {
    name = trimmed(name);
    if (name.empty()) continue;
    if (!knowledge.tier.emplace(name, tier).second) {
      throw ConfigError(
          fmt::format("{}: '{}' stands in two tiers; expected it once; remove one", where, name));
    }
  }
}

/// Tiers of --tiers FILE (one tier per line, earliest first, # begins a comment), then of --tier.
Knowledge read_knowledge(const DiscoverArguments& arguments) {
  Knowledge knowledge;
  if (!arguments.knowledge.empty()) knowledge = read_tetrad_knowledge(arguments.knowledge);
  if (!knowledge.tier.empty() && (!arguments.tiers.empty() || !arguments.tiers_file.empty())) {
    throw ConfigError(arguments.knowledge +
                      ": found tiers here and after --tiers or --tier; expected "
                      "them in one place; remove one");
  }
  int tier = 0;
  if (!arguments.tiers_file.empty()) {
    std::istringstream lines(read_file(arguments.tiers_file));
    for (std::string line; std::getline(lines, line);) {
      line = trimmed(line.substr(0, line.find('#')));
      if (!line.empty()) add_tier(knowledge, tier++, line, arguments.tiers_file);
    }
  }
  for (const std::string& line : arguments.tiers) add_tier(knowledge, tier++, line, "--tier");
  return knowledge;
}

/// --types FILE: one "column,type" per line; # begins a comment.
std::map<std::string, ColumnType> read_types(const std::string& path) {
  std::map<std::string, ColumnType> types;
  std::istringstream lines(read_file(path));
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    line = trimmed(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    const std::size_t comma = line.rfind(',');
    const std::string where = fmt::format("{}:{}", path, number);
    if (comma == std::string::npos) {
      throw ConfigError(
          fmt::format("{}: found '{}'; expected 'column,type', for example "
                      "'smoker,categorical'",
                      where, line));
    }
    try {
      const std::string_view text = line;
      types[std::string(trimmed(text.substr(0, comma)))] =
          column_type_from(std::string(trimmed(text.substr(comma + 1))));
    } catch (const ConfigError& error) {
      throw ConfigError(where + ": " + error.what());
    }
  }
  return types;
}

/// The column `name`, or "<table>.name", says which rows belong together and is no variable.
void take_groups(const std::string& name, Table& table) {
  std::vector<std::string> names;
  for (const Column& column : table.columns) {
    const std::size_t dot = column.name.find('.');
    const bool is_it =
        column.name == name || (dot != std::string::npos && column.name.substr(dot + 1) == name);
    if (!is_it) {
      names.push_back(column.name);
      continue;
    }
    for (std::size_t i = 0; i < table.rows(); ++i) {
      const double value = column.values[i];
      if (std::isnan(value)) {
        throw DataError("--group", 0, name,
                        fmt::format("has no value for row '{}'; expected one in every row; add it",
                                    table.ids[i]));
      }
      table.groups.push_back(column.levels.empty()
                                 ? fmt::format("{}", value)
                                 : column.levels.at(static_cast<std::size_t>(value)));
    }
    table.columns.erase(table.columns.begin() + (&column - table.columns.data()));
    return;
  }
  const std::string near = nearest(name, names);
  throw ConfigError(
      fmt::format("--group: there is no column '{}' in the tables{}", name,
                  near.empty() ? "; check the spelling" : "; did you mean '" + near + "'?"));
}

std::string sample_ids(const Table& table) {
  std::vector<std::string> some;
  for (std::size_t i = 0; i < std::min<std::size_t>(table.rows(), 3); ++i)
    some.push_back(shown(table.ids[i]));
  return fmt::format("{}", fmt::join(some, ", "));
}

/// Rows that were given their number as id.
bool is_numbered(const Table& table) {
  for (std::size_t i = 0; i < table.rows(); ++i) {
    if (table.ids[i] != std::to_string(i)) return false;
  }
  return true;
}

/// The files are named here; `join` knows tables by the prefix of their columns alone.
void require_common_ids(const DiscoverArguments& arguments, const std::vector<Table>& tables) {
  std::set<std::string> common(tables[0].ids.begin(), tables[0].ids.end());
  for (std::size_t t = 1; t < tables.size(); ++t) {
    std::set<std::string> left;
    for (const std::string& id : tables[t].ids) {
      if (common.count(id) > 0) left.insert(id);
    }
    if (!left.empty()) {
      common = std::move(left);
      continue;
    }
    std::string numbered;
    for (const std::size_t i : {std::size_t{0}, t}) {
      if (arguments.id.empty() && is_numbered(tables[i]))
        numbered = fmt::format(
            "; the rows of {} were numbered, as its first column is not "
            "'sample_id'",
            arguments.tables[i]);
    }
    throw DataError(
        arguments.tables[t], 0, "",
        fmt::format("no row is in {} too: ids such as {} against {}{}; expected the same ids in "
                    "all tables; name their column with --id, or check how the ids are written",
                    t == 1 ? arguments.tables[0] : "the tables before", sample_ids(tables[0]),
                    sample_ids(tables[t]), numbered));
  }
}

/// As a study treats its covariates: what says nothing is left out, what looks odd is told.
void drop_columns(const std::map<std::string, ColumnType>& types, Table& table,
                  Terminal& terminal) {
  std::vector<Column> kept;
  for (Column& column : table.columns) {
    const std::string why = why_unusable(column, types.count(column.name) > 0);
    const FarCells far = far_cells(column);
    if (!why.empty()) {
      terminal.warning(fmt::format("{}: left out ({})", column.name, why));
      continue;
    }
    if (!far.text.empty()) {
      terminal.warning(fmt::format(
          "{}: {}; if they are no measurements, make them missing (--missing, which holds for all "
          "columns); if they are, choose --rank-normal",
          column.name, far.text));
    }
    kept.push_back(std::move(column));
  }
  table.columns = std::move(kept);
}

Table read_tables(const DiscoverArguments& arguments, Terminal& terminal) {
  TableOptions options;
  if (!arguments.id.empty()) {
    options.id = arguments.id == "none" ? "" : arguments.id;
    options.id_required = arguments.id != "none";
  }
  if (!arguments.missing.empty()) options.missing = arguments.missing;
  options.decimal = arguments.decimal;
  std::map<std::string, ColumnType> types;
  if (!arguments.types.empty()) types = read_types(arguments.types);
  std::vector<Table> tables;
  for (const std::string& path : arguments.tables) {
    options.types.clear();
    Table table = read_table(path, options);
    for (const auto& [column, type] : types) {
      if (table.find(column) < table.columns.size()) options.types[column] = type;
    }
    if (!options.types.empty()) table = read_table(path, options);
    if (arguments.tables.size() == 1) table.name.clear();
    tables.push_back(std::move(table));
  }
  for (const auto& [column, type] : types) {
    const std::string& name = column;
    const auto has = [&](const Table& table) { return table.find(name) < table.columns.size(); };
    if (std::none_of(tables.begin(), tables.end(), has)) {
      throw ConfigError(fmt::format("{}: there is no column '{}' in the tables; check the spelling",
                                    arguments.types, name));
    }
  }
  if (tables.size() > 1) require_common_ids(arguments, tables);
  Table table = tables.size() == 1 ? tables.front() : join(tables);
  if (!arguments.group.empty()) take_groups(arguments.group, table);
  drop_columns(types, table, terminal);
  return table;
}

std::string option_name(const std::string& key) {
  std::string name = key.substr(key.find('.') + 1);
  for (char& c : name) {
    if (c == '_') c = '-';
  }
  return "--" + name;
}

void tell_markov(const MarkovCheck& check, const Graph& graph, const DiscoverOptions& options,
                 Terminal& terminal) {
  terminal.info(
      fmt::format("Markov check: {} pairs without an edge, {:.1f} % dependent given the parents of "
                  "the later one "
                  "({:g} % expected); uniform p-values: p = {:.3g}",
                  check.tests, 100 * check.rejected, 100 * options.alpha, check.uniformity));
  for (std::size_t i = 0; i < std::min<std::size_t>(check.violations.size(), 5); ++i) {
    const Separation& one = check.violations[i];
    terminal.info(fmt::format("  {} and {} given {{{}}}: p = {:.2g}", graph.nodes[one.a].id,
                              graph.nodes[one.b].id, fmt::join(one.set, ", "), one.p_value));
  }
}

Graph search(const DiscoverArguments& arguments, const Knowledge& knowledge,
             const DiscoverOptions& options, Terminal& terminal) {
  if (!arguments.covariance) {
    const Table table = read_tables(arguments, terminal);
    terminal.info(fmt::format("{} rows, {} columns", table.rows(), table.columns.size()));
    Graph graph = discover(table, knowledge, options, &terminal);
    if (arguments.markov)
      tell_markov(markov_check(table, graph, options, &terminal), graph, options, terminal);
    return graph;
  }
  if (arguments.tables.size() != 1) {
    throw ConfigError(fmt::format("--covariance: {} files; expected one matrix; name only that",
                                  arguments.tables.size()));
  }
  const Covariance covariance = read_covariance(arguments.tables[0], arguments.rows);
  if (!(covariance.n > 0)) {
    throw ConfigError("--covariance: " + arguments.tables[0] +
                      " does not say how many rows are behind it; expected --n N");
  }
  terminal.info(
      fmt::format("covariances of {} columns, {} rows", covariance.names.size(), covariance.n));
  return discover(covariance, knowledge, options, &terminal);
}

void run_discover(const DiscoverArguments& arguments, Terminal& terminal) {
  DiscoverOptions options;
  const VisitSettings visit = [&](SettingsVisitor& visitor) { visit_settings(options, visitor); };
  for (const auto& [key, text] : arguments.settings) {
    if (!text.empty()) apply_setting(visit, key, text, option_name(key));
  }
  apply_sets(visit, arguments.sets);
  const Knowledge knowledge = read_knowledge(arguments);
  OutputDirectory out(arguments.out, arguments.force);
  const Graph graph = search(arguments, knowledge, options, terminal);
  write_discovered(out.path(), graph);
  write_file(out.file("graph.svg"), graph_svg(graph));
  out.keep();
  if (arguments.json) {
    print_result(graph_json(graph));
    return;
  }
  print_result(fmt::format("{} nodes, {} edges; all of them in {}\n{}", graph.nodes.size(),
                           graph.edges.size(), out.file("edges.csv"), edge_lines(graph, 40)));
}

/// One option per setting, so that the command line never falls behind the library.
void add_setting_options(CLI::App& command, DiscoverArguments& arguments) {
  DiscoverOptions defaults;
  for (const SettingInfo& info :
       list_settings([&](SettingsVisitor& visitor) { visit_settings(defaults, visitor); })) {
    std::string& text = arguments.settings[info.key];
    if (info.type == "bool") {
      command.add_flag_callback(
          option_name(info.key), [&text] { text = "true"; }, info.meaning);
      continue;
    }
    const std::string range = info.range.empty() ? "" : " (" + info.range + ")";
    command.add_option(option_name(info.key), text, info.meaning + range)
        ->option_text("[=" + info.value + "]");
  }
}

}  // namespace

void add_discover(CLI::App& program, Terminal& terminal) {
  auto arguments = std::make_shared<DiscoverArguments>();
  CLI::App* command =
      program.add_subcommand("discover", "Causal discovery over the columns of one or more tables");
  command
      ->add_option("tables", arguments->tables,
                   "Tables (CSV, TSV, XPT, NPY, NPZ; also .gz), joined by id")
      ->required()
      ->option_text("TABLE.csv ...");
  command->add_option("--out", arguments->out, "Directory to write; must be new or empty")
      ->required()
      ->option_text("DIR");
  command->add_option("--id", arguments->id, "Column with the participant ids, or 'none'")
      ->option_text("NAME  (default: a first column called sample_id)");
  command
      ->add_option("--missing", arguments->missing,
                   "Texts that mean a missing cell, separated by commas")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->option_text("TOKENS");
  command->add_option("--decimal", arguments->decimal, "Decimal sign of text files, '.' or ','")
      ->check(CLI::IsMember({".", ","}))
      ->option_text("SIGN");
  command
      ->add_option("--types", arguments->types,
                   "File of lines 'column,type' where detection is wrong: continuous, binary, "
                   "ordinal, categorical")
      ->option_text("FILE");
  command
      ->add_option("--group", arguments->group,
                   "Column that says which rows belong together (visits of a person, a family) and "
                   "are not independent; the tests allow for it")
      ->option_text("NAME");
  CLI::Option* markov = command->add_flag(
      "--markov-check", arguments->markov,
      "Test the pairs without an edge given parents: does the graph fit the table?");
  CLI::Option* covariance =
      command->add_flag("--covariance", arguments->covariance,
                        "TABLE is a covariance or correlation matrix: names, then its lines");
  covariance->excludes(markov);
  for (const char* option : {"--id", "--missing", "--decimal", "--types", "--group"}) {
    covariance->excludes(command->get_option(option));
  }
  command->add_option("--n", arguments->rows, "Rows behind the covariances")
      ->check(CLI::PositiveNumber)
      ->needs(covariance)
      ->option_text("N");
  command
      ->add_option("--knowledge", arguments->knowledge,
                   "Tetrad's knowledge file: tiers, forbidden and required edges")
      ->option_text("FILE");
  command
      ->add_option("--tiers", arguments->tiers_file,
                   "File with one tier per line, earliest first, names separated by commas")
      ->option_text("FILE");
  command
      ->add_option("--tier", arguments->tiers,
                   "One tier, as a line of such a file; repeats, earliest first")
      ->allow_extra_args(false)
      ->option_text("NAMES");
  add_setting_options(*command, *arguments);
  add_set_option(*command, arguments->sets, "discover");
  add_force_flag(*command, arguments->force);
  add_json_flag(*command, arguments->json);
  command->footer(
      "Names in tiers may hold * for any text.\n"
      "Example:\n"
      "  polycause discover cohort-fit/latents.csv lifestyle.csv --out graph --tier age,sex --tier "
      "'blood.*'");
  command->callback([arguments, &terminal] { run_discover(*arguments, terminal); });
}

}  // namespace polycause::cli
