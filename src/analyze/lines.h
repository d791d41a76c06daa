// SPDX-License-Identifier: Apache-2.0
//
// The lines of one side of a text protocol (HTTP, SMTP, FTP), and blocks of plain bytes between them.
// A line that lies whole in the bytes fed is handed on where it is; only a line cut by the end of the
// bytes is copied. The outcome is the same wherever the stream is cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "analyze/context.h"
#include "base/bytes.h"

namespace quaywatch::analyze {

// The longest line kept; a longer one comes in pieces of this size.
inline constexpr size_t kMaxLine = 256 * 1024;

class LineSink {
 public:
  virtual ~LineSink() = default;
  // A line without its end; valid during the call. `ended` is false for a piece of a line that is longer
  // than kMaxLine: more of it follows.
  virtual void OnLine(std::string_view line, bool ended) = 0;
  // The bytes asked for with SetPlain, in as many pieces as they arrive in.
  virtual void OnPlain(base::Bytes) {}
};

// What is reported once per flow, whichever side does it first; both sides of a flow share one.
class LineOddities {
 public:
  explicit LineOddities(Context& context) : context_(context) {}
  void SingleCr() { Once(single_cr_, "line_terminated_with_single_CR"); }
  void SingleLf() { Once(single_lf_, "line_terminated_with_single_LF"); }
  void Nul() { Once(nul_, "NUL_in_line"); }
  void TooLong() { Report("contentline_size_exceeded"); }
  void Unterminated() { Report("line_terminated_without_CRLF"); }

 private:
  void Once(bool& reported, std::string_view name) {
    if (!reported) Report(name);
    reported = true;
  }
  void Report(std::string_view name) { context_.Weird(name, {}, "CONTENTLINE"); }

  Context& context_;
  bool single_cr_ = false;
  bool single_lf_ = false;
  bool nul_ = false;
};

class Lines {
 public:
  // What ends a line: CRLF alone, also LF, also CR.
  enum class Ends : uint8_t { kCrlfOnly, kLf, kAny };

  // Both must outlive this.
  Lines(LineSink& sink, LineOddities& oddities) : sink_(sink), oddities_(oddities) {}

  // Takes the next bytes and returns how many it has consumed: all, unless the sink called Stop().
  size_t Feed(base::Bytes bytes);
  // The stream has ended: what is left of a line is a line, unless only CRLF ends lines.
  void Finish();

  // The following may be called at any time, by the sink too; they concern the bytes after the line or
  // the plain bytes being delivered.
  void SetEnds(Ends ends) { ends_ = ends; }
  // Whether odd line ends are reported; by default they are.
  void SetReport(bool report) { report_ = report; }
  // The first NUL in the lines is reported and left out.
  void WatchNul() { watch_nul_ = true; }
  // The next `length` bytes are no lines; 0 goes back to lines.
  void SetPlain(uint64_t length) { plain_ = length; }
  // A block of `length` bytes of lines begins: a line that is unfinished where the block ends is a line.
  void SetBlock(uint64_t length) {
    block_ = length;
    cr_in_block_ = false;
  }
  // No more bytes are consumed. Feed returns.
  void Stop() { stopped_ = true; }

  bool stopped() const { return stopped_; }
  bool has_partial() const { return !partial_.empty(); }
  // The last byte ended a line and was a CR: an LF that follows belongs to it.
  bool after_cr() const { return after_cr_; }
  // While in the sink: bytes of the same Feed after the line or the plain bytes being delivered.
  size_t left() const { return left_; }

 private:
  const uint8_t* OneLine(const uint8_t* at, const uint8_t* end);
  const uint8_t* FindEnd(const uint8_t* at, const uint8_t* stop);
  void Emit(std::string_view line, bool ended);
  void EmitPartial(bool ended);
  void CountBlock(size_t bytes) { block_ -= bytes < block_ ? bytes : block_; }

  LineSink& sink_;
  LineOddities& oddities_;
  std::string partial_;  // the beginning of a line whose end was not seen; at most kMaxLine bytes
  uint64_t plain_ = 0;
  uint64_t block_ = 0;  // bytes until the block's end; 0 if there is none
  size_t left_ = 0;
  Ends ends_ = Ends::kAny;
  bool report_ = true;
  bool watch_nul_ = false;
  bool after_cr_ = false;  // the last byte ended a line and was a CR: an LF now belongs to it
  bool cr_in_block_ = false;
  bool stopped_ = false;
};

}  // namespace quaywatch::analyze
