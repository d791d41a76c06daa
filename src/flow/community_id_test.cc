// SPDX-License-Identifier: Apache-2.0
#include "flow/community_id.h"

#include <gtest/gtest.h>

namespace quaywatch::flow {
namespace {

std::string Id(std::string_view from, std::string_view to, uint16_t from_port, uint16_t to_port, uint8_t proto,
               uint16_t seed = 0) {
  return CommunityId({*model::IpAddress::Parse(from), *model::IpAddress::Parse(to), {from_port}, {to_port}}, proto,
                     seed);
}

// Vectors published with the specification and its implementations.
TEST(CommunityId, Tcp) {
  EXPECT_EQ(Id("128.232.110.120", "66.35.250.204", 34855, 80, 6), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  EXPECT_EQ(Id("66.35.250.204", "128.232.110.120", 80, 34855, 6), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
}

TEST(CommunityId, Udp) {
  EXPECT_EQ(Id("192.168.1.52", "8.8.8.8", 54585, 53, 17), "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
  EXPECT_EQ(Id("8.8.8.8", "192.168.1.52", 53, 54585, 17), "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
}

TEST(CommunityId, Sctp) {
  EXPECT_EQ(Id("192.168.170.8", "192.168.170.56", 7, 7, 132), "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=");
}

TEST(CommunityId, IcmpThatIsAnswered) {
  EXPECT_EQ(Id("192.168.0.89", "192.168.0.1", 8, 0, 1), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
  EXPECT_EQ(Id("192.168.0.1", "192.168.0.89", 0, 8, 1), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
  // The code is not looked at.
  EXPECT_EQ(Id("192.168.0.1", "192.168.0.89", 0, 20, 1), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
  EXPECT_EQ(Id("192.168.0.1", "192.168.0.89", 0, 20, 1, 1), "1:03g6IloqVBdcZlPyX8r0hgoE7kA=");
}

TEST(CommunityId, IcmpOfOneDirection) {
  EXPECT_EQ(Id("192.168.0.89", "192.168.0.1", 20, 0, 1), "1:3o2RFccXzUgjl7zDpqmY7yJi8rI=");
  EXPECT_EQ(Id("192.168.0.89", "192.168.0.1", 20, 1, 1), "1:tz/fHIDUHs19NkixVVoOZywde+I=");
  EXPECT_EQ(Id("192.168.0.89", "192.168.0.1", 20, 1, 1, 1), "1:Ie3wmFyxiEyikbsbcO03d2nh+PM=");
  EXPECT_EQ(Id("10.0.0.1", "10.0.0.2", 11, 0, 1), "1:YHxtAirCG//0OzkcVAukqKQN9xM=");
}

TEST(CommunityId, Icmp6) {
  EXPECT_EQ(Id("fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 135, 0, 58), "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=");
  EXPECT_EQ(Id("fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 135, 136, 58), "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=");
  EXPECT_EQ(Id("fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 136, 0, 58), "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=");
  EXPECT_EQ(Id("fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 136, 0, 58, 1),
            "1:kHa1FhMYIT6Ym2Vm2AOtoOARDzY=");
  EXPECT_EQ(Id("fe80::260:97ff:fe07:69ea", "ff02::1", 134, 0, 58), "1:pkvHqCL88/tg1k4cPigmZXUtL00=");
  EXPECT_EQ(Id("3ffe:507:0:1:260:97ff:fe07:69ea", "3ffe:507:0:1:200:86ff:fe05:80da", 3, 0, 58),
            "1:NdobDX8PQNJbAyfkWxhtL2Pqp5w=");
  EXPECT_EQ(Id("3ffe:507:0:1:200:86ff:fe05:80da", "3ffe:507:0:1:260:97ff:fe07:69ea", 3, 0, 58),
            "1:/OGBt9BN1ofenrmSPWYicpij2Vc=");
}

}  // namespace
}  // namespace quaywatch::flow
