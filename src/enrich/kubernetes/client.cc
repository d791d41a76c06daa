// SPDX-License-Identifier: Apache-2.0
#include "enrich/kubernetes/client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "enrich/kubernetes/small_file.h"

namespace quaywatch::enrich::kubernetes {
namespace {

using Clock = std::chrono::steady_clock;

struct Transfer {
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  Receiver* receiver = nullptr;
  std::chrono::seconds silence{};
  Clock::time_point heard{};  // when the last bytes came
  bool answered = false;
  bool refused = false;  // by the receiver
  char error[CURL_ERROR_SIZE] = {};

  ~Transfer() {
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
  }
};

size_t OnBody(char* data, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.heard = Clock::now();
  long status = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
  if (transfer.receiver->OnBytes(static_cast<int>(status), {data, size * count})) return size * count;
  transfer.refused = true;
  return CURL_WRITEFUNC_ERROR;
}

// A line of the header; the last one is empty.
size_t OnHeader(char* data, size_t size, size_t count, void* user) {
  if (std::string_view(data, size * count) != "\r\n") return size * count;
  static_cast<Transfer*>(user)->answered = true;
  return OnBody(data, 0, 0, user) == 0 ? size * count : CURL_WRITEFUNC_ERROR;
}

void SetBlob(CURL* easy, CURLoption option, const std::string& data) {
  if (data.empty()) return;
  // libcurl only reads it.
  curl_blob blob{const_cast<char*>(data.data()), data.size(), CURL_BLOB_NOCOPY};
  curl_easy_setopt(easy, option, &blob);
}

void SetText(CURL* easy, CURLoption option, const std::string& text) {
  if (!text.empty()) curl_easy_setopt(easy, option, text.c_str());
}

// The place of "https://host:port", as libcurl's CONNECT_TO wants it.
std::string PlaceOf(const std::string& server) {
  const auto place = server.substr(server.find("://") + 3);
  return place.substr(0, place.find('/'));
}

}  // namespace

class Client::Impl {
 public:
  explicit Impl(Access access) : access_(std::move(access)), multi_(curl_multi_init()) { NameServer(); }

  ~Impl() {
    for (const auto& transfer : transfers_) curl_multi_remove_handle(multi_, transfer->easy);
    transfers_.clear();
    curl_multi_cleanup(multi_);
    curl_slist_free_all(connect_to_);
  }

  void Start(const Request& request, Receiver& receiver) {
    auto transfer = std::make_unique<Transfer>();
    transfer->easy = curl_easy_init();
    transfer->receiver = &receiver;
    transfer->silence = request.silence;
    transfer->heard = Clock::now();
    Describe(request, *transfer);
    Authenticate(*transfer);
    curl_multi_add_handle(multi_, transfer->easy);
    transfers_.push_back(std::move(transfer));
  }

  void Run(std::chrono::milliseconds wait) {
    int running = 0;
    curl_multi_perform(multi_, &running);
    if (!Finish()) {
      curl_multi_poll(multi_, nullptr, 0, static_cast<int>(wait.count()), nullptr);
      curl_multi_perform(multi_, &running);
      Finish();
    }
    EndSilent();
  }

  void Wake() { curl_multi_wakeup(multi_); }

 private:
  // With another name for the certificate, that name is asked for at the server's place.
  void NameServer() {
    url_ = access_.server;
    if (access_.tls_server_name.empty() || !url_.starts_with("https://")) return;
    const auto place = PlaceOf(url_);
    const auto colon = place.rfind(':');
    const bool has_port = colon != std::string::npos && place.find(']', colon) == std::string::npos;
    const auto port = has_port ? place.substr(colon + 1) : std::string("443");
    const auto path = url_.substr(std::string("https://").size() + place.size());
    url_ = fmt::format("https://{}:{}{}", access_.tls_server_name, port, path);
    const auto to = fmt::format("::{}:{}", has_port ? place.substr(0, colon) : place, port);
    connect_to_ = curl_slist_append(nullptr, to.c_str());
  }

  void Describe(const Request& request, Transfer& transfer) {
    CURL* const easy = transfer.easy;
    const auto seconds = [](std::chrono::seconds s) { return static_cast<long>(s.count()); };
    curl_easy_setopt(easy, CURLOPT_URL, (url_ + request.target).c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, connect_to_);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");  // not what the environment says for browsers
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request.fresh ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, seconds(kConnect));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, seconds(request.most));
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 15L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 5L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "quaywatch");
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.error);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnBody);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, OnHeader);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    transfer.headers = curl_slist_append(nullptr, ("Accept: " + request.accept).c_str());
  }

  void Authenticate(Transfer& transfer) {
    CURL* const easy = transfer.easy;
    if (access_.insecure) {
      curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
      curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    SetText(easy, CURLOPT_CAINFO, access_.ca_file);
    SetBlob(easy, CURLOPT_CAINFO_BLOB, access_.ca_data);
    SetText(easy, CURLOPT_SSLCERT, access_.cert_file);
    SetBlob(easy, CURLOPT_SSLCERT_BLOB, access_.cert_data);
    SetText(easy, CURLOPT_SSLKEY, access_.key_file);
    SetBlob(easy, CURLOPT_SSLKEY_BLOB, access_.key_data);
    // A token is for nobody else's eyes.
    if (url_.starts_with("https://")) {
      const auto token = Token();
      if (!token.empty()) {
        transfer.headers = curl_slist_append(transfer.headers, ("Authorization: Bearer " + token).c_str());
      }
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.headers);
  }

  // Read for each request: a token is replaced before it expires. While its file can't be read, the last one.
  const std::string& Token() {
    if (access_.token_file.empty()) return access_.token;
    if (auto text = ReadSmallFile(access_.token_file, kMaxToken)) {
      text->erase(text->find_last_not_of(" \t\r\n") + 1);
      if (!text->empty() && text->find_first_of("\r\n") == std::string::npos) access_.token = std::move(*text);
    }
    return access_.token;
  }

  // Tells the receivers of transfers that ended.
  bool Finish() {
    bool any = false;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      End(message->easy_handle, message->data.result);
      any = true;
    }
    return any;
  }

  void End(CURL* easy, CURLcode code) {
    const auto found = std::ranges::find_if(transfers_, [&](const auto& transfer) { return transfer->easy == easy; });
    curl_multi_remove_handle(multi_, easy);
    const auto transfer = std::move(*found);
    transfers_.erase(found);
    transfer->receiver->OnEnd(ResponseOf(*transfer, code));
  }

  static Response ResponseOf(const Transfer& transfer, CURLcode code) {
    Response response;
    long status = 0;
    curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    curl_off_t after = 0;
    if (curl_easy_getinfo(transfer.easy, CURLINFO_RETRY_AFTER, &after) == CURLE_OK) {
      response.retry_after = std::chrono::seconds(std::clamp<curl_off_t>(after, 0, 3600));
    }
    if (code == CURLE_OK || transfer.refused) {
      response.status = static_cast<int>(status);
    } else if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CERTPROBLEM ||
               code == CURLE_SSL_CONNECT_ERROR) {
      response.error = *transfer.error ? transfer.error : curl_easy_strerror(code);
    } else {
      // Not the text of this one failure: it has times in it, and would seem to be another each time.
      response.error = curl_easy_strerror(code);
    }
    return response;
  }

  void EndSilent() {
    const auto now = Clock::now();
    std::vector<CURL*> silent;
    for (const auto& transfer : transfers_) {
      if (now - transfer->heard > (transfer->answered ? transfer->silence : kBegin)) silent.push_back(transfer->easy);
    }
    for (CURL* easy : silent) End(easy, CURLE_OPERATION_TIMEDOUT);
  }

  Access access_;
  CURLM* multi_;
  std::string url_;
  curl_slist* connect_to_ = nullptr;
  std::vector<std::unique_ptr<Transfer>> transfers_;
};

Client::Client(Access access) : impl_(std::make_unique<Impl>(std::move(access))) {}
Client::~Client() = default;
void Client::Start(const Request& request, Receiver& receiver) { impl_->Start(request, receiver); }
void Client::Run(std::chrono::milliseconds wait) { impl_->Run(wait); }
void Client::Wake() { impl_->Wake(); }

}  // namespace quaywatch::enrich::kubernetes
