// SPDX-License-Identifier: Apache-2.0
#include "api/client.h"

#include <curl/curl.h>
#include <unistd.h>

#include <memory>

namespace quaywatch::api {
namespace {

constexpr long kTimeoutSeconds = 10;

size_t Append(const char* data, size_t size, size_t count, void* text) {
  static_cast<std::string*>(text)->append(data, size * count);
  return size * count;
}

}  // namespace

base::Result<std::string> Ask(const std::string& socket, const std::string& path) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), curl_easy_cleanup);
  if (!curl) return base::Fail("cannot ask the sensor: out of memory");
  std::string answer;
  const std::string url = "http://sensor" + path;
  curl_easy_setopt(curl.get(), CURLOPT_UNIX_SOCKET_PATH, socket.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, kTimeoutSeconds);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, Append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer);
  const CURLcode done = curl_easy_perform(curl.get());
  if (done == CURLE_COULDNT_CONNECT) {
    if (::access(socket.c_str(), F_OK) == 0 && ::access(socket.c_str(), W_OK) != 0) {
      return base::Fail("no right to ask the sensor at " + socket + "; run it as the sensor's user, as with sudo");
    }
    return base::Fail("no sensor is running here (nobody listens at " + socket + "); start one: sudo quaywatch live");
  }
  if (done != CURLE_OK) return base::Fail("the sensor at " + socket + " does not answer: " + curl_easy_strerror(done));
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return base::Fail("the sensor at " + socket + " refuses " + path + ": " + answer);
  return answer;
}

}  // namespace quaywatch::api
