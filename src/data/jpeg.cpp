#include <csetjmp>
#include <cstddef>
#include <cstdio>
// jpeglib.h needs what stands above.
#include <jerror.h>
#include <jpeglib.h>

#include <vector>

#include "data/pixels.h"
#include "polycause/error.h"

namespace polycause {
namespace {

/// libjpeg leaves by its error handler, which jumps back here; what lives across its calls are
/// members, and the functions that call it hold nothing with a destructor.
class JpegDecoder {
 public:
  JpegDecoder(const std::string& where, const std::string& bytes) : where_(where), bytes_(bytes) {
    jpeg_.err = jpeg_std_error(&errors_);
    errors_.error_exit = &JpegDecoder::on_error;
    errors_.emit_message = &JpegDecoder::on_message;
    errors_.output_message = [](j_common_ptr) {};
    jpeg_.client_data = this;
  }
  ~JpegDecoder() { jpeg_destroy_decompress(&jpeg_); }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  Pixels decode() {
    if (!read_header()) fail();
    check_picture_size(where_, jpeg_.image_height, jpeg_.image_width);
    if (jpeg_.jpeg_color_space == JCS_CMYK || jpeg_.jpeg_color_space == JCS_YCCK) {
      throw DataError(where_, 0, "",
                      "the JPEG has printing colours (CMYK); expected grey or RGB; convert it");
    }
    if (!start()) fail();
    row_.resize(jpeg_.output_width * static_cast<std::size_t>(jpeg_.output_components));
    pixels_.height = jpeg_.output_height;
    pixels_.width = jpeg_.output_width;
    pixels_.channels = static_cast<std::size_t>(jpeg_.output_components);
    pixels_.values.resize(row_.size() * pixels_.height);
    if (!read_rows()) fail();
    return std::move(pixels_);
  }

 private:
  static void on_error(j_common_ptr jpeg) {
    auto* self = static_cast<JpegDecoder*>(jpeg->client_data);
    jpeg->err->format_message(jpeg, self->message_);
    std::longjmp(self->back_, 1);
  }
  /// Damage that libjpeg would paint over in grey is an error here; oddities of headers are not.
  static void on_message(j_common_ptr jpeg, int level) {
    const int code = jpeg->err->msg_code;
    if (level >= 0 || code == JWRN_EXTRANEOUS_DATA || code == JWRN_JFIF_MAJOR ||
        code == JWRN_ADOBE_XFORM) {
      return;
    }
    on_error(jpeg);
  }

  bool read_header() {
    if (setjmp(back_) != 0) return false;
    jpeg_create_decompress(&jpeg_);
    jpeg_mem_src(&jpeg_, reinterpret_cast<const unsigned char*>(bytes_.data()),
                 static_cast<unsigned long>(bytes_.size()));
    jpeg_read_header(&jpeg_, TRUE);
    return true;
  }

  bool start() {
    if (setjmp(back_) != 0) return false;
    jpeg_.out_color_space = jpeg_.jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&jpeg_);
    return true;
  }

  bool read_rows() {
    if (setjmp(back_) != 0) return false;
    while (jpeg_.output_scanline < jpeg_.output_height) {
      float* out = &pixels_.values[jpeg_.output_scanline * row_.size()];
      JSAMPROW row = row_.data();
      jpeg_read_scanlines(&jpeg_, &row, 1);
      for (std::size_t i = 0; i < row_.size(); ++i) out[i] = static_cast<float>(row[i]) / 255.0F;
    }
    jpeg_finish_decompress(&jpeg_);
    return true;
  }

  [[noreturn]] void fail() const {
    throw DataError(where_, 0, "",
                    std::string("the JPEG is damaged (") + message_ +
                        "); expected a complete picture; copy or convert it again");
  }

  const std::string& where_;
  const std::string& bytes_;
  jpeg_decompress_struct jpeg_{};
  jpeg_error_mgr errors_{};
  std::jmp_buf back_{};
  char message_[JMSG_LENGTH_MAX] = {};
  std::vector<JSAMPLE> row_;
  Pixels pixels_;
};

}  // namespace

Pixels decode_jpeg(const std::string& where, const std::string& bytes) {
  return JpegDecoder(where, bytes).decode();
}

}  // namespace polycause
