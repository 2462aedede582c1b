#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "discover/compatible.h"
#include "discover/engines.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr char kCausalLearn[] = "causal-learn-";

bool starts_with(const std::string& text, const std::string& prefix) {
  return text.rfind(prefix, 0) == 0;
}

}  // namespace

void leave_out_weak(Skeleton& skeleton, const Constraints& constraints, double min_strength) {
  for (std::size_t j = 0; j < skeleton.size(); ++j) {
    for (std::size_t i = 0; i < j; ++i) {
      PairEvidence& pair = skeleton.pair(i, j);
      if (!constraints.keeps_joined(i, j) && std::fabs(pair.weakest.result.strength) < min_strength)
        pair.adjacent = false;
    }
  }
}

ColliderOptions collider_options(const DiscoverOptions& options, std::size_t threads) {
  ColliderOptions how;
  how.alpha = options.alpha;
  how.max_depth = options.max_depth;
  how.threads = threads;
  if (options.rule == "definite") how.rule = ColliderRule::kDefinite;
  if (options.rule == "maxp") how.rule = ColliderRule::kMaxP;
  return how;
}

const std::vector<std::string>& rule_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list = {"majority", "definite", "maxp", "pcalg-relaxed",
                                     "pcalg-solve-confl"};
    for (int uc_rule = 0; uc_rule <= 2; ++uc_rule) {
      for (int priority = -1; priority <= 4; ++priority) {
        list.push_back(fmt::format("{}{}-{}", kCausalLearn, uc_rule, priority));
      }
    }
    return list;
  }();
  return names;
}

bool order_free(const DiscoverOptions& options) {
  const std::string& rule = options.rule;
  return options.engine != "pc" || !(starts_with(rule, kCausalLearn) || starts_with(rule, "pcalg"));
}

Found run_pc(const IndependenceTest& test, const Constraints& constraints,
             const DiscoverOptions& options, std::size_t threads, Observer* observer) {
  const std::string& rule = options.rule;
  const ColliderOptions how = collider_options(options, threads);
  Found found;
  found.evidence = find_skeleton(
      test, constraints,
      {options.alpha, options.max_depth, threads, starts_with(rule, kCausalLearn)}, observer);
  leave_out_weak(found.evidence, constraints, options.min_strength);
  std::size_t& tests = found.evidence.tests;
  if (starts_with(rule, kCausalLearn)) {
    const int uc_rule = rule[sizeof kCausalLearn - 1] - '0';
    const int priority = std::stoi(rule.substr(sizeof kCausalLearn + 1));
    const std::unique_ptr<IndependenceTest> own = test.clone();
    found.marks = orient_causal_learn(found.evidence, *own, options.alpha, uc_rule, priority);
    tests += own->tests();
  } else if (rule == "pcalg-relaxed") {
    found.marks = orient_pcalg(found.evidence, separating_set_colliders(found.evidence), false);
  } else {
    const Colliders colliders =
        find_colliders(found.evidence, test, constraints, how, &tests, observer);
    found.marks = rule == "pcalg-solve-confl" ? orient_pcalg(found.evidence, colliders, true)
                                              : orient(found.evidence, colliders, constraints);
  }
  return found;
}

}  // namespace polycause
