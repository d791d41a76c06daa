// SPDX-License-Identifier: Apache-2.0
#include "enrich/host/docker_proxy.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace quaywatch::enrich::host {
namespace {

std::optional<DockerProxy> Of(std::string words) {
  std::ranges::replace(words, ' ', '\0');
  return ProxyOfCommandLine(words);
}

TEST(DockerProxy, ReadsWhatDockerWrites) {
  const auto proxy = Of(
      "/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80 ");
  ASSERT_TRUE(proxy);
  EXPECT_EQ(*proxy, (DockerProxy{model::Transport::kTcp, *model::IpAddress::Parse("0.0.0.0"), 8080,
                                 *model::IpAddress::Parse("172.17.0.2"), 80}));
}

TEST(DockerProxy, OtherOrdersAndForms) {
  const auto proxy =
      Of("docker-proxy -container-port=53 -use-listen-fd --proto=udp -host-ip :: -host-port 53 -container-ip fd00::2");
  ASSERT_TRUE(proxy);
  EXPECT_EQ(proxy->transport, model::Transport::kUdp);
  EXPECT_EQ(proxy->container.ToString(), "fd00::2");
  EXPECT_EQ(proxy->container_port, 53);
}

TEST(DockerProxy, NothingElseIsTaken) {
  const std::string good = "docker-proxy -host-ip 1.2.3.4 -host-port 1 -container-ip 1.2.3.5 -container-port 2";
  ASSERT_TRUE(Of(good));
  EXPECT_FALSE(Of("bash -c " + good));
  EXPECT_FALSE(Of(good + " -proto sctp"));
  EXPECT_FALSE(Of(good + " -host-port 70000"));
  EXPECT_FALSE(Of(good + " -host-ip localhost"));
  EXPECT_FALSE(Of(good + " -container-ip"));
  EXPECT_FALSE(Of("docker-proxy"));
  EXPECT_FALSE(Of(""));
}

}  // namespace
}  // namespace quaywatch::enrich::host
