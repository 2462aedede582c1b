#include "data/cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace polycause {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view without_leading_zeros(std::string_view text) {
  const std::size_t first = text.find_first_not_of('0');
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

}  // namespace

CellReader::CellReader(const std::vector<std::string>& missing, char decimal) : decimal_(decimal) {
  for (const std::string& token : missing) {
    const std::string_view text = trimmed(token);
    if (text.empty()) continue;
    tokens_.emplace_back(text);
    first_[static_cast<unsigned char>(text[0])] = true;
    double number = 0;
    if (parse(text, number)) numeric_tokens_.push_back(number);
  }
}

bool CellReader::is_missing(std::string_view text) const {
  if (text.empty()) return true;
  if (!first_[static_cast<unsigned char>(text[0])]) return false;
  return std::find(tokens_.begin(), tokens_.end(), text) != tokens_.end();
}

bool CellReader::is_missing(double number) const {
  return !std::isfinite(number) ||
         std::find(numeric_tokens_.begin(), numeric_tokens_.end(), number) != numeric_tokens_.end();
}

bool CellReader::parse(std::string_view text, double& number) const {
  if (text[0] == '+' && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  const char lead = text[0] == '-' && text.size() > 1 ? text[1] : text[0];
  if (!is_digit(lead) && lead != decimal_) return false;  // also refuses "inf" and "nan"
  std::array<char, 64> swapped;
  std::string longer;
  if (decimal_ != '.') {
    if (text.find('.') != std::string_view::npos) return false;
    const std::size_t comma = text.find(decimal_);
    if (comma != std::string_view::npos) {
      char* copy = swapped.data();
      if (text.size() > swapped.size()) {
        longer.assign(text);
        copy = longer.data();
      } else {
        std::copy(text.begin(), text.end(), copy);
      }
      copy[comma] = '.';
      text = std::string_view(copy, text.size());
    }
  }
  const char* const last = text.data() + text.size();
  const auto [end, code] = std::from_chars(text.data(), last, number);
  if (end != last) return false;
  if (code == std::errc::result_out_of_range) {
    const std::size_t exponent = text.find_first_of("eE");
    const bool tiny = exponent == std::string_view::npos || text.substr(exponent + 1, 1) == "-";
    number = 0;  // below the smallest double
    return tiny;
  }
  return code == std::errc() && std::isfinite(number);
}

Cell CellReader::read(std::string_view text, double& number) const {
  if (is_missing(text)) return Cell::kMissing;
  if (!parse(text, number)) return Cell::kText;
  if (!numeric_tokens_.empty() && is_missing(number)) return Cell::kMissing;
  return Cell::kNumber;
}

std::string number_text(double value) {
  if (value == std::trunc(value) && std::fabs(value) < 1e15) {
    return fmt::format("{}", static_cast<long long>(value));
  }
  return fmt::format("{}", value);
}

bool is_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    std::size_t more = 0;
    if (lead < 0x80) {
      ++i;
      continue;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
      more = 1;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      more = 2;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      more = 3;
    } else {
      return false;
    }
    if (i + more >= text.size()) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0U) != 0x80U) return false;
    }
    const auto second = static_cast<unsigned char>(text[i + 1]);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) {
      return false;  // overlong forms, surrogates, beyond U+10FFFF
    }
    i += more + 1;
  }
  return true;
}

bool append_utf8(std::string& text, std::uint32_t code) {
  if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
  if (code < 0x80) {
    text += static_cast<char>(code);
    return true;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  static constexpr std::uint32_t kLead[] = {0, 0xC0, 0xE0, 0xF0};
  text += static_cast<char>(kLead[more] | (code >> (6 * more)));
  for (int k = more - 1; k >= 0; --k)
    text += static_cast<char>(0x80U | ((code >> (6 * k)) & 0x3FU));
  return true;
}

std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 40;
  const bool valid = is_utf8(text);
  std::string out = "\"";
  std::size_t i = 0;
  for (; i < text.size() && (i < kMost || (valid && (text[i] & 0xC0) == 0x80)); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7F || (c >= 0x80 && !valid)) {
      out += fmt::format("\\x{:02x}", c);
    } else {
      out += text[i];
    }
  }
  return out + (i < text.size() ? "...\"" : "\"");
}

bool all_whole_numbers(const std::vector<std::string>& texts) {
  return std::all_of(texts.begin(), texts.end(), [](const std::string& text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
  });
}

bool whole_number_less(const std::string& a, const std::string& b) {
  const std::string_view x = without_leading_zeros(a);
  const std::string_view y = without_leading_zeros(b);
  if (x.size() != y.size()) return x.size() < y.size();
  if (x != y) return x < y;
  return a < b;
}

}  // namespace polycause
