// What one cell of a file means: missing, a number or a text; and the two ways to write a number.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace polycause {

enum class Cell { kMissing, kNumber, kText };

class CellReader {
 public:
  /// `missing` texts (compared after trimming; those that are numbers also compare by value, so
  /// "-999" covers "-999.0"). An empty cell is always missing. `decimal` is '.' or ','.
  CellReader(const std::vector<std::string>& missing, char decimal);

  /// `text` is trimmed already. `number` is set when the answer is kNumber. Infinities, "nan" and
  /// hexadecimal are texts.
  Cell read(std::string_view text, double& number) const;
  bool is_missing(std::string_view text) const;
  bool is_missing(double number) const;  ///< NaN, infinite, or equal to a token

 private:
  bool parse(std::string_view text, double& number) const;
  std::vector<std::string> tokens_;
  std::vector<double> numeric_tokens_;
  std::array<bool, 256> first_{};  ///< first characters of tokens
  char decimal_;
};

/// Shortest text that reads back as `value`; whole numbers below 1e15 without exponent or decimals.
std::string number_text(double value);

bool is_utf8(std::string_view text);

/// Appends one character; false when `code` is no Unicode character.
bool append_utf8(std::string& text, std::uint32_t code);

/// `text` in quotes, cut to a length fit for a message, control characters made visible, and bytes
/// beyond ASCII too where they are no UTF-8.
std::string shown(std::string_view text);

/// Orders names as people count: whole numbers by value if all are such, else by bytes.
bool all_whole_numbers(const std::vector<std::string>& texts);
bool whole_number_less(const std::string& a, const std::string& b);

}  // namespace polycause
