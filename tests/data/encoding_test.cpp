#include "data/encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/random.h"
#include "files_for_tests.h"

namespace polycause {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string> ids(std::size_t n) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < n; ++i) out.push_back(std::to_string(i));
  return out;
}

std::vector<std::size_t> all_rows(std::size_t n) {
  std::vector<std::size_t> rows(n);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

Table one(ColumnType type, std::vector<double> values, std::vector<std::string> levels = {}) {
  Table table;
  table.ids = ids(values.size());
  table.columns.push_back({"c", type, std::move(values), std::move(levels)});
  return table;
}

Table mixed_table(std::size_t n, std::uint64_t seed) {
  Random random(seed, "table");
  Table table;
  table.ids = ids(n);
  table.columns = {{"cont", ColumnType::kContinuous, {}, {}},
                   {"skew", ColumnType::kContinuous, {}, {}},
                   {"ord", ColumnType::kOrdinal, {}, {}},
                   {"bin", ColumnType::kBinary, {}, {}},
                   {"sex", ColumnType::kBinary, {}, {"F", "M"}},
                   {"cat", ColumnType::kCategorical, {}, {"a", "b", "c"}}};
  for (std::size_t i = 0; i < n; ++i) {
    table.columns[0].values.push_back(100 + 20 * random.normal());
    table.columns[1].values.push_back(std::exp(2 * random.normal()));
    table.columns[2].values.push_back(static_cast<double>(1 + random.below(5)));
    table.columns[3].values.push_back(random.uniform() < 0.1 ? 2 : 1);
    table.columns[4].values.push_back(random.coin() ? 1 : 0);
    table.columns[5].values.push_back(random.uniform() < 0.01 ? 2 : (random.coin() ? 1 : 0));
    for (Column& column : table.columns) {
      if (random.uniform() < 0.1) column.values.back() = kNaN;
    }
  }
  return table;
}

TEST(Encoding, RobustScalingMatchesNumpy) {
  // numpy: x = [1,2,3,4,10]; median 3, IQR 2
  const Table table = one(ColumnType::kContinuous, {1, 2, 3, 4, 10});
  const EncodedTable e = TableEncoding::fit(table, {}, all_rows(5)).apply(table);
  const double scale = 0.7413 * 2;
  EXPECT_FLOAT_EQ(e.x[0], static_cast<float>(-2 / scale));
  EXPECT_FLOAT_EQ(e.x[4], static_cast<float>(7 / scale));
}

TEST(Encoding, ZeroIqrUsesTheStandardDeviation) {
  std::vector<double> values(99, 0);
  values.push_back(10);
  const Table table = one(ColumnType::kContinuous, values);
  const EncodedTable e = TableEncoding::fit(table, {}, all_rows(100)).apply(table);
  const double sd = std::sqrt(0.01 * 0.99) * 10;
  EXPECT_NEAR(static_cast<double>(e.x[99]), 8 + std::log1p(10 / sd - 8), 1e-5);
}

TEST(Encoding, ExtremesAreClippedSoftlyInOrderAndInvertibly) {
  std::vector<double> values = {1e6, -1e9, 1e7};
  for (int i = 0; i < 100; ++i) values.push_back(i);
  const Table table = one(ColumnType::kContinuous, values);
  const TableEncoding encoding = TableEncoding::fit(table, {}, all_rows(values.size()));
  const EncodedTable e = encoding.apply(table);
  EXPECT_LT(e.x[0], 30);
  EXPECT_GT(e.x[1], -35);
  EXPECT_LT(e.x[0], e.x[2]);
  const Table back = encoding.decode(e.x, table.ids);
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(back.columns[0].values[i], values[i], 1e-4 * (1 + std::fabs(values[i])));
  }
}

TEST(Encoding, MissingIsZeroAndMasked) {
  const Table table = one(ColumnType::kContinuous, {5, kNaN, 7, 9});
  const EncodedTable e = TableEncoding::fit(table, {}, all_rows(4)).apply(table);
  EXPECT_THAT(e.mask, ElementsAre(1, 0, 1, 1));
  EXPECT_EQ(e.x[1], 0);
}

TEST(Encoding, OnlyTrainingRowsCount) {
  const Table table = one(ColumnType::kContinuous, {1, 2, 3, 4, 5, 1e6, 1e6});
  const TableEncoding part = TableEncoding::fit(table, {}, {0, 1, 2, 3, 4});
  const Table small = one(ColumnType::kContinuous, {1, 2, 3, 4, 5});
  EXPECT_EQ(part.to_json(), TableEncoding::fit(small, {}, all_rows(5)).to_json());
}

TEST(Encoding, RankNormalIsNormalMonotoneAndInvertible) {
  Random random(3, "ranks");
  std::vector<double> values;
  for (int i = 0; i < 5000; ++i) values.push_back(std::exp(3 * random.normal()));
  const Table table = one(ColumnType::kContinuous, values);
  const TableEncoding encoding = TableEncoding::fit(table, {true}, all_rows(5000));
  const EncodedTable e = encoding.apply(table);
  double mean = 0;
  double square = 0;
  double fourth = 0;
  for (const float x : e.x) {
    mean += static_cast<double>(x) / 5000;
    square += std::pow(static_cast<double>(x), 2) / 5000;
    fourth += std::pow(static_cast<double>(x), 4) / 5000;
  }
  EXPECT_NEAR(mean, 0, 0.01);
  EXPECT_NEAR(square, 1, 0.02);
  EXPECT_NEAR(fourth, 3, 0.25);
  for (std::size_t i = 1; i < 5000; ++i) {
    if (values[i] > values[i - 1]) {
      ASSERT_GE(e.x[i], e.x[i - 1]);
    }
  }
  const Table back = encoding.decode(e.x, table.ids);
  for (std::size_t i = 0; i < 5000; ++i) {
    ASSERT_NEAR(back.columns[0].values[i], values[i], 1e-3 * values[i] + 1e-6);
  }
  const Table outside = one(ColumnType::kContinuous, {-5, 1e12});
  const EncodedTable o = encoding.apply(outside);
  EXPECT_EQ(o.x[0], *std::min_element(e.x.begin(), e.x.end()));
  EXPECT_EQ(o.x[1], *std::max_element(e.x.begin(), e.x.end()));
}

TEST(Encoding, RankNormalIsUnchangedByAMonotoneMap) {
  Random random(4, "ranks");
  std::vector<double> values;
  std::vector<double> mapped;
  for (int i = 0; i < 400; ++i) {
    values.push_back(random.normal());
    mapped.push_back(std::exp(values.back()));
  }
  const Table a = one(ColumnType::kContinuous, values);
  const Table b = one(ColumnType::kContinuous, mapped);
  EXPECT_EQ(TableEncoding::fit(a, {true}, all_rows(400)).apply(a).x,
            TableEncoding::fit(b, {true}, all_rows(400)).apply(b).x);
}

TEST(Encoding, CategoriesAreOneHotStandardised) {
  const Table table = one(ColumnType::kCategorical, {0, 1, 2, 0}, {"a", "b", "c"});
  const TableEncoding encoding = TableEncoding::fit(table, {}, all_rows(4));
  const EncodedTable e = encoding.apply(table);
  EXPECT_EQ(e.width, 3U);
  EXPECT_THAT(encoding.source(), ElementsAre(0U, 0U, 0U));
  EXPECT_FLOAT_EQ(e.x[0], 1.0F);  // (1 - .5) / .5
  EXPECT_FLOAT_EQ(e.x[1], static_cast<float>(-0.25 / std::sqrt(0.25 * 0.75)));
  EXPECT_EQ(encoding.decode(e.x, table.ids).columns[0].values, table.columns[0].values);
}

TEST(Encoding, DecodeInvertsApplyOnEveryType) {
  const Table table = mixed_table(800, 5);
  const TableEncoding encoding =
      TableEncoding::fit(table, {false, true, false, false, false, false}, all_rows(800));
  EncodedTable e = encoding.apply(table);
  for (std::size_t i = 0; i < e.n; ++i) {
    for (std::size_t k = 0; k < e.width; ++k) {
      if (e.mask[i * 6 + encoding.source()[k]] == 0) e.x[i * e.width + k] = std::nanf("");
    }
  }
  const Table back = encoding.decode(e.x, table.ids);
  for (std::size_t j = 0; j < 6; ++j) {
    EXPECT_EQ(back.columns[j].levels, table.columns[j].levels);
    for (std::size_t i = 0; i < 800; ++i) {
      const double value = table.columns[j].values[i];
      if (std::isnan(value)) {
        ASSERT_TRUE(std::isnan(back.columns[j].values[i]));
      } else {
        ASSERT_NEAR(back.columns[j].values[i], value, 1e-3 * (1 + std::fabs(value)))
            << j << " " << i;
      }
    }
  }
}

TEST(Encoding, EveryNumberIsFiniteAndOfModerateSize) {
  const Table table = mixed_table(3000, 6);
  const TableEncoding encoding = TableEncoding::fit(table, {}, all_rows(3000));
  for (const float x : encoding.apply(table).x) {
    ASSERT_TRUE(std::isfinite(x));
    ASSERT_LT(std::fabs(x), 20);
  }
}

TEST(Encoding, JsonRoundTripGivesTheSameNumbers) {
  const Table table = mixed_table(500, 7);
  const TableEncoding encoding = TableEncoding::fit(table, {true, true}, all_rows(500));
  const TableEncoding again = TableEncoding::from_json(encoding.to_json());
  EXPECT_EQ(again.apply(table).x, encoding.apply(table).x);
  EXPECT_EQ(again.to_json(), encoding.to_json());
}

TEST(Encoding, MutatedJsonGivesAnEncodingOrADataError) {
  const Table table = mixed_table(60, 8);
  const std::string json = TableEncoding::fit(table, {true}, all_rows(60)).to_json();
  Random random(9, "json");
  for (int trial = 0; trial < 3000; ++trial) {
    std::string mutant = json;
    mutant[random.below(mutant.size())] = static_cast<char>(32 + random.below(95));
    try {
      const TableEncoding encoding = TableEncoding::from_json(mutant);
      encoding.apply(table);
    } catch (const DataError&) {
    }
  }
}

TEST(Encoding, RefusesOtherColumns) {
  Table table = mixed_table(50, 10);
  const TableEncoding encoding = TableEncoding::fit(table, {}, all_rows(50));
  table.columns[1].name = "other";
  EXPECT_THAT(error_of<DataError>([&] { encoding.apply(table); }), HasSubstr("'skew'"));
  table.columns.pop_back();
  EXPECT_THAT(error_of<DataError>([&] { encoding.apply(table); }),
              HasSubstr("5 columns; expected 6"));
}

TEST(Encoding, ColumnsWithoutATrainingValueAreHarmless) {
  for (const ColumnType type : {ColumnType::kContinuous, ColumnType::kBinary}) {
    const Table table = one(type, {kNaN, kNaN, 3, 5});
    const TableEncoding encoding = TableEncoding::fit(table, {true}, {0, 1});
    for (const float x : encoding.apply(table).x) EXPECT_TRUE(std::isfinite(x));
  }
  const Table table = one(ColumnType::kCategorical, {kNaN, 0, 1}, {"a", "b"});
  for (const float x : TableEncoding::fit(table, {}, {0}).apply(table).x)
    EXPECT_TRUE(std::isfinite(x));
}

TEST(Encoding, ExpectedValuesAreMeansNotGuesses) {
  Table table;
  table.ids = ids(10);
  table.columns = {
      {"weight", ColumnType::kContinuous, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, {}},
      {"smoker", ColumnType::kBinary, {1, 1, 1, 1, 1, 1, 2, 2, 2, 2}, {}},
      {"sex", ColumnType::kBinary, {0, 0, 0, 0, 0, 0, 0, 0, 1, 1}, {"F", "M"}},
      {"site", ColumnType::kCategorical, {0, 0, 0, 0, 0, 1, 1, 1, 2, 2}, {"a", "b", "c"}}};
  const TableEncoding encoding =
      TableEncoding::fit(table, {true, false, false, false}, all_rows(10));
  ASSERT_EQ(encoding.width(), 6U);
  std::vector<float> x = encoding.apply(table).x;
  Table found = encoding.expected(x, ids(10));
  std::vector<std::string> names;
  for (const Column& column : found.columns) names.push_back(column.name);
  EXPECT_THAT(names, ElementsAre("weight", "smoker=2", "sex=M", "site=a", "site=b", "site=c"));
  for (std::size_t i = 0; i < 10; ++i) {  // of what was seen, each share is 0 or 1
    EXPECT_NEAR(found.columns[0].values[i], table.columns[0].values[i], 1e-5);
    EXPECT_NEAR(found.columns[1].values[i], table.columns[1].values[i] - 1, 1e-6);
    EXPECT_NEAR(found.columns[2].values[i], table.columns[2].values[i], 1e-6);
    for (std::size_t k = 0; k < 3; ++k)
      EXPECT_NEAR(found.columns[3 + k].values[i],
                  table.columns[3].values[i] == static_cast<double>(k) ? 1 : 0, 1e-6);
  }
  // 0 is the mean of everything but ranks, whose middle it is; beyond the ends it is held.
  found = encoding.expected({0, 0, 0, 0, 0, 0, 9, 9, -9, 9, -9, 0}, ids(2));
  const double means[] = {5.5, 0.4, 0.2, 0.5, 0.3, 0.2};
  const double ends[] = {10, 1, 0, 1, 0, 0.2};
  for (std::size_t j = 0; j < 6; ++j) {
    EXPECT_NEAR(found.columns[j].values[0], means[j], 1e-6);
    EXPECT_NEAR(found.columns[j].values[1], ends[j], 1e-6);
  }
  EXPECT_THROW(encoding.expected({0, 0}, ids(2)), DataError);
}

TEST(Encoding, OtherUnitsAreFound) {
  Random random(5, "units");
  std::vector<double> metres;
  std::vector<double> pounds;
  std::vector<double> skewed;
  for (int i = 0; i < 200; ++i) {
    metres.push_back(1.67 + 0.1 * random.normal());
    pounds.push_back(2.2 * (80 + 14 * random.normal()));
    skewed.push_back(std::exp(1.5 * random.normal()));
  }
  const auto times = [](std::vector<double> values, double factor) {
    for (double& value : values) value *= factor;
    return values;
  };
  const auto found = [&](const std::vector<double>& fitted, const std::vector<double>& now,
                         bool rank) {
    return TableEncoding::fit(one(ColumnType::kContinuous, fitted), {rank}, all_rows(fitted.size()))
        .unlike(one(ColumnType::kContinuous, now));
  };
  for (const bool rank : {false, true}) {
    EXPECT_TRUE(found(skewed, skewed, rank).empty());
    EXPECT_TRUE(found(metres, {1.2, 2.3, 9, kNaN}, rank).empty());  // too few to tell
    const auto height = found(times(metres, 100), metres, rank);
    ASSERT_EQ(height.size(), 1U);
    EXPECT_EQ(height[0].column, "c");
    EXPECT_EQ(height[0].far, 200U);
    EXPECT_EQ(height[0].present, 200U);
    EXPECT_NEAR(height[0].low, 160, 3);
    EXPECT_NEAR(height[0].high, 174, 3);
    EXPECT_EQ(found(skewed, times(skewed, 88), rank).size(), 1U);
    std::vector<double> mixed = times(metres, 100);
    std::copy(metres.begin(), metres.begin() + 30, mixed.begin());
    EXPECT_EQ(found(times(metres, 100), mixed, rank).at(0).far, 30U);
  }
  EXPECT_EQ(found(times(pounds, 1 / 2.2), pounds, false).size(), 1U);
}

}  // namespace
}  // namespace polycause
