// Random numbers of tests.
#pragma once

#include <ATen/CPUGeneratorImpl.h>

#include <cstdint>

namespace polycause {

inline at::Generator seeded(std::uint64_t seed) {
  return at::make_generator<at::CPUGeneratorImpl>(seed);
}

}  // namespace polycause
