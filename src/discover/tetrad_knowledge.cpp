#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <sstream>

#include "base/files.h"
#include "polycause/discover.h"
#include "polycause/error.h"

namespace polycause {
namespace {

enum class Section { kNone, kTiers, kForbidden, kRequired };

std::vector<std::string> words_of(std::string line) {
  std::replace(line.begin(), line.end(), ',', ' ');
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

}  // namespace

Knowledge read_tetrad_knowledge(const std::string& path) {
  std::istringstream in(read_file(path));
  Knowledge knowledge;
  Section section = Section::kNone;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    std::vector<std::string> words = words_of(line);
    if (words.empty() || words[0] == "/knowledge" || words[0].rfind("//", 0) == 0) continue;
    if (words[0] == "addtemporal") {
      section = Section::kTiers;
    } else if (words[0] == "forbiddirect") {
      section = Section::kForbidden;
    } else if (words[0] == "requiredirect") {
      section = Section::kRequired;
    } else if (section == Section::kTiers) {
      std::string tier = words[0];
      const bool apart = tier.back() == '*';  // no edges inside the tier
      if (apart) tier.pop_back();
      const bool digits =
          !tier.empty() && tier.size() < 10 &&
          std::all_of(tier.begin(), tier.end(), [](unsigned char c) { return std::isdigit(c); });
      if (!digits) {
        throw DataError(
            path, number, "",
            fmt::format("\"{}\" begins the line; expected the number of a tier", words[0]));
      }
      words.erase(words.begin());
      for (const std::string& word : words) {
        knowledge.tier[word] = std::stoi(tier);
        for (const std::string& other : words) {
          if (apart && other != word) knowledge.forbidden.emplace_back(word, other);
        }
      }
    } else if (section == Section::kNone || words.size() != 2) {
      throw DataError(
          path, number, "",
          fmt::format("found \"{}\"; expected {}", line,
                      section == Section::kNone ? "addtemporal, forbiddirect or requiredirect first"
                                                : "two names: source and target"));
    } else {
      (section == Section::kForbidden ? knowledge.forbidden : knowledge.required)
          .emplace_back(words[0], words[1]);
    }
  }
  return knowledge;
}

std::string tetrad_knowledge(const Knowledge& knowledge) {
  std::map<int, std::string> tiers;
  for (const auto& [name, tier] : knowledge.tier) tiers[tier] += " " + name;
  std::string text = "/knowledge\naddtemporal\n\n";
  for (const auto& [tier, names] : tiers) text += fmt::format("{}{}\n", tier, names);
  text += "\nforbiddirect\n\n";
  for (const auto& [source, target] : knowledge.forbidden) text += source + " " + target + "\n";
  text += "\nrequiredirect\n\n";
  for (const auto& [source, target] : knowledge.required) text += source + " " + target + "\n";
  return text;
}

}  // namespace polycause
