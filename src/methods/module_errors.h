// What the module of the networks throws, in the library's errors.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>

#include "polycause/error.h"

namespace polycause {

/// call(), a call of the module: what its inputs are not for becomes a ConfigError, a training that
/// diverged a NumericError, with these words before; errors of the library (an interrupt) pass.
template <typename Call>
auto with_module_errors(const Call& call, const std::string& before_config = "",
                        const std::string& before_numeric = "") {
  try {
    return call();
  } catch (const Error&) {
    throw;
  } catch (const std::invalid_argument& error) {
    throw ConfigError(before_config + error.what());
  } catch (const std::exception& error) {
    throw NumericError(before_numeric + error.what());
  }
}

}  // namespace polycause
