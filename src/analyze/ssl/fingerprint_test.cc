// SPDX-License-Identifier: Apache-2.0
#include "analyze/ssl/fingerprint.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "analyze/ssl/record.h"

namespace quaywatch::analyze::ssl {
namespace {

void Add(std::string& out, size_t value, int bytes) {
  while (bytes-- > 0) out += static_cast<char>(value >> (8 * bytes));
}

std::string Numbers(std::initializer_list<uint16_t> numbers) {
  std::string out;
  for (const uint16_t number : numbers) Add(out, number, 2);
  return out;
}

std::string Extension(uint16_t type, std::string_view data) {
  std::string out;
  Add(out, type, 2);
  Add(out, data.size(), 2);
  return out.append(data);
}

std::string List(int length_size, std::string_view content) {
  std::string out;
  Add(out, content.size(), length_size);
  return out.append(content);
}

std::string Hello(uint16_t version, std::string_view ciphers, std::string_view extensions) {
  std::string out;
  Add(out, version, 2);
  out += std::string(32, 'r') + List(1, "") + List(2, ciphers) + List(1, std::string_view("\0", 1));
  return extensions.empty() ? out : out + List(2, extensions);
}

// The example of JA3's own description.
TEST(Ja3, Example) {
  const std::string hello =
      Hello(769, Numbers({47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4}),
            Extension(0, List(2, std::string_view("\0\0\1a", 4))) + Extension(10, List(2, Numbers({23, 24, 25}))) +
                Extension(11, List(1, std::string_view("\0", 1))));
  EXPECT_EQ(Ja3Text(base::AsBytes(hello)), "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0");
  EXPECT_EQ(Ja3(base::AsBytes(hello)), "ada70206e40642a3e4461f35503241d5");
}

TEST(Ja3, EmptyFieldsStay) {
  const std::string hello = Hello(769, Numbers({4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99}), "");
  EXPECT_EQ(Ja3Text(base::AsBytes(hello)), "769,4-5-10-9-100-98-3-6-19-18-99,,,");
  EXPECT_EQ(Ja3(base::AsBytes(hello)), "de350869b8c85de67a350c8d186f11e6");
}

// The example of JA4's own description: its lists sorted and hashed, with GREASE thrown in.
TEST(Ja4, Example) {
  const std::string ciphers = Numbers({0x0a0a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8,
                                       0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035});
  std::string extensions =
      Extension(0xdada, "") + Extension(0x001b, "") + Extension(0x0000, List(2, std::string_view("\0\0\1a", 4))) +
      Extension(0x0033, "") + Extension(0x0010, List(2, List(1, "h2") + List(1, "http/1.1"))) + Extension(0x4469, "") +
      Extension(0x0017, "") + Extension(0x002d, "") +
      Extension(0x000d, List(2, Numbers({0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601}))) +
      Extension(0x0005, "") + Extension(0x0023, "") + Extension(0x0012, "") +
      Extension(0x002b, List(1, Numbers({0x0a0a, 0x0304, 0x0303}))) + Extension(0xff01, "") + Extension(0x000b, "") +
      Extension(0x000a, "") + Extension(0x0015, "");
  const std::string hello = Hello(0x0303, ciphers, extensions);
  EXPECT_EQ(Ja4(base::AsBytes(hello), false), "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

TEST(Ja4, NothingOffered) {
  const std::string hello = Hello(0x0303, "", "");
  EXPECT_EQ(Ja4(base::AsBytes(hello), false), "t12i000000_000000000000_000000000000");
}

TEST(Fingerprints, AreColumnsOfTheirOwn) {
  const SslRecord record{.client_hello = Hello(0x0303, "", "")};
  const auto& columns = SslRecord::Schema().columns();
  const auto ja4 = std::ranges::find(columns, "ja4", &model::Column::name);
  ASSERT_NE(ja4, columns.end());
  ASSERT_NE(ja4->derive, nullptr);
  EXPECT_EQ(ja4->derive(&record), "t12i000000_000000000000_000000000000");
}

TEST(Fingerprints, NoHelloNoFingerprint) {
  EXPECT_EQ(Ja3(base::AsBytes("x")), "");
  EXPECT_EQ(Ja3s(base::AsBytes("x")), "");
  EXPECT_EQ(Ja4(base::AsBytes("x"), false), "");
}

}  // namespace
}  // namespace quaywatch::analyze::ssl
