#include "discover/engines.h"

#include "discover/choose_test.h"

namespace polycause {

Found run_search(const Dataset& data, const std::string& test, const Constraints& constraints,
                 const DiscoverOptions& options, std::size_t threads, Observer* observer) {
  return run_pc(*make_test(data, test, threads), constraints, options, threads, observer);
}

}  // namespace polycause
