// SPDX-License-Identifier: Apache-2.0
#include "enrich/kubernetes/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quaywatch::enrich::kubernetes {
namespace {

using testing::HasSubstr;

constexpr const char* kConfig = R"(apiVersion: v1
kind: Config
current-context: first
contexts:
- {name: first, context: {cluster: home, user: cert}}
- {name: second, context: {cluster: away, user: file}}
- {name: third, context: {cluster: away, user: plugin}}
- {name: fourth, context: {cluster: nowhere, user: file}}
- {name: fifth, context: {cluster: away, user: half}}
clusters:
- name: home
  cluster: {server: "https://10.0.0.1:6443/", certificate-authority-data: Y2E=}
- name: away
  cluster: {server: "https://k8s.example/k", certificate-authority: pki/ca.crt, insecure-skip-tls-verify: true,
            tls-server-name: kubernetes}
users:
- name: cert
  user: {client-certificate-data: Y2VydA==, client-key-data: a2V5}
- name: file
  user: {tokenFile: token, client-certificate: /pki/c.crt, client-key: c.key}
- name: plugin
  user: {exec: {command: aws, apiVersion: client.authentication.k8s.io/v1}}
- name: half
  user: {client-certificate: c.crt}
)";

TEST(Kubeconfig, CurrentContextWithDataInIt) {
  const auto access = ParseKubeconfig(kConfig, "", "/etc/kube/config");
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->server, "https://10.0.0.1:6443");
  EXPECT_EQ(access->ca_data, "ca");
  EXPECT_EQ(access->cert_data, "cert");
  EXPECT_EQ(access->key_data, "key");
  EXPECT_FALSE(access->insecure);
}

TEST(Kubeconfig, ChosenContextWithFilesBesideIt) {
  const auto access = ParseKubeconfig(kConfig, "second", "/etc/kube/config");
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->server, "https://k8s.example/k");
  EXPECT_EQ(access->tls_server_name, "kubernetes");
  EXPECT_EQ(access->ca_file, "/etc/kube/pki/ca.crt");
  EXPECT_EQ(access->cert_file, "/pki/c.crt");
  EXPECT_EQ(access->key_file, "/etc/kube/c.key");
  EXPECT_EQ(access->token_file, "/etc/kube/token");
  EXPECT_TRUE(access->insecure);
}

std::string ErrorOf(const std::string& text, const std::string& context = "") {
  const auto access = ParseKubeconfig(text, context, "/etc/kube/config");
  EXPECT_FALSE(access);
  return access ? std::string() : access.error().message;
}

TEST(Kubeconfig, SaysWhatIsWrongWhere) {
  EXPECT_THAT(ErrorOf(kConfig, "third"), HasSubstr("logs in by 'exec'"));
  EXPECT_THAT(ErrorOf(kConfig, "fourth"), HasSubstr("no 'nowhere' in its clusters"));
  EXPECT_THAT(ErrorOf(kConfig, "fifth"), HasSubstr("must be given together"));
  EXPECT_THAT(ErrorOf(kConfig, "none"), HasSubstr("no 'none' in its contexts"));
  EXPECT_THAT(ErrorOf("a: [b\n c: }"), HasSubstr("kubeconfig /etc/kube/config: line 2"));
  EXPECT_THAT(ErrorOf("hello"), HasSubstr("it is no kubeconfig"));
  EXPECT_THAT(ErrorOf(""), HasSubstr("it is no kubeconfig"));
  EXPECT_THAT(ErrorOf("contexts: []"), HasSubstr("current-context"));
  EXPECT_THAT(ErrorOf("current-context: a\ncontexts: {a: b}"), HasSubstr("no 'a' in its contexts"));
  EXPECT_FALSE(ReadKubeconfig("/nonexistent/config", ""));
}

}  // namespace
}  // namespace quaywatch::enrich::kubernetes
