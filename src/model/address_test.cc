// SPDX-License-Identifier: Apache-2.0
#include "model/address.h"

#include <gtest/gtest.h>

#include "model/prefix.h"

namespace quaywatch::model {
namespace {

IpAddress At(std::string_view text) { return IpAddress::Parse(text).value(); }

TEST(IpAddress, TextAndBack) {
  for (const char* text : {"0.0.0.0", "10.0.0.1", "255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1:2",
                           "2001:db8:1:2:3:4:5:6", "1111:2222:3333:4444:5555:6666:7777:8888"}) {
    EXPECT_EQ(At(text).ToString(), text);
  }
  EXPECT_EQ(At("2001:0DB8:0:0::1").ToString(), "2001:db8::1");
}

TEST(IpAddress, NothingElseIsAnAddress) {
  for (const char* text : {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", " 1.2.3.4", "1.2.3.4 ", "1.2.3.4/8", ":",
                           ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "g::", "host", "fe80::1%eth0"}) {
    EXPECT_FALSE(IpAddress::Parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::Parse({}));
  EXPECT_FALSE(IpAddress::Parse(std::string(200, '1')));
  EXPECT_FALSE(IpAddress::Parse(std::string_view("1.2.3.4\0", 8)));
}

TEST(IpAddress, Families) {
  EXPECT_TRUE(At("1.2.3.4").is_v4());
  EXPECT_EQ(At("1.2.3.4").bytes().size(), 4u);
  EXPECT_EQ(At("1.2.3.4"), At("::ffff:1.2.3.4"));
  EXPECT_FALSE(At("::1.2.3.4").is_v4());
  EXPECT_EQ(At("::1").bytes().size(), 16u);
  EXPECT_FALSE(IpAddress().is_v4());
  EXPECT_EQ(IpAddress().ToString(), "::");
}

// Zeek's Site::private_address_space.
TEST(IpAddress, Private) {
  for (const char* text : {"10.255.0.1",  "172.16.0.1",      "172.31.255.255",  "192.168.1.1",     "127.0.0.1",
                           "169.254.1.1", "100.64.0.1",      "100.127.255.255", "0.1.2.3",         "192.0.0.8",
                           "192.0.2.1",   "198.18.0.1",      "198.19.255.255",  "198.51.100.1",    "203.0.113.1",
                           "224.0.0.251", "239.255.255.250", "240.0.0.1",       "255.255.255.255", "::",
                           "::1",         "fe80::1",         "febf::1",         "fc00::1",         "fdff::1",
                           "2001:db8::1", "100::1",          "64:ff9b:1::1",    "2001:1::1"}) {
    EXPECT_TRUE(At(text).is_private()) << text;
  }
  for (const char* text : {"1.1.1.1", "9.255.255.255", "11.0.0.0", "172.15.0.1", "172.32.0.1", "192.169.0.1",
                           "100.63.255.255", "100.128.0.0", "198.20.0.1", "224.0.1.1", "2001:4860:4860::8888",
                           "2001:db9::1", "fec0::1", "::2", "2600::1", "64:ff9b::1"}) {
    EXPECT_FALSE(At(text).is_private()) << text;
  }
}

TEST(IpAddress, Groups) {
  for (const char* text : {"224.0.0.1", "239.1.2.3", "255.255.255.255", "ff02::1"}) {
    EXPECT_TRUE(At(text).is_group()) << text;
  }
  for (const char* text : {"223.255.255.255", "240.0.0.1", "10.0.0.255", "fe80::1"}) {
    EXPECT_FALSE(At(text).is_group()) << text;
  }
}

TEST(Prefix, ParseAndContains) {
  const auto contains = [](std::string_view prefix, std::string_view address) {
    return Prefix::Parse(prefix).value().Contains(At(address));
  };
  EXPECT_TRUE(contains("10.0.0.0/8", "10.9.8.7"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(contains("10.1.2.0/23", "10.1.3.255"));
  EXPECT_FALSE(contains("10.1.2.0/23", "10.1.4.0"));
  EXPECT_TRUE(contains("0.0.0.0/0", "255.1.1.1"));
  EXPECT_FALSE(contains("0.0.0.0/0", "::1"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::"));
  EXPECT_TRUE(contains("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(contains("192.0.2.1", "192.0.2.2"));
  for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/8x", "x/8"}) {
    EXPECT_FALSE(Prefix::Parse(text)) << text;
  }
}

}  // namespace
}  // namespace quaywatch::model
