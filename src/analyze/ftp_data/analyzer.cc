// SPDX-License-Identifier: Apache-2.0
// FTP's data connections: whatever either side sends is a file.
#include "analyze/analyzer.h"

namespace quaywatch::analyze::ftp_data {
namespace {

class FtpDataAnalyzer : public Analyzer {
 public:
  explicit FtpDataAnalyzer(Context& context) : context_(context) { context.Confirm(); }

  void OnStream(model::Direction from, base::Bytes bytes) override {
    Side& side = Open(from);
    side.file->Data(bytes);
    TellType(side);
  }

  void OnGap(model::Direction from, uint64_t length) override {
    Side& side = Open(from);
    side.file->Gap(length);
    TellType(side);
  }

  void OnClose() override {
    for (Side& side : sides_) {
      if (side.file == nullptr) continue;
      side.file->End();
      TellType(side);
    }
  }

 private:
  struct Side {
    std::unique_ptr<File> file;
    bool type_told = false;
  };

  Side& Open(model::Direction from) {
    Side& side = sides_[static_cast<size_t>(from)];
    if (side.file == nullptr) {
      side.file = context_.OpenFile({.source = "FTP_DATA", .from = from});
      if (CarriedFile* const carried = context_.carried_file()) carried->fuid = side.file->fuid();
    }
    return side;
  }

  void TellType(Side& side) {
    if (side.type_told || side.file->mime_type().empty()) return;
    side.type_told = true;
    if (CarriedFile* const carried = context_.carried_file()) carried->mime_type = side.file->mime_type();
  }

  Context& context_;
  Side sides_[2];  // by direction
};

}  // namespace

extern const AnalyzerSpec kSpec;
const AnalyzerSpec kSpec{
    .name = "ftp-data",
    .help = "Files transferred by FTP",
    .make = [](Context& context) -> std::unique_ptr<Analyzer> { return std::make_unique<FtpDataAnalyzer>(context); },
};

}  // namespace quaywatch::analyze::ftp_data
