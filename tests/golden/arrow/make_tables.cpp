// Writes the tables of this folder with Apache Arrow (20.0 was used); not part of the build:
//   g++ -std=c++20 make_tables.cpp -lparquet -larrow -o make_tables && ./make_tables
#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/ipc/writer.h>
#include <arrow/util/decimal.h>
#include <arrow/util/float16.h>
#include <parquet/arrow/writer.h>

#include <cmath>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

using arrow::Array;
using arrow::Status;

namespace {

template <class Builder, class Value>
std::shared_ptr<Array> build(Builder&& builder, const std::vector<std::optional<Value>>& values) {
  for (const auto& value : values) {
    const Status status = value ? builder.Append(*value) : builder.AppendNull();
    if (!status.ok()) std::abort();
  }
  return *builder.Finish();
}

template <class Builder>
std::shared_ptr<Array> texts(Builder&& builder,
                             const std::vector<std::optional<std::string>>& values) {
  return build<Builder, std::string>(std::forward<Builder>(builder), values);
}

std::shared_ptr<arrow::Table> people() {
  auto* const pool = arrow::default_memory_pool();
  const double nan = std::nan("");
  const float infinite = std::numeric_limits<float>::infinity();
  arrow::ListBuilder tags(pool, std::make_shared<arrow::StringBuilder>());
  for (int i = 0; i < 4; ++i) {
    if (!tags.Append().ok() ||
        !static_cast<arrow::StringBuilder*>(tags.value_builder())->Append("x").ok())
      std::abort();
  }
  const auto zoned = arrow::timestamp(arrow::TimeUnit::MICRO, "Europe/Berlin");
  const auto decimal = arrow::decimal128(6, 2);
  const auto half = [](float value) { return arrow::util::Float16::FromFloat(value).bits(); };
  const std::vector<std::pair<std::string, std::shared_ptr<Array>>> columns = {
      {"participant_id",
       build<arrow::Int64Builder, std::int64_t>(arrow::Int64Builder(), {101, 102, 103, 104})},
      {"age",
       build<arrow::DoubleBuilder, double>(arrow::DoubleBuilder(), {61.5, std::nullopt, nan, 0.1})},
      {"height",
       build<arrow::FloatBuilder, float>(arrow::FloatBuilder(), {0.1F, infinite, 2.0F, 1e-7F})},
      {"smoker", build<arrow::BooleanBuilder, bool>(arrow::BooleanBuilder(),
                                                    {true, false, std::nullopt, true})},
      {"site", texts(arrow::StringBuilder(), {"north", " south ", std::nullopt, "NA"})},
      {"stage", texts(arrow::StringDictionaryBuilder(), {"2", "1", "2", std::nullopt})},
      {"born", build<arrow::Date32Builder, std::int32_t>(arrow::Date32Builder(),
                                                         {0, -1, 19000, std::nullopt})},
      {"taken",
       build<arrow::TimestampBuilder, std::int64_t>(arrow::TimestampBuilder(zoned, pool),
                                                    {1500000, 0, std::nullopt, 1729203529000000})},
      {"dose",
       build<arrow::Decimal128Builder, arrow::Decimal128>(
           arrow::Decimal128Builder(decimal, pool),
           {arrow::Decimal128(1234), arrow::Decimal128(-5), std::nullopt, arrow::Decimal128(0)})},
      {"visits",
       build<arrow::UInt8Builder, std::uint8_t>(arrow::UInt8Builder(), {1, 2, std::nullopt, 255})},
      {"score",
       build<arrow::HalfFloatBuilder, std::uint16_t>(
           arrow::HalfFloatBuilder(), {half(1.5F), half(-2.0F), std::nullopt, half(0.25F)})},
      {"tags", *tags.Finish()}};
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  return arrow::Table::Make(arrow::schema(fields), arrays);
}

/// An index without a name, as pandas writes it: a last column.
std::shared_ptr<arrow::Table> indexed() {
  return arrow::Table::Make(
      arrow::schema(
          {arrow::field("x", arrow::int32()), arrow::field("__index_level_0__", arrow::utf8())}),
      {build<arrow::Int32Builder, std::int32_t>(arrow::Int32Builder(), {4, std::nullopt, 6}),
       texts(arrow::StringBuilder(), {"p1", "p2", "p3"})});
}

/// Five minutes apart, two people.
std::shared_ptr<arrow::Table> glucose() {
  std::vector<std::optional<std::string>> ids;
  std::vector<std::optional<std::int64_t>> times;
  std::vector<std::optional<double>> values;
  for (int person = 0; person < 2; ++person) {
    for (int i = 0; i < 12; ++i) {
      ids.emplace_back(person == 0 ? "a" : "b");
      times.emplace_back(1700000000000000000LL + 300000000000LL * i);
      values.emplace_back(90.0 + 10 * person + i);
    }
  }
  values[3].reset();
  const auto time = arrow::timestamp(arrow::TimeUnit::NANO);
  return arrow::Table::Make(
      arrow::schema({arrow::field("id", arrow::utf8()), arrow::field("time", time),
                     arrow::field("glucose", arrow::float64())}),
      {texts(arrow::StringBuilder(), ids),
       build<arrow::TimestampBuilder, std::int64_t>(
           arrow::TimestampBuilder(time, arrow::default_memory_pool()), times),
       build<arrow::DoubleBuilder, double>(arrow::DoubleBuilder(), values)});
}

Status write() {
  const auto properties =
      parquet::WriterProperties::Builder().compression(arrow::Compression::ZSTD)->build();
  const auto keep = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  const std::vector<std::pair<std::string, std::shared_ptr<arrow::Table>>> tables = {
      {"people.parquet", people()}, {"glucose.parquet", glucose()}};
  for (const auto& [name, table] : tables) {
    ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::FileOutputStream::Open(name));
    ARROW_RETURN_NOT_OK(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), file, 2,
                                                   properties, keep));
    ARROW_RETURN_NOT_OK(file->Close());
  }
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::FileOutputStream::Open("indexed.feather"));
  ARROW_ASSIGN_OR_RAISE(auto writer, arrow::ipc::MakeFileWriter(file, indexed()->schema()));
  ARROW_RETURN_NOT_OK(writer->WriteTable(*indexed()));
  ARROW_RETURN_NOT_OK(writer->Close());
  return file->Close();
}

}  // namespace

int main() {
  const Status status = write();
  if (!status.ok()) std::cerr << status.ToString() << '\n';
  return status.ok() ? 0 : 1;
}
