// SPDX-License-Identifier: Apache-2.0
#include "enrich/docker/http.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

namespace quaywatch::enrich::docker {
namespace {

int Milliseconds(base::Duration duration) {
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

struct Request {
  Http::Reply reply;
  size_t max_bytes = 0;
  bool too_long = false;
  bool streams = false;
  Http::Stream stream;
  Http::Done done;
};

int StatusOf(CURL* handle) {
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

struct Transfer {
  CURL* handle = nullptr;
  bool* moved = nullptr;  // set when something of the answer came
  Request request;
};

size_t OnBytes(char* data, size_t, size_t size, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  Request& request = transfer.request;
  *transfer.moved = true;
  if (request.streams) {
    request.stream.bytes({data, size});
    return size;
  }
  if (size > request.max_bytes - request.reply.body.size()) {
    request.too_long = true;
    return 0;  // ends the transfer
  }
  request.reply.body.append(data, size);
  return size;
}

size_t OnHeader(char* data, size_t, size_t size, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  *transfer.moved = true;
  const bool last = size <= 2 && (data[0] == '\r' || data[0] == '\n');
  if (transfer.request.streams && last) transfer.request.stream.opened(StatusOf(transfer.handle));
  return size;
}

}  // namespace

class Http::Impl {
 public:
  explicit Impl(const std::string& socket_path) : socket_path_(socket_path) {
    static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
    static_cast<void>(initialized);
    multi_ = curl_multi_init();
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 8L);
  }

  ~Impl() {
    for (const auto& [handle, transfer] : transfers_) {
      curl_multi_remove_handle(multi_, handle);
      curl_easy_cleanup(handle);
    }
    curl_multi_cleanup(multi_);
  }

  void Add(const std::string& path, base::Duration patience, Request request) {
    CURL* const handle = curl_easy_init();
    auto transfer = std::make_unique<Transfer>(Transfer{handle, &moved_, std::move(request)});
    curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, socket_path_.c_str());
    curl_easy_setopt(handle, CURLOPT_URL, ("http://localhost" + path).c_str());
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
    if (patience > base::Duration::zero()) {
      curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(Milliseconds(patience)));
    }
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, OnBytes);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, transfer.get());
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, OnHeader);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, transfer.get());
    curl_multi_add_handle(multi_, handle);
    transfers_.emplace(handle, std::move(transfer));
  }

  void Run(base::Duration at_most) {
    int running = 0;
    moved_ = false;
    curl_multi_perform(multi_, &running);
    if (Finish() || moved_) return;
    curl_multi_poll(multi_, nullptr, 0, Milliseconds(at_most), nullptr);
    curl_multi_perform(multi_, &running);
    Finish();
  }

  void Wake() { curl_multi_wakeup(multi_); }
  size_t waiting() const { return transfers_.size(); }

 private:
  // Hands out what is complete. True if something was.
  bool Finish() {
    bool any = false;
    int left = 0;
    while (CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      any = true;
      CURL* const handle = message->easy_handle;
      const CURLcode result = message->data.result;
      const auto found = transfers_.find(handle);
      Request request = std::move(found->second->request);
      if (result == CURLE_OK) {
        request.reply.status = StatusOf(handle);
      } else {
        long error = 0;
        curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &error);
        request.reply.system_error = static_cast<int>(error);
        request.reply.error = request.too_long                           ? "its answer is too long"
                              : result == CURLE_COULDNT_CONNECT && error ? std::strerror(static_cast<int>(error))
                                                                         : curl_easy_strerror(result);
      }
      curl_multi_remove_handle(multi_, handle);
      curl_easy_cleanup(handle);
      transfers_.erase(found);
      (request.streams ? request.stream.ended : request.done)(std::move(request.reply));
    }
    return any;
  }

  std::string socket_path_;
  CURLM* multi_ = nullptr;
  bool moved_ = false;
  std::map<CURL*, std::unique_ptr<Transfer>> transfers_;
};

Http::Http(const std::string& socket_path) : impl_(std::make_unique<Impl>(socket_path)) {}
Http::~Http() = default;

void Http::Get(const std::string& path, size_t max_bytes, base::Duration patience, Done done) {
  Request request;
  request.max_bytes = max_bytes;
  request.done = std::move(done);
  impl_->Add(path, patience, std::move(request));
}

void Http::Open(const std::string& path, Stream stream) {
  Request request;
  request.streams = true;
  request.stream = std::move(stream);
  impl_->Add(path, base::Duration::zero(), std::move(request));
}

void Http::Run(base::Duration at_most) { impl_->Run(at_most); }
void Http::Wake() { impl_->Wake(); }
size_t Http::waiting() const { return impl_->waiting(); }

}  // namespace quaywatch::enrich::docker
