// SPDX-License-Identifier: Apache-2.0
#include "capture/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <filesystem>
#include <thread>
#include <vector>

#include "capture/file_builder.h"

namespace quaywatch::capture {
namespace {

using testing::HasSubstr;

struct Seen {
  int64_t nanos;
  std::string data;
  uint32_t wire_length;
  uint32_t interface;
  model::LinkType link;
};

struct Outcome {
  std::vector<Seen> packets;
  Next end = Next::kIdle;
  std::string damage;
  std::string error;  // when it did not open
  Counters counters;
};

Outcome ReadAll(base::Result<std::unique_ptr<Source>> source) {
  Outcome outcome;
  if (!source) {
    outcome.error = source.error().message;
    return outcome;
  }
  model::RawPacket packet;
  while ((outcome.end = (*source)->Read(packet)) == Next::kPacket) {
    outcome.packets.push_back({base::ToUnixNanos(packet.ts), std::string(base::AsText(packet.data)), packet.wire_length,
                               packet.interface, packet.link});
  }
  EXPECT_EQ((*source)->Read(packet), outcome.end);
  outcome.damage = (*source)->damage();
  outcome.counters = (*source)->counters();
  return outcome;
}

Outcome ReadBytes(const std::string& bytes, const std::string& filter = {}) {
  const int fd = memfd_create("capture", MFD_CLOEXEC);
  EXPECT_EQ(write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  lseek(fd, 0, SEEK_SET);
  return ReadAll(OpenDescriptor(fd, "test.pcap", filter));
}

std::string Gzip(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string Zstd(const std::string& bytes, int window_log = 0) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  // Without the content's size in the frame the window is as large as asked for.
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  if (window_log > 0) ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  std::string packed(ZSTD_compressBound(bytes.size()), '\0');
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  ZSTD_outBuffer out{packed.data(), packed.size(), 0};
  ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush);
  ZSTD_compressStream2(context, &out, &in, ZSTD_e_end);
  ZSTD_freeCCtx(context);
  packed.resize(out.pos);
  return packed;
}

// Three packets of different lengths, and where each of their records ends.
struct Sample {
  std::string bytes;
  std::vector<size_t> ends;  // of the file header, of packet 1, 2, 3
};

Sample PcapSample() {
  FileBuilder file;
  Sample sample;
  file.PcapHeader(0xa1b2c3d4, 1);
  sample.ends.push_back(file.bytes().size());
  for (const char* data : {"abc", "", "defghijkl"}) {
    file.PcapRecord(1700000000, 5, data, 100);
    sample.ends.push_back(file.bytes().size());
  }
  sample.bytes = file.bytes();
  return sample;
}

Sample PcapngSample() {
  FileBuilder file;
  Sample sample;
  file.Section().Interface(1).Block(0x0bad, "unknown");
  sample.ends.push_back(file.bytes().size());
  for (const char* data : {"abc", "", "defghijkl"}) {
    file.Enhanced(0, 1700000000'000005, data, 100);
    sample.ends.push_back(file.bytes().size());
  }
  sample.bytes = file.bytes();
  return sample;
}

TEST(CaptureFile, PcapInBothByteOrdersAndResolutions) {
  for (const bool big : {false, true}) {
    for (const uint32_t magic : {0xa1b2c3d4u, 0xa1b23c4du}) {
      const auto file = FileBuilder(big).PcapHeader(magic, 113).PcapRecord(1700000000, 123, "hello", 1500);
      const Outcome outcome = ReadBytes(file.bytes());
      ASSERT_EQ(outcome.packets.size(), 1u) << outcome.error << outcome.damage;
      const Seen& packet = outcome.packets[0];
      EXPECT_EQ(packet.nanos, 1700000000'000000000 + (magic == 0xa1b2c3d4 ? 123000 : 123));
      EXPECT_EQ(packet.data, "hello");
      EXPECT_EQ(packet.wire_length, 1500u);
      EXPECT_EQ(packet.link, model::LinkType::kLinuxSll);
      EXPECT_EQ(outcome.end, Next::kEnd);
      EXPECT_EQ(outcome.counters.received, 1u);
      EXPECT_EQ(outcome.counters.bytes, 5u);
    }
  }
}

TEST(CaptureFile, ModifiedPcapHasLongerRecordHeaders) {
  for (const bool big : {false, true}) {
    FileBuilder file(big);
    file.PcapHeader(0xa1b2cd34, 1);
    for (const char* data : {"abc", "de"}) {
      file.U32(10).U32(20).U32(static_cast<uint32_t>(strlen(data))).U32(60).U32(2).U16(8).U16(0).Text(data);
    }
    const Outcome outcome = ReadBytes(file.bytes());
    ASSERT_EQ(outcome.packets.size(), 2u);
    EXPECT_EQ(outcome.packets[1].data, "de");
    EXPECT_EQ(outcome.packets[1].nanos, 10'000020000);
  }
}

TEST(CaptureFile, OldPcapHasItsLengthsSwapped) {
  FileBuilder file;
  file.PcapHeader(0xa1b2c3d4, 1, 65535, 2).U32(1).U32(0).U32(900).U32(3).Text("abc");
  const Outcome outcome = ReadBytes(file.bytes());
  ASSERT_EQ(outcome.packets.size(), 1u);
  EXPECT_EQ(outcome.packets[0].data, "abc");
  EXPECT_EQ(outcome.packets[0].wire_length, 900u);
}

TEST(CaptureFile, TimesBefore1970AreNegative) {
  const auto file = FileBuilder().PcapHeader(0xa1b2c3d4, 1).PcapRecord(0xffffffff, 250000, "x", 1);
  const Outcome outcome = ReadBytes(file.bytes());
  ASSERT_EQ(outcome.packets.size(), 1u);
  EXPECT_EQ(outcome.packets[0].nanos, -750000000);
}

TEST(CaptureFile, WireLengthIsAtLeastWhatWasCapturedOrZero) {
  const auto file = FileBuilder().PcapHeader(0xa1b2c3d4, 1).PcapRecord(1, 0, "abcdef", 2).PcapRecord(1, 0, "abcdef", 0);
  const Outcome outcome = ReadBytes(file.bytes());
  ASSERT_EQ(outcome.packets.size(), 2u);
  EXPECT_EQ(outcome.packets[0].wire_length, 6u);
  EXPECT_EQ(outcome.packets[1].wire_length, 0u);
}

TEST(CaptureFile, PcapngSectionsHaveTheirOwnByteOrderAndInterfaces) {
  FileBuilder big(true);
  big.Section().Interface(101).Enhanced(0, 3'000001, "big", 3);
  FileBuilder little;
  little.Section().Interface(1).Interface(113).Enhanced(1, 2'000001, "little", 1000);
  const Outcome outcome = ReadBytes(little.bytes() + big.bytes());
  ASSERT_EQ(outcome.packets.size(), 2u) << outcome.damage;
  EXPECT_EQ(outcome.packets[0].data, "little");
  EXPECT_EQ(outcome.packets[0].nanos, 2'000001000);
  EXPECT_EQ(outcome.packets[0].interface, 1u);
  EXPECT_EQ(outcome.packets[0].link, model::LinkType::kLinuxSll);
  EXPECT_EQ(outcome.packets[0].wire_length, 1000u);
  EXPECT_EQ(outcome.packets[1].data, "big");
  EXPECT_EQ(outcome.packets[1].nanos, 3'000001000);
  EXPECT_EQ(outcome.packets[1].interface, 0u);
  EXPECT_EQ(outcome.packets[1].link, model::LinkType::kRaw);
}

int64_t TimeOf(uint8_t resolution, int64_t offset, uint64_t time) {
  FileBuilder options;
  options.Option(2, "eth0").Option(9, std::string(1, static_cast<char>(resolution)));
  options.Option(14, FileBuilder().U64(static_cast<uint64_t>(offset)).bytes()).Option(0, "");
  const auto file = FileBuilder().Section().Interface(1, 0, options.bytes()).Enhanced(0, time, "x", 1);
  const Outcome outcome = ReadBytes(file.bytes());
  EXPECT_EQ(outcome.packets.size(), 1u) << outcome.damage;
  return outcome.packets.empty() ? -1 : outcome.packets[0].nanos;
}

TEST(CaptureFile, PcapngTimeResolutionAndOffset) {
  EXPECT_EQ(TimeOf(0, 0, 7), 7'000000000);
  EXPECT_EQ(TimeOf(3, 0, 7001), 7'001000000);
  EXPECT_EQ(TimeOf(9, 0, 1700000000'123456789), 1700000000'123456789);
  EXPECT_EQ(TimeOf(12, 0, 1'500000000001), 1'500000000);
  EXPECT_EQ(TimeOf(127, 0, ~uint64_t{0}), 1);
  EXPECT_EQ(TimeOf(0x80 | 10, 0, 1024 + 512), 1'500000000);
  EXPECT_EQ(TimeOf(0x80 | 127, 0, ~uint64_t{0}), 0);
  EXPECT_EQ(TimeOf(6, 100, 5), 100'000005000);
  EXPECT_EQ(TimeOf(6, -100, 5), -99'999995000);
  EXPECT_EQ(TimeOf(0, 0, ~uint64_t{0}), int64_t{1} << 62);
  EXPECT_EQ(TimeOf(6, std::numeric_limits<int64_t>::min(), 0), -4611686018'000000000);
}

TEST(CaptureFile, PcapngSimpleAndObsoletePackets) {
  FileBuilder file(true);
  file.Section().Interface(1, 4);
  file.Block(3, FileBuilder(true).U32(60).Text("abcd").bytes());
  file.Block(3, FileBuilder(true).U32(3).Text("abc").bytes());
  file.Block(2, FileBuilder(true).U16(0).U16(9).U32(0).U32(1'500000).U32(2).U32(64).Text("xy").bytes());
  const Outcome outcome = ReadBytes(file.bytes());
  ASSERT_EQ(outcome.packets.size(), 3u) << outcome.damage;
  EXPECT_EQ(outcome.packets[0].data, "abcd");
  EXPECT_EQ(outcome.packets[0].wire_length, 60u);
  EXPECT_EQ(outcome.packets[0].nanos, 0);
  EXPECT_EQ(outcome.packets[1].data, "abc");
  EXPECT_EQ(outcome.packets[2].data, "xy");
  EXPECT_EQ(outcome.packets[2].nanos, 1'500000000);
}

TEST(CaptureFile, PcapngWithoutPacketsIsEmptyNotBroken) {
  const Outcome outcome = ReadBytes(FileBuilder().Section().bytes());
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.end, Next::kEnd);
}

TEST(CaptureFile, PcapngSkipsUnsupportedInterfacesBesideSupportedOnes) {
  FileBuilder file;
  file.Section().Interface(220).Enhanced(0, 1, "usb", 3).Interface(1).Enhanced(1, 2, "eth", 3).Enhanced(0, 3, "usb", 3);
  const Outcome outcome = ReadBytes(file.bytes());
  ASSERT_EQ(outcome.packets.size(), 1u);
  EXPECT_EQ(outcome.packets[0].data, "eth");
  EXPECT_EQ(outcome.end, Next::kEnd);
  EXPECT_EQ(outcome.counters.unsupported, 2u);

  const Outcome only = ReadBytes(FileBuilder().Section().Interface(220).Enhanced(0, 1, "usb", 3).bytes());
  EXPECT_THAT(only.error, HasSubstr("test.pcap has link type 220"));
  EXPECT_THAT(only.error, HasSubstr("1 (EN10MB)"));
}

// Every cut gives the packets that are whole, and damage unless the cut is between packets.
void CheckCuts(const Sample& sample, std::vector<size_t> clean_cuts) {
  clean_cuts.insert(clean_cuts.end(), sample.ends.begin(), sample.ends.end());
  for (size_t cut = 0; cut <= sample.bytes.size(); ++cut) {
    const Outcome outcome = ReadBytes(sample.bytes.substr(0, cut));
    if (!outcome.error.empty()) {
      EXPECT_LT(cut, 24u);
      continue;
    }
    size_t whole = 0;
    while (whole + 1 < sample.ends.size() && sample.ends[whole + 1] <= cut) ++whole;
    ASSERT_EQ(outcome.packets.size(), whole) << "cut at " << cut;
    const bool clean = std::ranges::find(clean_cuts, cut) != clean_cuts.end();
    ASSERT_EQ(outcome.end, clean ? Next::kEnd : Next::kDamaged) << "cut at " << cut;
    if (!clean && whole > 0) {
      EXPECT_THAT(outcome.damage, HasSubstr("test.pcap"));
      EXPECT_THAT(outcome.damage, HasSubstr("packet " + std::to_string(whole + 1) + ","));
      EXPECT_THAT(outcome.damage, HasSubstr("byte " + std::to_string(sample.ends[whole]) + ":"));
      EXPECT_THAT(outcome.damage, HasSubstr("cut short"));
    }
  }
}

TEST(CaptureFile, CutAtAnyByte) {
  CheckCuts(PcapSample(), {});
  // Between the section header, the interface and the unknown block as well.
  CheckCuts(PcapngSample(), {28, 48});
}

TEST(CaptureFile, PackedAndCutAtAnyByte) {
  const Sample sample = PcapSample();
  const std::string head = sample.bytes.substr(0, sample.ends[1]), tail = sample.bytes.substr(sample.ends[1]);
  const std::string skippable = FileBuilder().U32(0x184d2a50).U32(4).U32(7).bytes();
  for (const std::string& packed :
       {Gzip(head) + Gzip(tail), Zstd(head) + Zstd(tail), skippable + Zstd(head) + Zstd(tail)}) {
    const Outcome whole = ReadBytes(packed);
    ASSERT_EQ(whole.packets.size(), 3u) << whole.error << whole.damage;
    EXPECT_EQ(whole.packets[2].data, "defghijkl");
    EXPECT_EQ(whole.end, Next::kEnd);
    size_t last = 0;
    int clean = 0;
    for (size_t cut = 1; cut < packed.size(); ++cut) {
      const Outcome outcome = ReadBytes(packed.substr(0, cut));
      if (outcome.end == Next::kEnd) {
        ++clean;
        EXPECT_EQ(outcome.packets.size(), 1u);
      } else if (outcome.error.empty()) {
        EXPECT_EQ(outcome.end, Next::kDamaged);
        EXPECT_THAT(outcome.damage, HasSubstr("cut short"));
      }
      EXPECT_GE(outcome.packets.size(), last);
      last = outcome.packets.size();
    }
    // Between the two members or frames nothing tells that there was more.
    EXPECT_EQ(clean, 1);
  }
}

TEST(CaptureFile, GzipPaddedWithZerosIsWholeAndGarbageIsDamage) {
  const std::string packed = Gzip(PcapSample().bytes);
  EXPECT_EQ(ReadBytes(packed + std::string(1000, '\0')).end, Next::kEnd);
  const Outcome garbage = ReadBytes(packed + "garbage");
  EXPECT_EQ(garbage.packets.size(), 3u);
  EXPECT_EQ(garbage.end, Next::kDamaged);
  EXPECT_THAT(garbage.damage, HasSubstr("gzip packing is broken"));
}

TEST(CaptureFile, ZstdWithLongWindow) {
  FileBuilder file;
  file.PcapHeader(0xa1b2c3d4, 1);
  for (int i = 0; i < 10; ++i) file.PcapRecord(1, 2, std::string(60000, static_cast<char>('a' + i)), 60000);
  for (const int window_log : {27, 29}) {
    const Outcome outcome = ReadBytes(Zstd(file.bytes(), window_log));
    ASSERT_EQ(outcome.packets.size(), 10u) << outcome.error << outcome.damage;
    EXPECT_EQ(outcome.packets[9].data, std::string(60000, 'j'));
  }
}

TEST(CaptureFile, PacketsUpToTheSnapLengthAreRead) {
  const std::string large(3u << 20, 'L');
  const auto allowed = FileBuilder().PcapHeader(0xa1b2c3d4, 1, 4u << 20).PcapRecord(1, 2, large, 5u << 20);
  Outcome outcome = ReadBytes(allowed.bytes());
  ASSERT_EQ(outcome.packets.size(), 1u);
  EXPECT_EQ(outcome.packets[0].data, large);

  const auto refused =
      FileBuilder().PcapHeader(0xa1b2c3d4, 1).PcapRecord(1, 2, "ok", 2).PcapRecord(1, 2, large, 5u << 20);
  outcome = ReadBytes(refused.bytes());
  EXPECT_EQ(outcome.packets.size(), 1u);
  EXPECT_EQ(outcome.damage,
            "test.pcap is damaged at packet 2, byte 42: it claims 3145728 captured bytes, more than the 262144 "
            "possible; packets read before: 1");
}

TEST(CaptureFile, BrokenPcapngBlocks) {
  const auto good = FileBuilder().Section().Interface(1).Enhanced(0, 1, "ok", 2);
  const auto damage = [&](const FileBuilder& bad) {
    const Outcome outcome = ReadBytes(good.bytes() + bad.bytes());
    EXPECT_EQ(outcome.packets.size(), 1u);
    return outcome.damage;
  };
  EXPECT_THAT(damage(FileBuilder().Enhanced(7, 1, "x", 1)), HasSubstr("it names interface 7, and the section has 1"));
  EXPECT_THAT(damage(FileBuilder().Block(6, "short")), HasSubstr("too short"));
  EXPECT_THAT(damage(FileBuilder().U32(6).U32(64u << 20).Text("large")), HasSubstr("too long"));
  EXPECT_THAT(damage(FileBuilder().U32(99).U32(11)), HasSubstr("less than any can have"));
  EXPECT_THAT(damage(FileBuilder().U32(99).U32(0xffffffff).Text("x")), HasSubstr("cut short"));
  EXPECT_THAT(damage(FileBuilder().U32(99).U32(16).U32(0).U32(20)), HasSubstr("16 bytes long at its front and 20"));
  EXPECT_THAT(damage(FileBuilder().Block(0x0a0d0d0a, std::string(16, 'x'))), HasSubstr("byte-order magic"));
  EXPECT_THAT(damage(FileBuilder().Block(6, FileBuilder().U32(0).U64(0).U32(5).U32(5).Text("abc").bytes())),
              HasSubstr("claims 5 captured bytes in a block with room for 4"));
}

TEST(CaptureFile, WhatCannotBeOpenedIsToldInOneLine) {
  const auto error = [](const std::string& path) {
    const auto source = OpenFile(path);
    EXPECT_FALSE(source.has_value());
    return source ? std::string() : source.error().message;
  };
  EXPECT_EQ(error("/no/such.pcap"), "cannot open /no/such.pcap: there is no such file; check the path");
  const std::string folder = std::filesystem::temp_directory_path();
  EXPECT_THAT(error(folder), HasSubstr(folder + ": it is a folder"));
  EXPECT_THAT(ReadBytes("").error, HasSubstr("test.pcap is empty"));
  EXPECT_THAT(ReadBytes("\x7f"
                        "ELF is not a capture")
                  .error,
              HasSubstr("test.pcap is not a capture: it begins with 7f 45 4c 46"));
  EXPECT_THAT(ReadBytes("x").error, HasSubstr("not a capture"));
  EXPECT_THAT(ReadBytes("BZh91AY").error, HasSubstr("unpack it with bzip2 first"));
  EXPECT_THAT(ReadBytes(FileBuilder().PcapHeader(0xa1b2c3d4, 195).bytes()).error, HasSubstr("195 (IEEE802_15_4)"));
  EXPECT_THAT(ReadBytes(FileBuilder().PcapHeader(0xa1b2c3d4, 1).bytes().substr(0, 20)).error,
              HasSubstr("cut short within its pcap file header"));
}

TEST(CaptureFile, FilterIsPcapFilters) {
  // Two IPv4 frames, UDP and TCP; the rest of the headers does not matter.
  const std::string ethernet = std::string(12, '\x02') + std::string("\x08\x00\x45\x00", 4);
  const std::string udp = ethernet + std::string(7, '\0') + '\x11' + std::string(40, '\0');
  const std::string tcp = ethernet + std::string(7, '\0') + '\x06' + std::string(40, '\0');
  FileBuilder file;
  file.Section().Interface(1).Enhanced(0, 1, udp, 64).Enhanced(0, 2, tcp, 64);
  // For a later interface's link type the filter is compiled anew.
  file.Interface(101).Enhanced(1, 3, tcp.substr(14), 50).Enhanced(1, 4, udp.substr(14), 50);

  const Outcome outcome = ReadBytes(file.bytes(), "udp");
  ASSERT_EQ(outcome.packets.size(), 2u) << outcome.error;
  EXPECT_EQ(outcome.packets[0].data, udp);
  EXPECT_EQ(outcome.packets[1].data, udp.substr(14));
  EXPECT_EQ(outcome.counters.filtered, 2u);
  EXPECT_EQ(outcome.counters.received, 2u);
  EXPECT_THAT(ReadBytes(file.bytes(), "udq or tcp").error, HasSubstr("the filter 'udq or tcp' is wrong"));
}

TEST(CaptureFile, CallerGetsAWordInWhileNothingPassesTheFilter) {
  FileBuilder file;
  file.PcapHeader(0xa1b2c3d4, 1);
  for (int i = 0; i < 140'000; ++i) file.PcapRecord(1, 2, std::string(14, '\0'), 14);
  const int fd = memfd_create("capture", MFD_CLOEXEC);
  ASSERT_EQ(write(fd, file.bytes().data(), file.bytes().size()), static_cast<ssize_t>(file.bytes().size()));
  lseek(fd, 0, SEEK_SET);
  auto source = OpenDescriptor(fd, "test.pcap", "udp");
  ASSERT_TRUE(source);
  model::RawPacket packet;
  EXPECT_EQ((*source)->Read(packet), Next::kIdle);
  EXPECT_EQ((*source)->Read(packet), Next::kIdle);
  EXPECT_EQ((*source)->Read(packet), Next::kEnd);
  EXPECT_EQ((*source)->counters().filtered, 140'000u);
}

TEST(CaptureFile, PipeThatDeliversByteByByte) {
  const std::string packed = Gzip(PcapngSample().bytes);
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  std::thread writer([&] {
    for (const char byte : packed) EXPECT_EQ(write(ends[1], &byte, 1), 1);
    close(ends[1]);
  });
  auto source = OpenDescriptor(ends[0], "standard input");
  ASSERT_TRUE(source.has_value());
  EXPECT_LT((*source)->progress(), 0);
  EXPECT_EQ(ReadAll(std::move(source)).packets.size(), 3u);
  writer.join();
}

TEST(CaptureFile, ProgressOfAFile) {
  const auto path = std::filesystem::temp_directory_path() / ("capture_file_test." + std::to_string(getpid()));
  FileBuilder file;
  file.PcapHeader(0xa1b2c3d4, 1);
  for (int i = 0; i < 100; ++i) file.PcapRecord(1, 2, std::string(20000, 'x'), 20000);
  FILE* out = fopen(path.c_str(), "wb");
  fwrite(file.bytes().data(), 1, file.bytes().size(), out);
  fclose(out);
  auto source = OpenFile(path);
  std::filesystem::remove(path);
  ASSERT_TRUE(source.has_value());
  EXPECT_LT((*source)->progress(), 0.3);
  model::RawPacket packet;
  for (int i = 0; i < 50; ++i) ASSERT_EQ((*source)->Read(packet), Next::kPacket);
  EXPECT_NEAR((*source)->progress(), 0.55, 0.15);
  EXPECT_EQ(packet.number, 50u);
  while ((*source)->Read(packet) == Next::kPacket) continue;
  EXPECT_EQ((*source)->progress(), 1.0);
}

}  // namespace
}  // namespace quaywatch::capture
