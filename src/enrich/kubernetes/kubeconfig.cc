// SPDX-License-Identifier: Apache-2.0
#include "enrich/kubernetes/kubeconfig.h"

#include <fmt/format.h>
#include <yaml-cpp/binary.h>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "enrich/kubernetes/small_file.h"

namespace quaywatch::enrich::kubernetes {
namespace {

constexpr size_t kMaxConfig = 1 << 20;
constexpr const char* kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

// What is wrong with a file, thrown within this file only.
struct Wrong {
  std::string what;
};

std::string TextOf(const YAML::Node& node, const char* name) {
  const auto value = node[name];
  return value && value.IsScalar() ? value.Scalar() : std::string();
}

// The entry of that name in a list like `clusters: [{name: a, cluster: {...}}]`.
YAML::Node Named(const YAML::Node& root, const char* list, const char* member, const std::string& name) {
  if (const auto entries = root[list]; entries && entries.IsSequence()) {
    for (const auto& entry : entries) {
      if (!entry.IsMap() || TextOf(entry, "name") != name) continue;
      if (const auto found = entry[member]; found && found.IsMap()) return found;
      throw Wrong{fmt::format("'{}' in its {} has no {}", name, list, member)};
    }
  }
  throw Wrong{fmt::format("it has no '{}' in its {}", name, list)};
}

std::string Decoded(const YAML::Node& node, const char* name) {
  const auto text = TextOf(node, name);
  if (text.empty()) return {};
  const auto bytes = YAML::DecodeBase64(text);
  if (bytes.empty()) throw Wrong{fmt::format("{} is not base64", name)};
  return {bytes.begin(), bytes.end()};
}

std::string PathOf(const YAML::Node& node, const char* name, const std::filesystem::path& folder) {
  const auto text = TextOf(node, name);
  return text.empty() ? text : (folder / text).string();
}

void TakeUser(const YAML::Node& user, const std::filesystem::path& folder, Access& access) {
  access.cert_file = PathOf(user, "client-certificate", folder);
  access.cert_data = Decoded(user, "client-certificate-data");
  access.key_file = PathOf(user, "client-key", folder);
  access.key_data = Decoded(user, "client-key-data");
  access.token_file = PathOf(user, "tokenFile", folder);
  access.token = TextOf(user, "token");
  const bool certificate = !access.cert_file.empty() || !access.cert_data.empty();
  if (certificate != (!access.key_file.empty() || !access.key_data.empty())) {
    throw Wrong{"a client certificate and its key must be given together"};
  }
  if (certificate || !access.token_file.empty() || !access.token.empty()) return;
  for (const char* unsupported : {"exec", "auth-provider", "username"}) {
    if (!user[unsupported]) continue;
    throw Wrong{
        fmt::format("its user logs in by '{}', which Quaywatch does not do: give it a token or a client "
                    "certificate (docs/kubernetes-names.md)",
                    unsupported)};
  }
}

Access Take(const std::string& text, std::string context, const std::filesystem::path& folder) {
  const auto root = YAML::Load(text);
  if (!root.IsMap()) throw Wrong{"it is no kubeconfig"};
  if (context.empty()) context = TextOf(root, "current-context");
  if (context.empty()) throw Wrong{"it has no current-context; choose one of its contexts"};
  const auto chosen = Named(root, "contexts", "context", context);
  const auto cluster = Named(root, "clusters", "cluster", TextOf(chosen, "cluster"));
  Access access;
  access.server = TextOf(cluster, "server");
  while (access.server.ends_with('/')) access.server.pop_back();
  if (!access.server.starts_with("https://") && !access.server.starts_with("http://")) {
    throw Wrong{fmt::format("server '{}' does not begin with https://", access.server)};
  }
  access.tls_server_name = TextOf(cluster, "tls-server-name");
  access.ca_file = PathOf(cluster, "certificate-authority", folder);
  access.ca_data = Decoded(cluster, "certificate-authority-data");
  access.insecure = TextOf(cluster, "insecure-skip-tls-verify") == "true";
  if (const auto user = TextOf(chosen, "user"); !user.empty())
    TakeUser(Named(root, "users", "user", user), folder, access);
  return access;
}

}  // namespace

base::Result<Access> ParseKubeconfig(const std::string& text, const std::string& context, const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  try {
    return Take(text, context, folder);
  } catch (const Wrong& wrong) {
    return base::Fail(fmt::format("kubeconfig {}: {}", path, wrong.what));
  } catch (const YAML::Exception& e) {
    return base::Fail(fmt::format("kubeconfig {}: line {}: {}", path, e.mark.line + 1, e.msg));
  } catch (const std::exception& e) {
    return base::Fail(fmt::format("kubeconfig {}: {}", path, e.what()));
  }
}

base::Result<Access> ReadKubeconfig(const std::string& path, const std::string& context) {
  auto text = ReadSmallFile(path, kMaxConfig);
  if (!text) return base::Fail("kubeconfig " + text.error().message);
  return ParseKubeconfig(*text, context, path);
}

base::Result<Access> InCluster() {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  const std::string folder = kServiceAccount;
  const std::string token_file = folder + "/token";
  std::error_code ignored;
  if (host == nullptr || *host == 0 || !std::filesystem::exists(token_file, ignored)) {
    return base::Fail("not in a pod with a service account");
  }
  Access access;
  const auto address = std::strchr(host, ':') ? fmt::format("[{}]", host) : std::string(host);
  access.server = fmt::format("https://{}:{}", address, port && *port ? port : "443");
  access.ca_file = folder + "/ca.crt";
  access.token_file = token_file;
  return access;
}

}  // namespace quaywatch::enrich::kubernetes
