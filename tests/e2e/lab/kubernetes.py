# SPDX-License-Identifier: Apache-2.0
"""A real API server of Kubernetes with its etcd, on a machine of the test. There are no controllers and no kubelet: the
test writes what these would write.
"""
import glob
import http.client
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import time

from lab.machine import CommandFailed, run
from lab.sensor import TOP

PATIENCE = 120  # seconds
TOKEN = "test-token"
HTTPS_PORT = 6443
ETCD_PORT = 2379

EXTENSIONS = """
[server]
subjectAltName = IP:{address}
[ca]
basicConstraints = critical, CA:true
"""


HOW_TO_GET_IT = {
    "kube-apiserver": "`setup-envtest use -p path` (sigs.k8s.io/controller-runtime) prints a folder for "
                      "KUBEBUILDER_ASSETS; or https://dl.k8s.io/v1.31.0/bin/linux/amd64/kube-apiserver",
    "etcd": "the package etcd-server"}


def find(name):
    """On PATH, in $KUBEBUILDER_ASSETS, in the folders of $QUAYWATCH_TEST_ASSETS, or in a bin/ beside this tree."""
    folders = [os.environ.get("KUBEBUILDER_ASSETS", ""), *os.environ.get("QUAYWATCH_TEST_ASSETS", "").split(":")]
    places = [shutil.which(name), *(f"{folder}/{name}" for folder in folders if folder),
              *sorted(glob.glob(f"{TOP.parent}/*/bin/{name}"))]
    for place in places:
        if place and os.access(place, os.X_OK):
            return place
    raise CommandFailed(f"no {name} on PATH, in $KUBEBUILDER_ASSETS, $QUAYWATCH_TEST_ASSETS or ../*/bin. Get one: "
                        f"{HOW_TO_GET_IT[name]}")


class ApiServer:
    def __init__(self, machine, address, services, options=()):
        """Listens on that address of the machine. services: the networks of cluster IPs, by family."""
        self.machine = machine
        self.address = address
        self._folder = tempfile.TemporaryDirectory(prefix="quaywatch-e2e-")
        self.folder = pathlib.Path(self._folder.name)
        self.folder.chmod(0o755)
        self._make_certificates()
        self._log = (self.folder / "log").open("wb")
        (self.folder / "tokens.csv").write_text(f'{TOKEN},admin,admin,"system:masters"\n', encoding="ascii")
        path = self.folder
        self._start(find("etcd"), "--data-dir", path / "etcd", "--listen-client-urls", f"http://127.0.0.1:{ETCD_PORT}",
                    "--advertise-client-urls", f"http://127.0.0.1:{ETCD_PORT}", "--listen-peer-urls",
                    "http://127.0.0.1:2380", "--unsafe-no-fsync")
        self._start(find("kube-apiserver"), f"--etcd-servers=http://127.0.0.1:{ETCD_PORT}", f"--bind-address={address}",
                    f"--secure-port={HTTPS_PORT}", f"--tls-cert-file={path}/server.crt",
                    f"--tls-private-key-file={path}/server.key", f"--client-ca-file={path}/ca.crt",
                    f"--service-account-key-file={path}/server.key",
                    f"--service-account-signing-key-file={path}/server.key",
                    "--service-account-issuer=https://kubernetes.default.svc",
                    "--service-cluster-ip-range=" + ",".join(map(str, services)), "--authorization-mode=RBAC",
                    f"--token-auth-file={path}/tokens.csv", "--feature-gates=IPv6DualStack=true",
                    "--disable-admission-plugins=ServiceAccount", f"--cert-dir={path}", *options)
        self.kubeconfig = path / "kubeconfig"
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": f"https://{address}:{HTTPS_PORT}",
                                                      "certificate-authority": f"{path}/ca.crt"}}],
            "users": [{"name": "test", "user": {"token": TOKEN}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}]}), encoding="ascii")
        for file in path.iterdir():
            if file.is_file():
                file.chmod(0o644)
        self._connection = None

    def _make_certificates(self):
        path = self.folder
        (path / "extensions").write_text(EXTENSIONS.format(address=self.address), encoding="ascii")
        for name, subject, sign in (("ca", "/CN=test-ca", ["-signkey", f"{path}/ca.key"]),
                                    ("server", "/CN=kube-apiserver",
                                     ["-CA", f"{path}/ca.crt", "-CAkey", f"{path}/ca.key", "-CAcreateserial"])):
            run(["openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{path}/{name}.key",
                 "-subj", subject, "-out", f"{path}/{name}.csr"])
            run(["openssl", "x509", "-req", "-in", f"{path}/{name}.csr", "-days", "2", *sign, "-extfile",
                 f"{path}/extensions", "-extensions", name, "-out", f"{path}/{name}.crt"])

    def _start(self, *command):
        self.machine.spawn(map(str, command), stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)

    def wait(self):
        """Returns when it serves."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                if self.request("GET", "/readyz", raw=True) == b"ok":
                    return
            except (OSError, CommandFailed, http.client.HTTPException) as error:
                if time.monotonic() > until:
                    said = (self.folder / "log").read_text(encoding="utf-8", errors="replace")[-2000:]
                    raise CommandFailed(f"the API server does not answer: {error}\n{said}") from error
            time.sleep(0.1)

    def request(self, method, path, body=None, raw=False):
        if self._connection is None:
            context = ssl.create_default_context(cafile=self.folder / "ca.crt")
            self._connection = http.client.HTTPSConnection(self.address, HTTPS_PORT, context=context, timeout=30)
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        try:
            with self.machine.network():
                self._connection.request(method, path, json.dumps(body) if body else None,
                                         {"Authorization": f"Bearer {TOKEN}", "Content-Type": kind})
            answer = self._connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._connection = None
            raise
        if answer.status >= 300:
            raise CommandFailed(f"{method} {path}: {answer.status} {data.decode()}")
        return data if raw else json.loads(data)

    def create(self, path, item, status=None):
        """As the API server has it then. path: of its collection, as in "/api/v1/namespaces/shop/pods"."""
        made = self.request("POST", path, item)
        if status:
            made = self.request("PATCH", f"{path}/{made['metadata']['name']}/status", {"status": status})
        return made

    def close(self):
        if self._connection:
            self._connection.close()
        self._log.close()
        self._folder.cleanup()
