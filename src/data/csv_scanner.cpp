#include "data/csv_scanner.h"

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "polycause/error.h"

namespace polycause {
namespace {

constexpr std::size_t kChunk = 1U << 18U;
constexpr std::size_t kLongestCell = 16U << 20U;
constexpr std::size_t kLongestRecord = std::size_t{1} << 30U;

}  // namespace

CsvScanner::CsvScanner(const std::string& path, char delimiter, char decimal)
    : path_(path), stream_(path) {
  more();
  check_start();
  if (delimiter == '\0') {
    choose_delimiter(decimal);
  } else {
    set_delimiter(delimiter);
  }
}

void CsvScanner::fail(std::size_t line, const std::string& what) const {
  throw DataError(path_, line, "", what);
}

void CsvScanner::set_delimiter(char delimiter) {
  delimiter_ = delimiter;
  special_.fill(false);
  for (const char c : {delimiter, '\n', '\r', '\0'}) special_[static_cast<unsigned char>(c)] = true;
}

void CsvScanner::check_start() {
  const std::string head = buffer_.substr(0, std::min<std::size_t>(filled_, 64));
  const std::string known = known_content(head);
  if (!known.empty()) {
    fail(0, "the content looks like " + known +
                "; expected UTF-8 text with separators; correct the name or export it as CSV");
  }
  if (head.compare(0, 3, "\xef\xbb\xbf") == 0) next_ = 3;
  if (filled_ == next_) {
    fail(0, "the file is empty; expected a header line and one row per participant");
  }
}

void CsvScanner::choose_delimiter(char decimal) {
  // Outside quotes, up to the end of the first line that is not empty.
  std::array<std::size_t, 256> count{};
  bool quoted = false;
  bool any = false;
  for (std::size_t i = next_; i < filled_; ++i) {
    const char c = buffer_[i];
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n' || c == '\r') {
      if (any) break;
      continue;
    }
    any = true;
    ++count[static_cast<unsigned char>(c)];
  }
  char best = ',';
  std::size_t most = decimal == ',' ? 0 : count[static_cast<unsigned char>(',')];
  for (const char candidate : {';', '\t', '|'}) {
    if (count[static_cast<unsigned char>(candidate)] > most) {
      best = candidate;
      most = count[static_cast<unsigned char>(candidate)];
    }
  }
  set_delimiter(best);
}

std::size_t CsvScanner::expected_rows(std::size_t rows) const {
  std::error_code code;
  const std::uintmax_t size = std::filesystem::file_size(path_, code);
  if (code || plain_name(path_).size() != path_.size()) return 0;
  const double expected = 1.02 * static_cast<double>(size) * static_cast<double>(rows) /
                          static_cast<double>(std::max<std::size_t>(consumed_, 1));
  return static_cast<std::size_t>(std::min(expected, static_cast<double>(size)));
}

bool CsvScanner::more() {
  if (at_end_) return false;
  if (record_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + record_, filled_ - record_);
    filled_ -= record_;
    next_ -= record_;
    record_ = 0;
  }
  const std::size_t wanted = std::max(kChunk, filled_);  // doubling keeps a long record linear
  if (filled_ + wanted > kLongestRecord) {
    fail(next_line_,
         "a line is longer than 1 GiB; expected one row per participant; check the file");
  }
  if (buffer_.size() < filled_ + wanted) buffer_.resize(filled_ + wanted);
  const std::size_t count = stream_.read(buffer_.data() + filled_, wanted);
  filled_ += count;
  at_end_ = count < wanted;
  return count > 0;
}

bool CsvScanner::scan_record() {
  spans_.clear();
  const char* const data = buffer_.data();
  std::size_t at = record_;
  std::size_t breaks = 0;  // line breaks inside quotes
  for (;;) {
    Span span{at, at, false, false};
    if (at < filled_ && data[at] == '"') {
      span = {at + 1, at + 1, true, false};
      std::size_t from = at + 1;
      for (;;) {
        const void* found =
            from < filled_ ? std::memchr(data + from, '"', filled_ - from) : nullptr;
        const std::size_t close =
            found == nullptr ? filled_
                             : static_cast<std::size_t>(static_cast<const char*>(found) - data);
        if (close == filled_ || close - span.begin > kLongestCell) {
          if (!at_end_ && filled_ - span.begin <= kLongestCell) return false;
          breaks += static_cast<std::size_t>(std::count(data + record_, data + at, '\n'));
          fail(next_line_ + breaks, "the quote that opens field " +
                                        std::to_string(spans_.size() + 1) +
                                        " never closes; expected a closing '\"' before a separator "
                                        "or line end; close it, "
                                        "or double quotes that belong to the text");
        }
        if (close + 1 == filled_ && !at_end_) return false;
        if (close + 1 < filled_ && data[close + 1] == '"') {
          span.doubled = true;
          from = close + 2;
          continue;
        }
        span.end = close;
        at = close + 1;
        break;
      }
      if (std::memchr(data + span.begin, '\0', span.end - span.begin) != nullptr) {
        fail(next_line_, "found a NUL byte; expected UTF-8 text; the file is binary or damaged");
      }
      while (at < filled_ && (data[at] == ' ' || (data[at] == '\t' && delimiter_ != '\t'))) ++at;
    } else {
      while (at < filled_ && !special_[static_cast<unsigned char>(data[at])]) ++at;
      span.end = at;
    }
    if (at == filled_ && !at_end_) return false;
    spans_.push_back(span);
    if (at == filled_) break;
    if (data[at] == delimiter_) {
      ++at;
      continue;
    }
    if (data[at] == '\n') {
      ++at;
      break;
    }
    if (data[at] == '\r') {
      if (at + 1 == filled_ && !at_end_) return false;
      at += at + 1 < filled_ && data[at + 1] == '\n' ? 2 : 1;
      break;
    }
    if (data[at] == '\0') {
      fail(next_line_, "found a NUL byte; expected UTF-8 text; the file is binary or damaged");
    }
    fail(next_line_,
         "text follows the closing quote of field " + std::to_string(spans_.size()) +
             "; expected a separator or a line end; double quotes that belong to the text");
  }
  next_ = at;
  for (const Span& span : spans_) {
    if (span.quoted) {
      for (std::size_t i = span.begin; i < span.end; ++i) {
        const bool lone = data[i] == '\r' && data[i + 1] != '\n';
        if (data[i] == '\n' || lone) ++breaks;
      }
    }
  }
  line_ = next_line_;
  next_line_ += breaks + 1;
  consumed_ += next_ - record_;
  return true;
}

bool CsvScanner::next(std::vector<RowField>& fields) {
  for (;;) {
    record_ = next_;
    if (record_ == filled_ && !more()) return false;
    while (!scan_record()) more();
    if (spans_.size() > 1 || spans_[0].quoted) break;
    const Span& only = spans_[0];
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    if (!std::all_of(buffer_.data() + only.begin, buffer_.data() + only.end, blank)) break;
  }
  fields.clear();
  for (Span& span : spans_) {
    char* const begin = buffer_.data() + span.begin;
    if (span.doubled) {
      std::size_t out = 0;
      for (std::size_t i = 0; i < span.end - span.begin; ++i) {
        begin[out++] = begin[i];
        if (begin[i] == '"') ++i;
      }
      span.end = span.begin + out;
    }
    fields.push_back({std::string_view(begin, span.end - span.begin), span.quoted});
  }
  return true;
}

}  // namespace polycause
