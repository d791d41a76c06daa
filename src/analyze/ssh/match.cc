// SPDX-License-Identifier: Apache-2.0
#include "analyze/ssh/match.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <vector>

#include "analyze/ssh/parse.h"

namespace quaywatch::analyze::ssh {
namespace {

std::vector<uint8_t> Digest(const EVP_MD* kind, std::string_view bytes) {
  std::vector<uint8_t> digest(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, kind, nullptr) != 1) size = 0;
  digest.resize(size);
  return digest;
}

}  // namespace

std::string Choose(std::string_view client, std::string_view server) {
  size_t total = 0;
  std::vector<std::string_view> known = SplitNames(server, total);
  std::sort(known.begin(), known.end());
  for (const std::string_view name : SplitNames(client, total)) {
    if (std::binary_search(known.begin(), known.end(), name)) return std::string(name);
  }
  return std::string(kNegotiationFailed);
}

std::string ChooseBoth(const Preferences& client, const Preferences& server) {
  std::string to_server = Choose(client.to_server, server.to_server);
  const std::string to_client = Choose(client.to_client, server.to_client);
  if (to_server == to_client) return to_server;
  return fmt::format("To server: {}, to client: {}", to_server, to_client);
}

std::string HasshInput(const KexInit& client) {
  return fmt::format("{};{};{};{}", client.kex, client.encryption.to_server, client.mac.to_server,
                     client.compression.to_server);
}

std::string HasshServerInput(const KexInit& server) {
  return fmt::format("{};{};{};{}", server.kex, server.encryption.to_client, server.mac.to_client,
                     server.compression.to_client);
}

std::string Hassh(std::string_view input) {
  std::string hex;
  if (input.empty()) return hex;
  for (const uint8_t byte : Digest(EVP_md5(), input)) fmt::format_to(std::back_inserter(hex), "{:02x}", byte);
  return hex;
}

std::string Fingerprint(std::string_view key) {
  constexpr int kShown = 24;
  const std::vector<uint8_t> digest = Digest(EVP_sha256(), key);
  if (digest.size() < kShown) return {};
  std::array<uint8_t, kShown / 3 * 4 + 1> text{};  // EVP_EncodeBlock adds a terminator
  const int length = EVP_EncodeBlock(text.data(), digest.data(), kShown);
  return "SHA256:" + std::string(text.begin(), text.begin() + length);
}

}  // namespace quaywatch::analyze::ssh
