#include "train/checkpoint.h"

#include <cstdint>
#include <cstring>
#include <filesystem>

#include "base/files.h"
#include "base/random.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr char kMagic[8] = {'P', 'C', 'U', 'N', 'I', 'T', '0', '1'};

template <typename T>
void put(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

class Reader {
 public:
  explicit Reader(const std::string& bytes) : bytes_(bytes) {}
  template <typename T>
  T get() {
    T value{};
    if (at_ + sizeof value > bytes_.size()) {
      failed = true;
      return value;
    }
    std::memcpy(&value, bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  std::string text(std::size_t size) {
    if (size > bytes_.size() - at_) {
      failed = true;
      return "";
    }
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }
  std::size_t left() const { return bytes_.size() - at_; }
  bool failed = false;

 private:
  const std::string& bytes_;
  std::size_t at_ = 0;
};

}  // namespace

Checkpoint::Checkpoint(std::string directory, std::uint64_t fingerprint, double seconds)
    : directory_(std::move(directory)), fingerprint_(fingerprint), seconds_(seconds) {
  if (enabled()) make_directory(directory_);
}

std::string Checkpoint::path(const std::string& unit) const {
  std::string name = unit;
  for (char& c : name) {
    if (c == '/') c = '-';
  }
  return join_path(directory_, name + ".unit");
}

std::optional<UnitState> Checkpoint::load(const std::string& unit) const {
  if (!enabled() || !std::filesystem::exists(path(unit))) return std::nullopt;
  const std::string bytes = read_file(path(unit));
  // Last word: hash of all before it.
  if (bytes.size() < sizeof kMagic + 16) return std::nullopt;
  const std::string body = bytes.substr(0, bytes.size() - sizeof(std::uint64_t));
  std::uint64_t sum = 0;
  std::memcpy(&sum, bytes.data() + body.size(), sizeof sum);
  if (std::memcmp(body.data(), kMagic, sizeof kMagic) != 0 || hash64(body) != sum)
    return std::nullopt;
  Reader in(body);
  in.text(sizeof kMagic);
  if (in.get<std::uint64_t>() != fingerprint_) return std::nullopt;
  UnitState state;
  state.finished = in.get<std::uint8_t>() != 0;
  state.epoch = in.get<std::int64_t>();
  const auto values = in.get<std::uint64_t>();
  if (values > in.left() / sizeof(float)) return std::nullopt;
  state.values.resize(values);
  for (float& v : state.values) v = in.get<float>();
  const auto metrics = in.get<std::uint64_t>();
  for (std::uint64_t i = 0; i < metrics && !in.failed; ++i) {
    Metric metric;
    metric.series = in.text(in.get<std::uint32_t>());
    metric.step = in.get<std::int64_t>();
    metric.value = in.get<double>();
    state.metrics.push_back(std::move(metric));
  }
  if (in.failed) return std::nullopt;
  return state;
}

void Checkpoint::save(const std::string& unit, const UnitState& state) const {
  if (!enabled()) return;
  std::string out(kMagic, sizeof kMagic);
  put(out, fingerprint_);
  put(out, static_cast<std::uint8_t>(state.finished ? 1 : 0));
  put(out, static_cast<std::int64_t>(state.epoch));
  put(out, static_cast<std::uint64_t>(state.values.size()));
  for (const float v : state.values) put(out, v);
  put(out, static_cast<std::uint64_t>(state.metrics.size()));
  for (const Metric& metric : state.metrics) {
    put(out, static_cast<std::uint32_t>(metric.series.size()));
    out += metric.series;
    put(out, static_cast<std::int64_t>(metric.step));
    put(out, metric.value);
  }
  put(out, hash64(out));
  write_file(path(unit), out);
}

}  // namespace polycause
