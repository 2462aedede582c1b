#include "report/tensorboard.h"

#include <array>
#include <cstring>

namespace polycause {
namespace {

constexpr std::array<std::uint32_t, 256> crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0u);
    table[i] = crc;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> kTable = crc_table();

// Wire types of protocol buffers.
enum Wire : std::uint64_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

void little_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xFF);
}

void varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7F) | 0x80);
  out += static_cast<char>(value);
}

void key(std::string& out, std::uint64_t field, Wire wire) { varint(out, field << 3 | wire); }

void bytes_field(std::string& out, std::uint64_t field, std::string_view bytes) {
  key(out, field, kBytes);
  varint(out, bytes.size());
  out += bytes;
}

std::string event_at(double wall_time) {
  std::string event;
  std::uint64_t bits = 0;
  std::memcpy(&bits, &wall_time, sizeof bits);
  key(event, 1, kFixed64);  // Event.wall_time
  little_endian(event, bits, 8);
  return event;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFFu;
  for (const char c : bytes) {
    crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xFF];
  }
  return ~crc;
}

std::uint32_t masked_crc32c(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return (crc >> 15 | crc << 17) + 0xA282EAD8u;
}

std::string tf_record(std::string_view payload) {
  std::string record;
  little_endian(record, payload.size(), 8);
  little_endian(record, masked_crc32c(record), 4);
  record += payload;
  little_endian(record, masked_crc32c(payload), 4);
  return record;
}

std::string version_event(double wall_time) {
  std::string event = event_at(wall_time);
  bytes_field(event, 3, "brain.Event:2");  // Event.file_version
  return event;
}

std::string scalar_event(double wall_time, std::int64_t step, std::string_view tag, float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  std::string scalar;
  bytes_field(scalar, 1, tag);  // Summary.Value.tag
  key(scalar, 2, kFixed32);     // Summary.Value.simple_value
  little_endian(scalar, bits, 4);
  std::string summary;
  bytes_field(summary, 1, scalar);  // Summary.value
  std::string event = event_at(wall_time);
  key(event, 2, kVarint);  // Event.step
  varint(event, static_cast<std::uint64_t>(step));
  bytes_field(event, 5, summary);  // Event.summary
  return event;
}

}  // namespace polycause
