#include "data/dicom.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmimage/diregist.h>
#include <dcmtk/dcmimgle/dcmimage.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <fmt/format.h>

#include <cstdint>
#include <vector>

#include "polycause/error.h"

namespace polycause {
namespace {

/// Once per process: decoders known, nothing printed.
void prepare_library() {
  static const bool done = [] {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    DJDecoderRegistration::registerCodecs();
    DJLSDecoderRegistration::registerCodecs();
    DcmRLEDecoderRegistration::registerCodecs();
    return true;
  }();
  static_cast<void>(done);
}

std::string compression(const DcmDataset& data) {
  const DcmXfer syntax(data.getOriginalXfer());
  return syntax.getXferName();
}

}  // namespace

bool has_dicom() { return true; }

Pixels decode_dicom(const std::string& where, const std::string& bytes) {
  prepare_library();
  DcmInputBufferStream stream;
  stream.setBuffer(bytes.data(), static_cast<offile_off_t>(bytes.size()));
  stream.setEos();
  DcmFileFormat file;
  file.transferInit();
  const OFCondition read = file.read(stream);
  file.transferEnd();
  if (read.bad()) {
    throw DataError(where, 0, "",
                    fmt::format("is damaged or no DICOM file ({}); expected one DICOM picture; "
                                "copy it again",
                                read.text()));
  }
  DcmDataset& data = *file.getDataset();
  Uint16 rows = 0;
  Uint16 columns = 0;
  if (data.findAndGetUint16(DCM_Rows, rows).bad() ||
      data.findAndGetUint16(DCM_Columns, columns).bad()) {
    throw DataError(where, 0, "", "holds no picture; expected rows and columns of pixels");
  }
  check_picture_size(where, rows, columns);
  Sint32 frames = 1;
  if (data.findAndGetSint32(DCM_NumberOfFrames, frames).good() && frames != 1) {
    throw DataError(
        where, 0, "",
        fmt::format("holds {} frames; expected 1; export the frame that counts", frames));
  }
  DicomImage image(&data, data.getOriginalXfer(), CIF_MayDetachPixelData);
  if (image.getStatus() != EIS_Normal) {
    throw DataError(
        where, 0, "",
        fmt::format("its pixels cannot be read ({}; stored as {}); expected pixels as "
                    "they are, JPEG or JPEG-LS; convert it with dcmconv or gdcmconv --raw",
                    DicomImage::getString(image.getStatus()), compression(data)));
  }
  if (image.isMonochrome()) {
    image.setNoVoiTransformation();
    image.removeAllOverlays();
  }
  Pixels pixels;
  pixels.height = image.getHeight();
  pixels.width = image.getWidth();
  pixels.channels = image.isMonochrome() ? 1 : 3;
  pixels.bits = image.getDepth() > 8 ? 16 : 8;
  std::vector<std::uint16_t> buffer(pixels.height * pixels.width * pixels.channels);
  const unsigned long size = image.getOutputDataSize(16);
  if (size != buffer.size() * sizeof(buffer[0]) ||
      image.getOutputData(buffer.data(), size, 16) == 0) {
    throw DataError(where, 0, "",
                    "its pixels cannot be converted; expected grey or colour values; convert it");
  }
  pixels.values.reserve(buffer.size());
  for (const std::uint16_t value : buffer)
    pixels.values.push_back(static_cast<float>(value) / 65535.0F);
  return pixels;
}

}  // namespace polycause
