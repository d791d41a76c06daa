// SPDX-License-Identifier: Apache-2.0
#include "api/server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <filesystem>
#include <thread>

namespace quaywatch::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Protocol = asio::local::stream_protocol;
using Stream = beast::basic_stream<Protocol>;
using Request = http::request<http::empty_body>;
using Response = http::response<http::string_body>;

constexpr size_t kMaxRequest = 16 * 1024;
constexpr auto kTimeout = std::chrono::seconds(5);

Response AnswerTo(const Request& request, const Routes& routes) {
  Response response(http::status::ok, request.version());
  response.set(http::field::content_type, "application/json");
  response.keep_alive(false);
  const auto route = routes.find(std::string(request.target()));
  if (request.method() != http::verb::get) {
    response.result(http::status::method_not_allowed);
    response.body() = R"({"error":"only GET is understood"})";
  } else if (route == routes.end()) {
    response.result(http::status::not_found);
    response.body() = R"({"error":"there is no such path"})";
  } else {
    response.body() = route->second();
  }
  response.prepare_payload();
  return response;
}

}  // namespace

class Server::Impl {
 public:
  Impl(std::string path, Routes routes) : path_(std::move(path)), routes_(std::move(routes)) {}
  ~Impl() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
    if (acceptor_.is_open()) ::unlink(path_.c_str());
  }

  base::Result<> Listen() {
    const std::filesystem::path folder = std::filesystem::path(path_).parent_path();
    std::error_code error;
    if (!folder.empty()) std::filesystem::create_directories(folder, error);
    if (error) return base::Fail("cannot make the folder " + folder.string() + ": " + error.message());
    boost::system::error_code failure;
    Protocol::socket probe(io_);
    probe.connect(Protocol::endpoint(path_), failure);
    if (!failure) {
      return base::Fail("another sensor listens at " + path_ + "; stop it, or choose another socket with --socket");
    }
    ::unlink(path_.c_str());
    const mode_t mask = ::umask(0177);
    acceptor_.open(Protocol(), failure);
    if (!failure) acceptor_.bind(Protocol::endpoint(path_), failure);
    if (!failure) acceptor_.listen(asio::socket_base::max_listen_connections, failure);
    ::umask(mask);
    if (failure) return base::Fail("cannot listen at " + path_ + ": " + failure.message());
    asio::co_spawn(io_, Accept(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
    return {};
  }

 private:
  asio::awaitable<void> Accept() {
    for (;;) {
      auto [failure, socket] = co_await acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
      if (failure == asio::error::operation_aborted) co_return;
      if (failure || connections_ >= kMaxConnections) continue;
      ++connections_;
      asio::co_spawn(io_, Serve(Stream(std::move(socket))), [this](const std::exception_ptr&) { --connections_; });
    }
  }

  asio::awaitable<void> Serve(Stream stream) {
    beast::flat_buffer buffer(kMaxRequest);
    Request request;
    stream.expires_after(kTimeout);
    auto [unread, read] = co_await http::async_read(stream, buffer, request, asio::as_tuple(asio::use_awaitable));
    if (unread) co_return;
    const Response response = AnswerTo(request, routes_);
    stream.expires_after(kTimeout);
    co_await http::async_write(stream, response, asio::as_tuple(asio::use_awaitable));
  }

  const std::string path_;
  const Routes routes_;
  size_t connections_ = 0;  // of the server's thread
  asio::io_context io_{1};
  Protocol::acceptor acceptor_{io_};
  std::thread thread_;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

base::Result<std::unique_ptr<Server>> Server::Start(const std::string& socket, Routes routes) {
  auto impl = std::make_unique<Impl>(socket, std::move(routes));
  if (auto listening = impl->Listen(); !listening) return std::unexpected(listening.error());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

}  // namespace quaywatch::api
