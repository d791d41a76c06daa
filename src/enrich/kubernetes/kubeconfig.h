// SPDX-License-Identifier: Apache-2.0
//
// How to reach the API server and who we are there.
#pragma once

#include <string>

#include "base/result.h"

namespace quaywatch::enrich::kubernetes {

// Files are read anew for each connection, tokens for each request: they are replaced before they expire.
struct Access {
  std::string server;           // "https://10.96.0.1:443", without a slash at its end
  std::string tls_server_name;  // that the certificate must have; empty: the server's
  std::string ca_file;          // PEM; empty with ca_data empty: the system's
  std::string ca_data;
  std::string cert_file;
  std::string cert_data;
  std::string key_file;
  std::string key_data;
  std::string token_file;
  std::string token;
  bool insecure = false;  // whoever answers is taken for the server
};

// Of a file as kubectl has it (kubernetes.io/docs/reference/config-api/kubeconfig.v1): the context's, by default the
// current one's. Not taken: proxy-url; and credentials that need another program (exec) or a cloud's own code
// (auth-provider), or a password, are refused. Fails with a line for a person.
base::Result<Access> ReadKubeconfig(const std::string& path, const std::string& context);
// The same of a file's text; relative paths in it begin in `folder`.
base::Result<Access> ParseKubeconfig(const std::string& text, const std::string& context, const std::string& path);

// Of the service account that Kubernetes gives to each pod; fails if we don't run in a pod that has one.
base::Result<Access> InCluster();

}  // namespace quaywatch::enrich::kubernetes
