// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a conversation for one analyzer, the one of the namespace ANALYZER.
//
// An input is a sequence of pieces after one byte: 't' for a stream, anything else for datagrams. A piece is a
// control byte (bit 0: from the responder; bits 1 and 2: data, data, missing or cut short, end; the others:
// ten-milliseconds that pass before it), two bytes of length (little-endian; not for an end) and the data.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "analyze/fake_context.h"

namespace quaywatch::analyze::ANALYZER {
extern const AnalyzerSpec kSpec;
}

using namespace quaywatch;

namespace {

using analyze::ANALYZER::kSpec;

struct Piece {
  enum Kind : uint8_t { kData = 0, kAlsoData = 1, kMissing = 2, kEnd = 3 };
  model::Direction from;
  Kind kind;
  base::Duration pause;
  uint16_t length = 0;
  base::Bytes bytes;
};

std::vector<Piece> Pieces(base::Cursor in) {
  std::vector<Piece> pieces;
  while (!in.empty()) {
    const uint8_t control = in.U8();
    Piece piece{static_cast<model::Direction>(control & 1), static_cast<Piece::Kind>(control >> 1 & 3),
                std::chrono::milliseconds(10) * (control >> 3)};
    if (piece.kind != Piece::kEnd) piece.length = in.U16Little();
    if (piece.kind == Piece::kData || piece.kind == Piece::kAlsoData) {
      piece.bytes = in.Take(std::min<size_t>(piece.length, in.left()));
    }
    pieces.push_back(piece);
  }
  return pieces;
}

void Probe(const std::vector<Piece>& pieces, bool stream) {
  const auto probe = stream ? kSpec.probe_tcp : kSpec.probe_udp;
  if (probe == nullptr) return;
  std::string sides[2];
  for (const Piece& piece : pieces) {
    std::string& side = sides[static_cast<size_t>(piece.from)];
    if (!stream) sides[0].clear(), sides[1].clear();
    side += base::AsText(piece.bytes);
    if (side.size() > analyze::kProbeLimit) return;
    if (probe({base::AsBytes(sides[0]), base::AsBytes(sides[1])}) != analyze::ProbeResult::kMore && stream) return;
  }
}

void Feed(analyze::Analyzer& analyzer, analyze::FakeContext& context, const Piece& piece, bool stream,
          const std::function<size_t()>& next_cut) {
  const auto over = [&context] { return context.violated || context.finished; };
  if (over()) return;
  context.set_now(context.now() + piece.pause);
  if (!stream) {
    const size_t lost = piece.kind == Piece::kMissing ? piece.length : 0;
    analyzer.OnDatagram(piece.from, piece.bytes, static_cast<uint32_t>(piece.bytes.size() + lost));
  } else if (piece.kind == Piece::kMissing) {
    if (piece.length > 0) analyzer.OnGap(piece.from, piece.length);
  } else if (piece.kind == Piece::kEnd) {
    analyzer.OnEndOfStream(piece.from);
  } else {
    for (base::Bytes left = piece.bytes; !left.empty() && !over();) {
      const size_t cut = std::min(next_cut(), left.size());
      analyzer.OnStream(piece.from, left.first(cut));
      left = left.subspan(cut);
    }
  }
}

// What was logged of the conversation.
std::vector<std::string> Run(const std::vector<Piece>& pieces, bool stream, const std::function<size_t()>& next_cut) {
  analyze::FakeContext context(kSpec, stream ? model::Transport::kTcp : model::Transport::kUdp);
  const auto analyzer = kSpec.make(context);
  bool ended[2] = {};
  for (const Piece& piece : pieces) {
    bool& end = ended[static_cast<size_t>(piece.from)];
    if (end) continue;
    end = stream && piece.kind == Piece::kEnd;
    Feed(*analyzer, context, piece, stream, next_cut);
    if (kSpec.make_state != nullptr) context.state().Advance(context.now(), context);
  }
  analyzer->OnClose();
  if (kSpec.make_state != nullptr) context.state().Finish(context);
  return context.lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const bool stream = data[0] == 't';
  const std::vector<Piece> pieces = Pieces(base::Cursor(base::Bytes(data + 1, size - 1)));
  Probe(pieces, stream);
  const std::vector<std::string> whole = Run(pieces, stream, [] { return SIZE_MAX; });
  // The same stream cut elsewhere must give the same records. SSH's guess at the login rests on the cuts.
  if (!stream || kSpec.name == "ssh") return 0;
  uint32_t random = static_cast<uint32_t>(size);
  const std::vector<std::string> cut = Run(pieces, stream, [&random] {
    random = random * 1664525 + 1013904223;
    return size_t{1} + (random >> 29);
  });
  if (cut == whole) return 0;
  for (const std::string& line : whole) std::fprintf(stderr, "whole: %s\n", line.c_str());
  for (const std::string& line : cut) std::fprintf(stderr, "cut:   %s\n", line.c_str());
  std::abort();
}
