// SPDX-License-Identifier: Apache-2.0
#include "api/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <vector>

#include "api/client.h"

namespace quaywatch::api {
namespace {

using testing::HasSubstr;

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = std::filesystem::temp_directory_path() / "api.XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    socket_ = folder + "/run/sensor.sock";
    Start();
  }
  void TearDown() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Start() {
    auto server = Server::Start(socket_, {{"/v1/status", [] { return R"({"ok":true})"; }},
                                          {"/v1/much", [] { return std::string(3'000'000, 'x'); }}});
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }
  int Connect() const {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::strncpy(address.sun_path, socket_.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }

  std::string folder_;
  std::string socket_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersItsPaths) {
  EXPECT_EQ(Ask(socket_, "/v1/status").value(), R"({"ok":true})");
  EXPECT_EQ(Ask(socket_, "/v1/much").value().size(), 3'000'000u);
  EXPECT_THAT(Ask(socket_, "/v1/none").error().message, HasSubstr("no such path"));
}

TEST_F(ServerTest, IsForItsOwnerOnly) {
  struct stat facts{};
  ASSERT_EQ(::stat(socket_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
}

TEST_F(ServerTest, TellsThatNobodyListens) {
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(socket_));
  EXPECT_THAT(Ask(socket_, "/v1/status").error().message, HasSubstr("no sensor is running here"));
}

TEST_F(ServerTest, DoesNotTakeTheSocketOfALivingSensor) {
  const auto second = Server::Start(socket_, {});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("another sensor listens"));
  EXPECT_TRUE(Ask(socket_, "/v1/status"));
}

TEST_F(ServerTest, TakesTheSocketOfADeadOne) {
  server_.reset();
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::strncpy(address.sun_path, socket_.c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(fd);
  Start();
  EXPECT_TRUE(Ask(socket_, "/v1/status"));
}

TEST_F(ServerTest, SilentAndGarblingClientsDoNotKeepOthersOut) {
  std::vector<int> clients;
  for (size_t i = 0; i < Server::kMaxConnections - 1; ++i) clients.push_back(Connect());
  const std::string garbage = "\x16\x03\x01 not http\r\n\r\n";
  EXPECT_EQ(::send(clients[0], garbage.data(), garbage.size(), MSG_NOSIGNAL), static_cast<ssize_t>(garbage.size()));
  EXPECT_TRUE(Ask(socket_, "/v1/status"));
  for (const int fd : clients) ::close(fd);
}

TEST_F(ServerTest, RefusesARequestThatIsTooLong) {
  const int fd = Connect();
  const std::string request = "GET /" + std::string(100'000, 'x');
  std::ignore = ::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
  char byte = 0;
  EXPECT_LE(::recv(fd, &byte, 1, 0), 0);
  ::close(fd);
}

}  // namespace
}  // namespace quaywatch::api
