#include <png.h>

#include <csetjmp>
#include <cstring>
#include <vector>

#include "data/pixels.h"
#include "polycause/error.h"

namespace polycause {
namespace {

/// libpng leaves by longjmp on errors, so what lives across its calls lives here, and the functions
/// that call it hold nothing with a destructor.
class PngDecoder {
 public:
  PngDecoder(const std::string& where, const std::string& bytes) : where_(where), bytes_(bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, &PngDecoder::on_error,
                                  &PngDecoder::on_warning);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) throw DataError(where_, 0, "", "no memory to decode the picture");
  }
  ~PngDecoder() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;

  Pixels decode() {
    if (!read_header()) fail();
    check_picture_size(where_, height_, width_);
    if (!prepare_rows()) fail();
    bytes_per_row_ = png_get_rowbytes(png_, info_);
    image_.resize(bytes_per_row_ * height_);
    for (std::size_t y = 0; y < height_; ++y) rows_.push_back(&image_[y * bytes_per_row_]);
    if (!read_rows()) fail();
    return to_pixels();
  }

 private:
  static void on_error(png_structp png, png_const_charp message) {
    auto* self = static_cast<PngDecoder*>(png_get_error_ptr(png));
    std::strncpy(self->message_, message, sizeof self->message_ - 1);
    png_longjmp(png, 1);
  }
  static void on_warning(png_structp, png_const_charp) {}
  static void on_read(png_structp png, png_bytep out, std::size_t size) {
    auto* self = static_cast<PngDecoder*>(png_get_io_ptr(png));
    if (size > self->bytes_.size() - self->at_) png_error(png, "the file ends too early");
    std::memcpy(out, self->bytes_.data() + self->at_, size);
    self->at_ += size;
  }

  bool read_header() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_read_fn(png_, this, &PngDecoder::on_read);
    png_set_user_limits(png_, 0x7fffffff, 0x7fffffff);  // the size has a check of its own
    png_set_chunk_malloc_max(png_, 1U << 26U);
    png_read_info(png_, info_);
    width_ = png_get_image_width(png_, info_);
    height_ = png_get_image_height(png_, info_);
    return true;
  }

  bool prepare_rows() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_expand(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    depth_ = png_get_bit_depth(png_, info_);
    samples_ = png_get_channels(png_, info_);
    return true;
  }

  bool read_rows() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_image(png_, rows_.data());
    png_read_end(png_, nullptr);
    return true;
  }

  float sample(const png_byte* at) const {
    return depth_ == 16 ? static_cast<float>(at[0] * 256 + at[1]) / 65535.0F
                        : static_cast<float>(at[0]) / 255.0F;
  }

  Pixels to_pixels() const {
    const bool alpha = samples_ == 2 || samples_ == 4;
    Pixels pixels;
    pixels.height = height_;
    pixels.width = width_;
    pixels.channels = samples_ <= 2 ? 1 : 3;
    pixels.bits = depth_ == 16 ? 16 : 8;
    pixels.values.reserve(height_ * width_ * pixels.channels);
    const std::size_t step = depth_ == 16 ? 2 : 1;
    for (const png_byte* row : rows_) {
      for (std::size_t x = 0; x < width_; ++x, row += step * samples_) {
        const float cover = alpha ? sample(row + step * pixels.channels) : 1.0F;
        for (std::size_t c = 0; c < pixels.channels; ++c) {
          pixels.values.push_back(cover * sample(row + step * c));
        }
      }
    }
    return pixels;
  }

  [[noreturn]] void fail() const {
    throw DataError(where_, 0, "",
                    std::string("the PNG is damaged (") + message_ +
                        "); expected a complete picture; copy or convert it again");
  }

  const std::string& where_;
  const std::string& bytes_;
  std::size_t at_ = 0;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  char message_[128] = {};
  std::size_t width_ = 0;
  std::size_t height_ = 0;
  std::size_t bytes_per_row_ = 0;
  int depth_ = 8;
  std::size_t samples_ = 1;
  std::vector<png_byte> image_;
  std::vector<png_bytep> rows_;
};

}  // namespace

Pixels decode_png(const std::string& where, const std::string& bytes) {
  return PngDecoder(where, bytes).decode();
}

}  // namespace polycause
