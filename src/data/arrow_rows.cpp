#include "data/arrow_rows.h"

#include <arrow/api.h>
#include <arrow/compute/cast.h>
#include <arrow/io/api.h>
#include <arrow/ipc/reader.h>
#include <arrow/util/config.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>

#include <algorithm>
#include <new>
#include <numeric>
#include <utility>

#include "data/bytes.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr std::size_t kLargest = std::size_t{16} << 30U;
constexpr std::int64_t kCells = 1 << 20;  ///< of a batch

/// What both kinds of file give: a schema, and batches of the columns asked for.
class Source {
 public:
  explicit Source(std::string path) : path_(std::move(path)) {}
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;
  virtual std::shared_ptr<arrow::Schema> schema() = 0;
  virtual void start(const std::vector<std::size_t>& columns) = 0;
  /// Null at the end; its columns are those of `start`, in their order.
  virtual std::shared_ptr<arrow::RecordBatch> next() = 0;
  virtual std::int64_t rows() const = 0;  ///< 0 = not known

 protected:
  void require(const arrow::Status& status) const {
    if (status.ok()) return;
    if (status.IsOutOfMemory()) throw std::bad_alloc();
    std::string reason = status.message();
    std::replace(reason.begin(), reason.end(), '\n', ' ');
    throw DataError(path_, 0, "",
                    "cannot be read (" + reason +
                        "); expected a complete Parquet or Arrow file; copy or write it again");
  }
  template <class Value>
  Value take(arrow::Result<Value> result) const {
    require(result.status());
    return std::move(result).ValueUnsafe();
  }
  const std::string path_;
};

class ParquetSource : public Source {
 public:
  ParquetSource(const std::string& path, const std::shared_ptr<arrow::io::RandomAccessFile>& file)
      : Source(path) {
    parquet::arrow::FileReaderBuilder builder;
    require(builder.Open(file));
    require(builder.Build(&reader_));
    reader_->set_use_threads(false);
  }

  std::shared_ptr<arrow::Schema> schema() override {
    std::shared_ptr<arrow::Schema> schema;
    require(reader_->GetSchema(&schema));
    return schema;
  }

  void start(const std::vector<std::size_t>& columns) override {
    std::vector<int> leaves;
    for (const std::size_t column : columns) {
      leaves.push_back(reader_->manifest().schema_fields[column].column_index);
    }
    std::vector<int> groups(static_cast<std::size_t>(reader_->num_row_groups()));
    std::iota(groups.begin(), groups.end(), 0);
    const auto width = static_cast<std::int64_t>(std::max<std::size_t>(columns.size(), 1));
    reader_->set_batch_size(std::clamp<std::int64_t>(kCells / width, 16, 1 << 16));
#if ARROW_VERSION_MAJOR >= 20
    batches_ = take(reader_->GetRecordBatchReader(groups, leaves));
#else
    require(reader_->GetRecordBatchReader(groups, leaves, &batches_));
#endif
  }

  std::shared_ptr<arrow::RecordBatch> next() override { return take(batches_->Next()); }
  std::int64_t rows() const override { return reader_->parquet_reader()->metadata()->num_rows(); }

 private:
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
};

class ArrowSource : public Source {
 public:
  ArrowSource(const std::string& path, std::shared_ptr<arrow::io::RandomAccessFile> file)
      : Source(path), file_(std::move(file)) {
    reader_ = take(arrow::ipc::RecordBatchFileReader::Open(file_));
  }

  std::shared_ptr<arrow::Schema> schema() override { return reader_->schema(); }

  void start(const std::vector<std::size_t>& columns) override {
    arrow::ipc::IpcReadOptions options;
    options.use_threads = false;
    options.included_fields.assign(columns.begin(), columns.end());
    reader_ = take(arrow::ipc::RecordBatchFileReader::Open(file_, options));
    batch_ = 0;
  }

  std::shared_ptr<arrow::RecordBatch> next() override {
    if (batch_ == reader_->num_record_batches()) return nullptr;
    std::shared_ptr<arrow::RecordBatch> batch = take(reader_->ReadRecordBatch(batch_++));
    require(batch->ValidateFull());  // as the file says what lies where
    return batch;
  }
  std::int64_t rows() const override { return 0; }

 private:
  std::shared_ptr<arrow::io::RandomAccessFile> file_;
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> reader_;
  int batch_ = 0;
};

class ArrowRows : public RowStream {
 public:
  explicit ArrowRows(const std::string& path) : path_(path) {
    std::string head(6, '\0');
    {
      ByteStream stream(path);
      head.resize(stream.read(head.data(), head.size()));
    }
    const bool parquet = head.compare(0, 4, "PAR1") == 0;
    if (!parquet && head != "ARROW1") {
      const std::string known = known_content(head);
      throw DataError(path, 0, "",
                      (known.empty() ? std::string("the content is no Parquet or Arrow file")
                                     : "the content looks like " + known) +
                          "; expected a file that begins with PAR1 or ARROW1; correct the name or "
                          "write it again");
    }
    std::shared_ptr<arrow::io::RandomAccessFile> file;
    if (plain_name(path).size() != path.size()) {
      file = std::make_shared<arrow::io::BufferReader>(
          arrow::Buffer::FromString(read_bytes(path, kLargest)));
    } else {
      auto opened = arrow::io::ReadableFile::Open(path);
      if (!opened.ok()) throw DataError(path, 0, "", opened.status().message());
      file = *opened;
    }
    guarded([&] {
      if (parquet) {
        source_ = std::make_unique<ParquetSource>(path, file);
      } else {
        source_ = std::make_unique<ArrowSource>(path, file);
      }
      read_names();
    });
  }

  bool next(std::vector<RowField>& fields) override {
    if (!named_) {
      named_ = true;
      fields.clear();
      for (const std::size_t column : order_) {
        const std::string& name = schema_->field(static_cast<int>(column))->name();
        fields.push_back({is_index(name) ? std::string_view() : std::string_view(name)});
      }
      return true;
    }
    bool more = true;
    if (row_ == rows_in_batch_) guarded([&] { more = next_batch(); });
    if (!more) return false;
    fields.assign(order_.size(), RowField());
    for (std::size_t k = 0; k < needed_.size(); ++k) {
      if (cells_[k]->IsNull(row_)) continue;
      const std::string_view text = cells_[k]->GetView(row_);
      if (!real_[k] || is_finite(text)) fields[needed_[k]].text = text;
    }
    ++row_;
    ++line_;
    return true;
  }

  std::size_t line() const override { return line_; }
  std::size_t expected_rows(std::size_t) const override {
    return static_cast<std::size_t>(std::max<std::int64_t>(source_->rows(), 0));
  }
  void need(const std::vector<std::size_t>& columns) override { needed_ = columns; }

 private:
  /// Parquet throws, Arrow does not; either way the file is to blame.
  template <class Work>
  void guarded(const Work& work) const {
    try {
      work();
    } catch (const parquet::ParquetException& error) {
      throw DataError(path_, 0, "",
                      std::string("cannot be read (") + error.what() +
                          "); expected a complete Parquet file; copy or write it again");
    }
  }

  static bool is_index(const std::string& name) { return name.rfind("__index_level_", 0) == 0; }

  void read_names() {
    schema_ = source_->schema();
    order_.resize(static_cast<std::size_t>(schema_->num_fields()));
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::stable_partition(order_.begin(), order_.end(), [&](std::size_t column) {
      return is_index(schema_->field(static_cast<int>(column))->name());
    });
    needed_.resize(order_.size());
    std::iota(needed_.begin(), needed_.end(), std::size_t{0});
  }

  bool next_batch() {
    if (!started_) {
      started_ = true;
      std::vector<std::size_t> columns;
      for (const std::size_t column : needed_) {
        const auto field = schema_->field(static_cast<int>(order_[column]));
        if (field->type()->num_fields() > 0 && field->type()->id() != arrow::Type::DICTIONARY) {
          fail_type(*field);
        }
        real_.push_back(is_real(*field->type()));
        columns.push_back(order_[column]);
      }
      // Sources give columns in the order of the file.
      std::vector<std::size_t> sorted = columns;
      std::sort(sorted.begin(), sorted.end());
      for (const std::size_t column : columns) {
        place_.push_back(static_cast<int>(std::lower_bound(sorted.begin(), sorted.end(), column) -
                                          sorted.begin()));
      }
      source_->start(sorted);
    }
    std::shared_ptr<arrow::RecordBatch> batch;
    do {
      batch = source_->next();
      if (!batch) return false;
    } while (batch->num_rows() == 0);
    cells_.clear();
    for (const int place : place_) {
      cells_.push_back(as_texts(*batch->schema()->field(place), batch->column(place)));
    }
    row_ = 0;
    rows_in_batch_ = batch->num_rows();
    return true;
  }

  [[noreturn]] void fail_type(const arrow::Field& field) const {
    throw DataError(path_, 0, field.name(),
                    "holds " + field.type()->ToString() +
                        "; expected numbers, texts, flags, categories, dates or times; leave the "
                        "column out with exclude");
  }

  std::shared_ptr<arrow::Array> cast(const arrow::Field& field,
                                     const std::shared_ptr<arrow::Array>& array,
                                     const std::shared_ptr<arrow::DataType>& type) const {
    auto result = arrow::compute::Cast(*array, type, arrow::compute::CastOptions::Unsafe());
    if (!result.ok()) fail_type(field);
    return *result;
  }

  std::shared_ptr<arrow::StringArray> as_texts(const arrow::Field& field,
                                               std::shared_ptr<arrow::Array> array) const {
    if (array->type_id() == arrow::Type::DICTIONARY) {
      array = cast(field, array,
                   static_cast<const arrow::DictionaryType&>(*array->type()).value_type());
    }
    switch (array->type_id()) {
      case arrow::Type::BOOL:
        array = cast(field, array, arrow::uint8());
        break;
      case arrow::Type::HALF_FLOAT:
        array = cast(field, array, arrow::float32());
        break;
      case arrow::Type::DURATION:
        array = cast(field, array, arrow::int64());
        break;
      case arrow::Type::TIMESTAMP: {  // a zone would need a data base of zones
        const auto unit = static_cast<const arrow::TimestampType&>(*array->type()).unit();
        auto plain = array->View(arrow::timestamp(unit));
        if (!plain.ok()) fail_type(field);
        array = *plain;
        break;
      }
      default:
        break;
    }
    return std::static_pointer_cast<arrow::StringArray>(cast(field, array, arrow::utf8()));
  }

  static bool is_real(const arrow::DataType& type) {
    if (type.id() != arrow::Type::DICTIONARY) return arrow::is_floating(type.id());
    return arrow::is_floating(static_cast<const arrow::DictionaryType&>(type).value_type()->id());
  }

  /// Of the text of a number: "nan", "inf" and "-inf" are the others.
  static bool is_finite(std::string_view text) { return text.find('n') == std::string_view::npos; }

  const std::string path_;
  std::unique_ptr<Source> source_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::size_t> order_;   ///< columns of the file, an index first
  std::vector<std::size_t> needed_;  ///< positions in order_
  std::vector<int> place_;           ///< (needed_.size(),) columns of a batch
  std::vector<bool> real_;           ///< (needed_.size(),) columns that can hold NaN
  std::vector<std::shared_ptr<arrow::StringArray>> cells_;  ///< (needed_.size(),) of the batch
  std::int64_t row_ = 0;
  std::int64_t rows_in_batch_ = 0;
  std::size_t line_ = 0;
  bool named_ = false;
  bool started_ = false;
};

}  // namespace

bool has_arrow() { return true; }

std::unique_ptr<RowStream> open_arrow_rows(const std::string& path) {
  return std::make_unique<ArrowRows>(path);
}

}  // namespace polycause
