#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "data/bytes.h"
#include "data/cells.h"
#include "data/clock.h"
#include "data/recording.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr std::size_t kLargestFile = std::size_t{8} << 30U;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// Header fields are ASCII; other bytes are taken as Latin-1 unless they are UTF-8.
std::string readable(std::string_view text) {
  if (is_utf8(text)) return std::string(text);
  std::string out;
  for (const char c : text) append_utf8(out, static_cast<unsigned char>(c));
  return out;
}

struct Signal {
  std::string name;
  std::string unit;
  double physical_low = 0, physical_high = 0;
  double digital_low = 0, digital_high = 0;
  std::size_t samples = 0;  ///< per record
  std::size_t at = 0;       ///< of its first sample in a record, in bytes
  bool annotations = false;
};

class EdfReader {
 public:
  explicit EdfReader(const std::string& path)
      : path_(path), bytes_(read_bytes(path, kLargestFile)) {}

  Recording read(const ChannelFilter& keep) {
    read_header();
    read_signals();
    const std::vector<double> starts = record_starts();
    Recording recording;
    recording.path = path_;
    for (const Signal& signal : signals_) {
      if (signal.annotations || signal.name == "Crc16" || !keep(signal.name)) continue;
      recording.channels.push_back(channel(signal, starts));
    }
    return recording;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(path_, 0, "", what + "; expected an EDF, EDF+ or BDF file; copy it again");
  }

  std::string_view field(std::size_t begin, std::size_t size) const {
    return trimmed(std::string_view(bytes_).substr(begin, size));
  }

  double number(std::size_t begin, std::size_t size, const char* what) const {
    std::string text(field(begin, size));
    std::replace(text.begin(), text.end(), ',', '.');
    if (!text.empty() && text[0] == '+') text.erase(0, 1);
    double value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
      fail(fmt::format("the header says {} for the {}", shown(text), what));
    }
    return value;
  }

  std::size_t count(std::size_t begin, std::size_t size, const char* what, double most) const {
    const double value = number(begin, size, what);
    if (value < 0 || value > most || value != std::trunc(value)) {
      fail(fmt::format("the header says {} for the {}", value, what));
    }
    return static_cast<std::size_t>(value);
  }

  void read_header() {
    if (bytes_.size() < 256) fail("the header is cut off");
    width_ = bytes_[0] == '\xff' ? 3 : 2;
    header_ = count(184, 8, "size of the header", 1e8);
    duration_ = number(244, 8, "duration of a record");
    const std::size_t signals = count(252, 4, "number of signals", 9999);
    if (signals == 0) fail("the header names no signal");
    if (header_ != 256 * (signals + 1) || bytes_.size() < header_) {
      fail(fmt::format("the header of {} signals is cut off or has a wrong size", signals));
    }
    if (duration_ < 0) fail(fmt::format("a record lasts {} s", duration_));
    signals_.resize(signals);
    const std::string_view kind = field(192, 44);
    plus_ = kind.compare(0, 4, "EDF+") == 0 || kind.compare(0, 4, "BDF+") == 0;
    gaps_ = kind.compare(0, 5, "EDF+D") == 0 || kind.compare(0, 5, "BDF+D") == 0;
    start_ = start_time();
  }

  /// Seconds since 1970 on the local clock; without a valid date those since midnight.
  double start_time() const {
    std::string clock(field(176, 8));
    std::replace(clock.begin(), clock.end(), '.', ':');
    const double seconds = std::max(0.0, clock_seconds(clock));
    const std::string_view date = field(168, 8);
    int day = 0;
    int month = 0;
    int year = 0;
    const auto part = [&](std::size_t at, int& value) {
      return date.size() == 8 &&
             std::from_chars(date.data() + at, date.data() + at + 2, value).ptr ==
                 date.data() + at + 2;
    };
    if (!part(0, day) || !part(3, month) || !part(6, year)) return seconds;
    if (day < 1 || day > 31 || month < 1 || month > 12) return seconds;
    year += year < 85 ? 2000 : 1900;
    return seconds + kDay * static_cast<double>(days_from_civil(year, static_cast<unsigned>(month),
                                                                static_cast<unsigned>(day)));
  }

  void read_signals() {
    const std::size_t n = signals_.size();
    record_ = 0;
    for (std::size_t i = 0; i < n; ++i) {
      Signal& signal = signals_[i];
      const auto at = [&](std::size_t before, std::size_t size) {
        return 256 + n * before + i * size;
      };
      signal.name = readable(field(at(0, 16), 16));
      signal.annotations = signal.name == "EDF Annotations" || signal.name == "BDF Annotations";
      signal.unit = readable(field(at(96, 8), 8));
      signal.samples = count(at(216, 8), 8, "samples of a record", 1e8);
      signal.at = record_;
      record_ += signal.samples * width_;
      if (signal.annotations) continue;
      signal.physical_low = number(at(104, 8), 8, "physical minimum");
      signal.physical_high = number(at(112, 8), 8, "physical maximum");
      signal.digital_low = number(at(120, 8), 8, "digital minimum");
      signal.digital_high = number(at(128, 8), 8, "digital maximum");
    }
    if (record_ == 0) fail("a record holds no sample");
    const std::size_t whole = (bytes_.size() - header_) / record_;
    records_ = whole;
    const double said = number(236, 8, "number of records");
    if (said < 0) return;  // -1: the device was stopped before it could say
    records_ = count(236, 8, "number of records", 1e9);
    if (records_ > whole) {
      fail(fmt::format("the file ends within record {} of {}", whole + 1, records_));
    }
  }

  /// Seconds from the start of the file at which each record begins.
  std::vector<double> record_starts() const {
    std::vector<double> starts(records_);
    double first = 0;
    for (std::size_t r = 0; r < records_; ++r) {
      starts[r] = first + static_cast<double>(r) * duration_;
      if (!plus_ || (r > 0 && !gaps_)) continue;
      for (const Signal& signal : signals_) {
        if (!signal.annotations) continue;
        const std::size_t begin = header_ + r * record_ + signal.at;
        const char* const text = bytes_.data() + begin;
        const char* const end = text + signal.samples * width_;
        double onset = 0;
        const char* const digits = text + (text < end && *text == '+' ? 1 : 0);
        const auto [stop, code] = std::from_chars(digits, end, onset);
        if (code != std::errc() || stop == end || *stop != '\x14' || !(std::fabs(onset) < 1e9)) {
          fail(fmt::format("record {} does not say when it begins", r + 1));
        }
        starts[r] = onset;
        if (r == 0) first = onset;
        break;
      }
      if (r > 0 && starts[r] < starts[r - 1])
        fail(fmt::format("record {} goes back in time", r + 1));
    }
    return starts;
  }

  Channel channel(const Signal& signal, const std::vector<double>& starts) const {
    const double span = signal.digital_high - signal.digital_low;
    if (span == 0) fail("signal " + shown(signal.name) + " has no digital range");
    if (signal.samples > 0 && !starts.empty() && duration_ <= 0) {
      fail("signal " + shown(signal.name) + " stands in records that last 0 s");
    }
    Channel out;
    out.name = signal.name;
    out.unit = signal.unit;
    if (starts.empty() || signal.samples == 0) {
      out.rate = 1;
      return out;
    }
    out.rate = static_cast<double>(signal.samples) / duration_;
    out.start = start_ + starts.front();
    const double length = std::round((starts.back() - starts.front()) * out.rate) +
                          static_cast<double>(signal.samples);
    if (length > static_cast<double>(kMostSamples)) {
      fail(fmt::format("signal {} has {} samples with its gaps", shown(signal.name), length));
    }
    out.values.assign(static_cast<std::size_t>(length), kNaN);
    const double scale = (signal.physical_high - signal.physical_low) / span;
    const double low = std::min(signal.digital_low, signal.digital_high);
    const double high = std::max(signal.digital_low, signal.digital_high);
    for (std::size_t r = 0; r < starts.size(); ++r) {
      const auto place =
          static_cast<std::size_t>(std::round((starts[r] - starts.front()) * out.rate));
      const std::size_t begin = header_ + r * record_ + signal.at;
      for (std::size_t k = 0; k < signal.samples && place + k < out.values.size(); ++k) {
        const double digital = sample(begin + k * width_);
        const auto value =
            static_cast<float>((digital - signal.digital_low) * scale + signal.physical_low);
        if (digital < low || digital > high) {
          ++out.outside;
          out.outside_value = value;
        } else {
          out.values[place + k] = value;
        }
      }
    }
    return out;
  }

  /// Two's complement, least byte first.
  double sample(std::size_t at) const {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < width_; ++k) {
      bits |= std::uint32_t{static_cast<unsigned char>(bytes_[at + k])} << (8 * k);
    }
    const std::int64_t half = std::int64_t{1} << (8 * width_ - 1);
    const auto value = static_cast<std::int64_t>(bits);
    return static_cast<double>(value >= half ? value - 2 * half : value);
  }

  const std::string& path_;
  const std::string bytes_;
  std::size_t width_ = 2;  ///< bytes per sample
  std::size_t header_ = 0;
  std::size_t record_ = 0;  ///< bytes
  std::size_t records_ = 0;
  double duration_ = 0;
  double start_ = 0;
  bool plus_ = false;
  bool gaps_ = false;
  std::vector<Signal> signals_;
};

}  // namespace

Recording read_edf(const std::string& path, const ChannelFilter& keep) {
  return EdfReader(path).read(keep);
}

}  // namespace polycause
