#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/parallel.h"
#include "data/array_stream.h"
#include "data/block_source.h"
#include "data/descriptors.h"
#include "data/pixels.h"
#include "polycause/error.h"

namespace polycause {
namespace {

/// What all pictures of a modality have in common; grows with the pictures seen.
struct Plan {
  std::size_t height = 0;  ///< 0 = that of the first picture
  std::size_t width = 0;
  std::size_t channels = 0;
  bool deep = false;  ///< more than 8 bits
  bool resize = false;
  std::string first;  ///< the picture that the size comes from
};

class PictureWriter {
 public:
  PictureWriter(const BlockContext& context, const Plan& plan, std::size_t participants)
      : plan_(plan), descriptors_({}, 0) {
    BlockShape shape;
    shape.kind = "image";
    shape.channels = plan.channels;
    shape.height = plan.height;
    shape.width = plan.width;
    shape.channel_names = plan.channels == 1 ? std::vector<std::string>{"grey"}
                                             : std::vector<std::string>{"red", "green", "blue"};
    blocks_ = std::make_shared<Blocks>(shape, participants,
                                       plan.deep ? BlockStorage::kFloat : BlockStorage::kByte,
                                       context.cache());
    descriptors_ = Descriptors(shape, participants);
  }

  /// May run in parallel for different rows.
  void write(std::size_t row, const Pixels& pixels) {
    const Pixels fitting =
        with_channels(resized(pixels, plan_.height, plan_.width), plan_.channels);
    const std::size_t area = fitting.height * fitting.width;
    std::vector<float> planes(fitting.values.size());  // (channels, height, width)
    for (std::size_t c = 0; c < fitting.channels; ++c) {
      for (std::size_t i = 0; i < area; ++i) {
        planes[c * area + i] = fitting.values[i * fitting.channels + c];
      }
    }
    blocks_->write(row, planes.data());
    descriptors_.describe(row, planes.data());
  }

  FilledBlocks finish() {
    FilledBlocks filled;
    filled.blocks = blocks_;
    filled.table = descriptors_.take();
    return filled;
  }

 private:
  const Plan plan_;
  std::shared_ptr<Blocks> blocks_;
  Descriptors descriptors_;
};

/// Shared by files and arrays: the plan that the study or the model asks for.
class ImageSource : public BlockSource {
 public:
  explicit ImageSource(const BlockContext& context) : context_(context) {}

  std::vector<bool> prepare(const std::vector<std::size_t>& rows) override {
    return std::vector<bool>(rows.size(), true);
  }

 protected:
  Plan first_plan() const {
    const BlockSpec& spec = context_.source.block;
    Plan plan;
    plan.height = spec.height;
    plan.width = spec.width;
    plan.resize = spec.height > 0;
    plan.channels = spec.colour == "grey" ? 1 : spec.colour == "rgb" ? 3 : 0;
    if (context_.fitted != nullptr) {
      plan.height = context_.fitted->height;
      plan.width = context_.fitted->width;
      plan.channels = context_.fitted->channels;
      plan.first = "the pictures of the model";
    }
    return plan;
  }

  bool colour_is_open() const {
    return context_.fitted == nullptr && context_.source.block.colour == "auto";
  }

  /// Takes a picture into account; true when the plan had to change.
  bool widen(Plan& plan, const Pixels& pixels, const std::string& where) const {
    bool changed = false;
    if (plan.height == 0) {
      plan.height = pixels.height;
      plan.width = pixels.width;
      plan.first = where;
      changed = true;
    } else if (!plan.resize && (pixels.height != plan.height || pixels.width != plan.width)) {
      throw DataError(
          where, 0, "",
          fmt::format("the picture has {} x {} pixels (height x width), {} has {} x {}; "
                      "expected one size; set size = N in the modality '{}' to resize "
                      "them",
                      pixels.height, pixels.width, plan.first, plan.height, plan.width,
                      context_.source.name));
    }
    if (plan.channels == 0 || (colour_is_open() && plan.channels < pixels.channels)) {
      plan.channels = pixels.channels;
      changed = true;
    }
    if (!plan.deep && pixels.bits > 8) {
      plan.deep = true;
      changed = true;
    }
    return changed;
  }

  const BlockContext context_;
};

class PictureFiles : public ImageSource {
 public:
  explicit PictureFiles(const BlockContext& context) : ImageSource(context) {
    FileList found =
        std::filesystem::is_directory(context.path())
            ? list_directory(context.path(), context.source.block.files, false, named_like_picture)
            : list_table(context, false);
    if (found.files.empty()) {
      throw DataError(context.path(), 0, "",
                      "holds no picture; expected <id>.png, .jpg, .jpeg, .tif or .dcm, or a table "
                      "of id and path; check the path");
    }
    list_ = std::move(found.list);
    files_ = std::move(found.files);
    ignored_ = found.ignored;
  }

  FilledBlocks fill(const std::vector<std::size_t>& rows) override {
    Plan plan = first_plan();
    std::vector<std::size_t> present;  // participants
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i] != kNoRow) present.push_back(i);
    }
    // The first picture settles the plan; a later one with colour or more bits starts again.
    if (!present.empty()) widen(plan, load(rows[present[0]], plan), file(rows[present[0]]));
    if (plan.channels == 0) plan = empty_plan(plan);
    for (;;) {
      PictureWriter writer(context_, plan, rows.size());
      if (fill_once(rows, present, plan, writer)) return writer.finish();
    }
  }

 private:
  const std::string& file(std::size_t row) const { return files_[row].front(); }

  static Plan empty_plan(Plan plan) {
    plan.channels = 1;
    if (plan.height == 0) plan.height = plan.width = 1;
    return plan;
  }

  /// Resized at once, so that few pictures are in memory at their full size.
  Pixels load(std::size_t row, const Plan& plan) const {
    require_listed(context_.source.block, list_, row, file(row));
    Pixels pixels = read_pixels(file(row));
    return plan.resize ? resized(pixels, plan.height, plan.width) : pixels;
  }

  /// False when the plan changed on the way.
  bool fill_once(const std::vector<std::size_t>& rows, const std::vector<std::size_t>& present,
                 Plan& plan, PictureWriter& writer) const {
    const std::size_t threads = thread_count(0);
    const std::size_t batch = 8 * threads;
    std::vector<Pixels> pixels(batch);
    for (std::size_t begin = 0; begin < present.size(); begin += batch) {
      const std::size_t count = std::min(batch, present.size() - begin);
      context_.tick("reading " + context_.source.name, begin, present.size());
      parallel_for(count, threads,
                   [&](std::size_t k) { pixels[k] = load(rows[present[begin + k]], plan); });
      bool changed = false;
      for (std::size_t k = 0; k < count; ++k) {
        changed = widen(plan, pixels[k], file(rows[present[begin + k]])) || changed;
      }
      if (changed) return false;
      parallel_for(count, threads,
                   [&](std::size_t k) { writer.write(present[begin + k], pixels[k]); });
    }
    return true;
  }

  std::vector<std::vector<std::string>> files_;
};

class PictureArray : public ImageSource {
 public:
  explicit PictureArray(const BlockContext& context)
      : ImageSource(context), array_(context.path(), context.study.id) {
    const std::vector<std::size_t>& shape = array_.shape();
    const auto colours = [](std::size_t n) { return n == 1 || n == 3; };
    height_ = shape.size() > 2 ? shape[1] : 0;
    width_ = shape.size() > 2 ? shape[2] : 0;
    if (shape.size() == 4) {
      first_ = !colours(shape[3]) && colours(shape[1]);
      if (!first_ && !colours(shape[3])) height_ = 0;
      channels_ = first_ ? shape[1] : shape[3];
      if (first_) {
        height_ = shape[2];
        width_ = shape[3];
      }
    }
    if (height_ == 0) {
      throw DataError(context.path(), 0, "",
                      fmt::format("the array has shape ({}); expected (n, height, width), (n, "
                                  "height, width, 1 or 3) or (n, 1 or 3, height, width)",
                                  fmt::join(shape, ", ")));
    }
    check_picture_size(context.path(), height_, width_);
    list_ = list_array(context.study, context.source, context.path(), shape[0], array_.ids());
  }

  FilledBlocks fill(const std::vector<std::size_t>& rows) override {
    std::vector<std::vector<std::size_t>> participants(list_.ids.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i] != kNoRow) participants[rows[i]].push_back(i);
    }
    Plan plan = first_plan();
    Pixels pixels;
    pixels.height = height_;
    pixels.width = width_;
    pixels.channels = channels_;
    pixels.bits = array_.bits();
    widen(plan, pixels, context_.path());
    PictureWriter writer(context_, plan, rows.size());
    std::vector<float> raw(array_.items());
    for (std::size_t k = 0; k < participants.size(); ++k) {
      if (k % 1024 == 0) {
        context_.tick("reading " + context_.source.name, k, participants.size());
      }
      array_.next(raw.data());
      if (participants[k].empty()) continue;
      scale(raw, k, pixels);
      for (const std::size_t row : participants[k]) writer.write(row, pixels);
    }
    return writer.finish();
  }

 private:
  void scale(const std::vector<float>& raw, std::size_t k, Pixels& pixels) const {
    const float most = array_.bits() == 8 ? 255.0F : array_.bits() == 16 ? 65535.0F : 1.0F;
    const std::size_t area = height_ * width_;
    pixels.values.resize(raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
      const float value = raw[i] / most;
      if (!(value >= 0 && value <= 1)) {
        throw DataError(context_.path(), k + 1, "",
                        fmt::format("a pixel is {}; expected 0 .. 1 in an array of this type; save "
                                    "uint8, or divide by the largest value",
                                    raw[i]));
      }
      pixels.values[first_ ? (i % area) * channels_ + i / area : i] = value;
    }
  }

  ArrayStream array_;
  std::size_t height_ = 0;
  std::size_t width_ = 0;
  std::size_t channels_ = 1;
  bool first_ = false;  ///< channels before height and width
};

}  // namespace

std::unique_ptr<BlockSource> open_images(const BlockContext& context) {
  const std::string path = context.path();
  if (!std::filesystem::is_directory(path) && ArrayStream::holds_array(path)) {
    return std::make_unique<PictureArray>(context);
  }
  return std::make_unique<PictureFiles>(context);
}

}  // namespace polycause
