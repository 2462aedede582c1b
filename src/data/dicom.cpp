#include "data/dicom.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmimage/diregist.h>
#include <dcmtk/dcmimgle/dcmimage.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <fmt/format.h>

#include <cstddef>
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

/// The library looks for the frame header of a JPEG stream segment by segment, and never gets past
/// a marker FF 01 between two of them, which no scanner writes.
bool is_endless_jpeg(DcmDataset& data) {
  DcmElement* element = nullptr;
  if (data.findAndGetElement(DCM_PixelData, element).bad()) return false;
  auto* pixels = dynamic_cast<DcmPixelData*>(element);
  DcmPixelSequence* sequence = nullptr;
  DcmPixelItem* item = nullptr;  // the first lists where frames begin
  Uint8* bytes = nullptr;
  if (pixels == nullptr ||
      pixels->getEncapsulatedRepresentation(data.getOriginalXfer(), nullptr, sequence).bad() ||
      sequence == nullptr || sequence->getItem(item, 1).bad() || item == nullptr ||
      item->getUint8Array(bytes).bad() || bytes == nullptr)
    return false;
  const std::size_t size = item->getLength();
  for (std::size_t at = 0; at + 4 < size && bytes[at] == 0xFF;) {
    const unsigned marker = bytes[at + 1];
    if (marker == 0x01) return true;
    const bool alone = (marker >= 0xD0 && marker <= 0xD9) || marker < 0xC0;
    const std::size_t length = std::size_t{bytes[at + 2]} * 256 + bytes[at + 3];
    at += marker == 0xFF ? 1 : alone ? 2 : 2 + length;
  }
  return false;
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
  if (is_endless_jpeg(data)) {
    throw DataError(where, 0, "",
                    "its JPEG stream is damaged; expected its frame header; copy it again");
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
