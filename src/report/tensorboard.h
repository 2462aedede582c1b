// TensorBoard event files: scalars only, TFRecord framing, Event messages encoded by hand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace polycause {

/// CRC-32C (Castagnoli) of `bytes`.
std::uint32_t crc32c(std::string_view bytes);

/// The form that TFRecord stores: rotated right by 15 bits, plus a constant.
std::uint32_t masked_crc32c(std::string_view bytes);

/// length (8 bytes) | masked CRC of it (4) | payload | masked CRC of it (4); little endian.
std::string tf_record(std::string_view payload);

/// Event messages of tensorflow/core/util/event.proto. `wall_time` in seconds since 1970.
std::string version_event(double wall_time);
std::string scalar_event(double wall_time, std::int64_t step, std::string_view tag, float value);

}  // namespace polycause
