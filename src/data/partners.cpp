#include "data/partners.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace polycause {
namespace {

constexpr std::size_t kFew = 4;  // more than one in so many is worth a word

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

std::string lower(std::string_view id) {
  std::string out(id);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string without_signs(std::string_view id) {
  std::string out;
  for (const char c : id) {
    if (is_digit(c) || is_letter(c)) out += c;
  }
  return out;
}

/// Of every number in the id, so that A-007 is A-7.
std::string without_zeros(std::string_view id) {
  std::string out;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const bool begins = id[i] == '0' && (i == 0 || !is_digit(id[i - 1]));
    std::size_t end = i;
    while (begins && end + 1 < id.size() && id[end] == '0' && is_digit(id[end + 1])) ++end;
    i = end;
    out += id[i];
  }
  return out;
}

std::string without_prefix(std::string_view id) {
  const auto first = std::find_if(id.begin(), id.end(), is_digit);
  return without_zeros(id.substr(static_cast<std::size_t>(first - id.begin())));
}

struct Spelling {
  const char* name;
  std::string (*plain)(std::string_view);
};

const Spelling kSpellings[] = {
    {"leading zeros", without_zeros},
    {"upper and lower case", lower},
    {"spaces and signs", without_signs},
    {"case, signs and leading zeros",
     [](std::string_view id) { return without_zeros(without_signs(lower(id))); }},
};
const Spelling kPrefix = {"what stands before the first digit", without_prefix};

/// Ids of `a` that are in `b` once both are spelt so, but not as they stand.
std::size_t twins(const Source& a, const Source& b, const Spelling& spelling) {
  std::unordered_set<std::string> others;
  for (const auto& [id, row] : b.row_of) {
    if (a.row_of.count(id) == 0) others.insert(spelling.plain(id));
  }
  others.erase("");
  std::size_t count = 0;
  for (const auto& [id, row] : a.row_of) {
    if (b.row_of.count(id) == 0 && others.count(spelling.plain(id)) > 0) ++count;
  }
  return count;
}

struct Difference {
  std::size_t count = 0;
  const char* name = "";
};

Difference difference(const Source& a, const Source& b) {
  Difference most;
  for (const Spelling& spelling : kSpellings) {
    const std::size_t count = twins(a, b, spelling);
    if (count > most.count) most = {count, spelling.name};
  }
  return most;
}

/// A prefix too, which may as well tell people apart: no proof by itself.
Difference likely_difference(const Source& a, const Source& b) {
  const Difference most = difference(a, b);
  const std::size_t count = twins(a, b, kPrefix);
  return count > most.count ? Difference{count, kPrefix.name} : most;
}

std::string text(const Difference& found) {
  return found.count == 0 ? ""
                          : fmt::format("; {} of them differ by {} only", found.count, found.name);
}

std::size_t strangers(const Source& a, const Source& b) {
  return static_cast<std::size_t>(
      std::count_if(a.row_of.begin(), a.row_of.end(),
                    [&](const auto& item) { return b.row_of.count(item.first) == 0; }));
}

/// The other modality that lacks most of these rows.
const Source* worst_partner(const Source& a, const std::vector<Source>& sources, bool any,
                            std::size_t* lost) {
  const Source* worst = nullptr;
  *lost = 0;
  for (const Source& b : sources) {
    if (&a == &b || !b.modality) continue;
    const std::size_t count = any ? difference(a, b).count : strangers(a, b);
    if (count <= *lost) continue;
    *lost = count;
    worst = &b;
  }
  return *lost * kFew > a.row_of.size() ? worst : nullptr;
}

std::string warn_of_modality(const Source& a, const std::vector<Source>& sources, bool any) {
  std::size_t lost = 0;
  const Source* const b = worst_partner(a, sources, any, &lost);
  if (b == nullptr) return "";
  return fmt::format(
      "{}: {} of {} rows with a value are of nobody in '{}'{}{}; if they should be, write the ids "
      "alike in both tables",
      a.spec->name, strangers(a, *b), a.row_of.size(), b->spec->name,
      any ? "" : ", so they take no part",
      text(any ? difference(a, *b) : likely_difference(a, *b)));
}

std::string warn_of_covariates(const Source& table, const std::vector<std::string>& ids) {
  std::vector<std::string_view> without;
  for (const std::string& id : ids) {
    if (table.row_of.count(id) == 0) without.push_back(id);
  }
  if (without.size() * kFew <= ids.size()) return "";
  Source lacking;
  for (const std::string_view id : without) lacking.row_of.emplace(id, 0);
  return fmt::format(
      "{}: {} of {} participants have no row, so these covariates are missing{}; if they should "
      "have one, write the ids as in the modalities",
      table.spec->name, without.size(), ids.size(), text(likely_difference(lacking, table)));
}

}  // namespace

std::vector<std::string> warn_of_partners(const std::vector<Source>& sources, bool any,
                                          const std::vector<std::string>& ids) {
  std::vector<std::string> warnings;
  for (const Source& source : sources) {
    std::string warning =
        source.modality ? warn_of_modality(source, sources, any) : warn_of_covariates(source, ids);
    if (!warning.empty()) warnings.push_back(std::move(warning));
  }
  return warnings;
}

std::string id_difference(const Source& a, const Source& b) {
  return text(likely_difference(a, b));
}

}  // namespace polycause
