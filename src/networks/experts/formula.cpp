// A formula of the user's, read by muParser; Levenberg-Marquardt with central differences.
#include <fmt/format.h>
#include <muParser.h>

#include <Eigen/Dense>
#include <algorithm>

#include "networks/experts/laws.h"
#include "polycause/error.h"

namespace polycause::experts {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

[[noreturn]] void refuse(const ExpertSpec& spec, const std::string& reason) {
  throw ConfigError(
      fmt::format("modality.formula: \"{}\": {}; expected an expression in x and the parameters, "
                  "such as a * (1 "
                  "- exp(-b * x)); correct it",
                  spec.formula, reason));
}

// Assignments would change the parameters while they are fitted.
bool has_assignment(const std::string& formula) {
  for (std::size_t k = 0; k < formula.size(); ++k) {
    if (formula[k] != '=') continue;
    const char before = k > 0 ? formula[k - 1] : ' ';
    const bool pair = k + 1 < formula.size() && formula[k + 1] == '=';
    if (pair) {
      ++k;
    } else if (before != '<' && before != '>' && before != '!') {
      return true;
    }
  }
  return false;
}

class Formula : public Law {
 public:
  Formula(const ExpertSpec& spec, const std::vector<double>& at)
      : Law(at, names_of(spec)), spec_(spec) {
    check();
  }

 private:
  // A parser of its own for every evaluation: one holds the values of its variables.
  class Reader {
   public:
    explicit Reader(const ExpertSpec& spec) : values_(spec.parameters.size()) {
      parser_.DefineVar("x", &x_);
      for (std::size_t k = 0; k < values_.size(); ++k)
        parser_.DefineVar(spec.parameters[k].first, &values_[k]);
      parser_.SetExpr(spec.formula);
    }
    void set(const double* parameters) {
      std::copy(parameters, parameters + values_.size(), values_.begin());
    }
    double at(double x) {
      x_ = x;
      return parser_.Eval();
    }
    int results() {
      int count = 0;
      parser_.Eval(count);
      return count;
    }
    std::size_t used(const std::string& name) { return parser_.GetUsedVar().count(name); }

   private:
    mu::Parser parser_;
    double x_ = 0;
    std::vector<double> values_;
  };

  static std::vector<std::string> names_of(const ExpertSpec& spec) {
    std::vector<std::string> names;
    for (const auto& parameter : spec.parameters) names.push_back(parameter.first);
    return names;
  }

  void check() const {
    if (spec_.parameters.empty()) refuse(spec_, "there are no parameters");
    if (has_assignment(spec_.formula)) refuse(spec_, "it assigns a value with =");
    for (const auto& [name, value] : spec_.parameters) {
      if (name == "x") refuse(spec_, "x is where a point lies and no parameter");
      if (!std::isfinite(value)) refuse(spec_, "the start of " + name + " is no finite number");
    }
    try {
      Reader reader(spec_);
      if (reader.results() != 1) refuse(spec_, "it gives several values");
      for (const auto& parameter : spec_.parameters) {
        if (reader.used(parameter.first) == 0)
          refuse(spec_, "the parameter " + parameter.first + " does not occur in it");
      }
    } catch (const mu::ParserError& error) {
      std::string reason = error.GetMsg();
      while (!reason.empty() && (reason.back() == '.' || reason.back() == '\n')) reason.pop_back();
      refuse(spec_, reason);
    }
  }

  void evaluate(const double* parameters, const std::vector<double>& x,
                double* out) const override {
    Reader reader(spec_);
    curve(reader, parameters, x, out);
  }

  static void curve(Reader& reader, const double* parameters, const std::vector<double>& x,
                    double* out) {
    reader.set(parameters);
    for (std::size_t p = 0; p < x.size(); ++p) out[p] = reader.at(x[p]);
  }

  void start(double* parameters) const override {
    for (std::size_t k = 0; k < spec_.parameters.size(); ++k)
      parameters[k] = spec_.parameters[k].second;
  }

  // From the values of the last fit, and from those of the study: the better of the two.
  void search(const Points& points, double* parameters) const override {
    Reader reader(spec_);
    std::vector<double> best(parameters_count());
    start(best.data());
    double best_cost = descend(reader, points, best);
    std::vector<double> other(parameters, parameters + best.size());
    const bool given =
        std::all_of(other.begin(), other.end(), [](double v) { return std::isfinite(v); });
    if (given && descend(reader, points, other) < best_cost) best = other;
    std::copy(best.begin(), best.end(), parameters);
  }

  // Weighted residuals (points,); false where the formula is not a finite number.
  static bool residuals(Reader& reader, const Points& points, const std::vector<double>& parameters,
                        VectorXd& out) {
    std::vector<double> f(points.x.size());
    curve(reader, parameters.data(), points.x, f.data());
    out.resize(static_cast<Index>(f.size()));
    for (std::size_t p = 0; p < f.size(); ++p)
      out(static_cast<Index>(p)) = std::sqrt(points.w[p]) * (points.y[p] - f[p]);
    return out.allFinite();
  }

  static double descend(Reader& reader, const Points& points, std::vector<double>& parameters) {
    constexpr int kMostSteps = 200;
    const auto count = static_cast<Index>(parameters.size());
    VectorXd rest;
    if (!residuals(reader, points, parameters, rest))
      return std::numeric_limits<double>::infinity();
    double cost = rest.squaredNorm();
    double damping = 1e-3;
    MatrixXd jacobian(rest.size(), count);
    for (int step = 0; step < kMostSteps; ++step) {
      for (Index k = 0; k < count; ++k) {  // of the residuals, by central differences
        double& value = parameters[static_cast<std::size_t>(k)];
        const double was = value;
        const double move = 6e-6 * std::max(std::fabs(was), 1e-4);
        VectorXd up, down;
        value = was + move;
        const bool finite_up = residuals(reader, points, parameters, up);
        value = was - move;
        const bool finite_down = residuals(reader, points, parameters, down);
        value = was;
        if (finite_up && finite_down) {
          jacobian.col(k) = (up - down) / (2 * move);
        } else if (finite_up || finite_down) {
          jacobian.col(k) =
              finite_up ? VectorXd((up - rest) / move) : VectorXd((rest - down) / move);
        } else {
          jacobian.col(k).setZero();
        }
      }
      const MatrixXd curvature = jacobian.transpose() * jacobian;
      const VectorXd slope = jacobian.transpose() * rest;
      const double smallest = 1e-12 * curvature.diagonal().maxCoeff();
      bool moved = false;
      double gain = 0;
      while (damping < 1e12 && !moved) {
        MatrixXd damped = curvature;
        damped.diagonal() += damping * curvature.diagonal().cwiseMax(smallest);
        const VectorXd move = damped.ldlt().solve(slope);
        std::vector<double> trial = parameters;
        for (Index k = 0; k < count; ++k) trial[static_cast<std::size_t>(k)] -= move(k);
        VectorXd next;
        if (move.allFinite() && residuals(reader, points, trial, next) &&
            next.squaredNorm() < cost) {
          moved = true;
          gain = cost - next.squaredNorm();
          parameters = std::move(trial);
          rest = std::move(next);
          cost = rest.squaredNorm();
          damping = std::max(damping / 9, 1e-12);
        } else {
          damping *= 11;
        }
      }
      if (!moved || gain <= 1e-14 * cost) break;
    }
    return cost;
  }

  ExpertSpec spec_;
};

}  // namespace

std::unique_ptr<Expert> make_formula(const ExpertSpec& spec, const std::vector<double>& at) {
  return std::make_unique<Formula>(spec, at);
}

}  // namespace polycause::experts

namespace polycause {

bool has_formulas() { return true; }

}  // namespace polycause
