# SPDX-License-Identifier: Apache-2.0
"""A real kube-apiserver with etcd on a machine of the lab, and kubectl for it. Nothing else of Kubernetes runs."""
import base64
import json
import os
import signal
import subprocess
import time

from lab.kubernetes import find
from lab.machine import CommandFailed, last_child_of, run

PATIENCE = 60  # seconds
SECURE_PORT, ETCD_PORT, ETCD_PEER_PORT = 6443, 2379, 2380
SERVER = f"https://127.0.0.1:{SECURE_PORT}"


class ApiServer:
    def __init__(self, machine, folder):
        """The folder is for keys, data and logs; it must outlive the server."""
        self.machine = machine
        self.folder = folder
        self.program = find("kube-apiserver")
        self.audit = folder / "audit.log"
        self._log = (folder / "log").open("ab")
        self._etcd = self._api = None
        self._make_keys()

    # ---- life ---------------------------------------------------------------------------------------

    def start(self, *options):
        if self._etcd is None:
            self._etcd = self._spawn([
                find("etcd"), "--data-dir", str(self.folder / "etcd"), "--unsafe-no-fsync", "--log-level", "error",
                "--listen-client-urls", f"http://127.0.0.1:{ETCD_PORT}",
                "--advertise-client-urls", f"http://127.0.0.1:{ETCD_PORT}",
                "--listen-peer-urls", f"http://127.0.0.1:{ETCD_PEER_PORT}",
                "--initial-advertise-peer-urls", f"http://127.0.0.1:{ETCD_PEER_PORT}",
                "--initial-cluster", f"default=http://127.0.0.1:{ETCD_PEER_PORT}"])
        key = self.folder
        self._api = self._spawn([
            self.program, f"--etcd-servers=http://127.0.0.1:{ETCD_PORT}", "--bind-address=127.0.0.1",
            "--advertise-address=192.0.2.1", f"--secure-port={SECURE_PORT}", f"--tls-cert-file={key}/server.crt",
            f"--tls-private-key-file={key}/server.key", f"--client-ca-file={key}/ca.crt",
            f"--service-account-key-file={key}/server.key", f"--service-account-signing-key-file={key}/server.key",
            "--service-account-issuer=https://kubernetes.default.svc", "--api-audiences=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.96.0.0/16", "--authorization-mode=RBAC",
            "--disable-admission-plugins=ServiceAccount", f"--audit-policy-file={key}/audit.json",
            f"--audit-log-path={self.audit}", *options])
        until = time.monotonic() + PATIENCE
        while self.kubectl("get", "--raw", "/readyz", check=False) != "ok":
            if self._api.poll() is not None or time.monotonic() > until:
                raise CommandFailed(f"kube-apiserver does not start: {self._last_lines()}")
            time.sleep(0.1)

    def stop(self):
        """The server, at once; etcd stays."""
        self._kill(self._api)

    def compact(self):
        """Makes etcd forget all versions but the last."""
        etcdctl = [*self.machine.inside(), "env", "ETCDCTL_API=3", "etcdctl", "--endpoints",
                   f"http://127.0.0.1:{ETCD_PORT}"]
        run([*etcdctl, "put", "a-key-of-nobody", "1"])
        status = json.loads(run([*etcdctl, "endpoint", "status", "--write-out=json"]))
        run([*etcdctl, "compact", str(status[0]["Status"]["header"]["revision"])])

    def close(self):
        self.stop()
        self._kill(self._etcd)
        self._log.close()

    @staticmethod
    def _kill(process):
        if process and process.poll() is None:
            os.kill(last_child_of(process.pid), signal.SIGKILL)
            process.wait(PATIENCE)

    # ---- kubectl ------------------------------------------------------------------------------------

    def kubectl(self, *words, given=None, check=True):
        text = given if given is None or isinstance(given, str) else json.dumps(given)
        config = self.folder / "admin.config"
        return run([*self.machine.inside(), "env", f"HOME={self.folder}", "kubectl", f"--kubeconfig={config}", *words],
                   text, check)

    def create(self, *objects):
        """Returns them as the server made them."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        text = self.kubectl("create", "--validate=false", "-o", "json", "-f", "-", given=listed).strip()
        made = []
        while text:  # one after the other
            one, end = json.JSONDecoder().raw_decode(text)
            made += one["items"] if one["kind"] == "List" else [one]
            text = text[end:].strip()
        return made

    def set_status(self, resource, made, status):
        """By the status subresource, as a kubelet or a controller does."""
        meta, group = made["metadata"], made["apiVersion"]
        root = f"/apis/{group}" if "/" in group else f"/api/{group}"
        space = f"/namespaces/{meta['namespace']}" if "namespace" in meta else ""
        path = f"{root}{space}/{resource}/{meta['name']}"
        now = json.loads(self.kubectl("get", "--raw", path))
        self.kubectl("replace", "--raw", f"{path}/status", "-f", "-", given={**now, "status": status})

    def delete_pod(self, space, name):
        self.kubectl("delete", "pod", "-n", space, name, "--grace-period=0", "--force", "--wait=true")

    def slices_version(self):
        groups = json.loads(self.kubectl("get", "--raw", "/apis/discovery.k8s.io"))
        return groups["preferredVersion"]["groupVersion"]

    def token(self, space, account):
        """A new one for a service account."""
        path = f"/api/v1/namespaces/{space}/serviceaccounts/{account}/token"
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        return json.loads(self.kubectl("create", "--raw", path, "-f", "-", given=request))["status"]["token"]

    def asked(self, verb, resource):
        """How often the sensor asked for that, as the server's audit log has it."""
        events = [json.loads(line) for line in self.audit.read_text(encoding="utf-8").splitlines()]
        return sum(event["verb"] == verb and event.get("objectRef", {}).get("resource") == resource and
                   event["stage"] == "RequestReceived" and event.get("userAgent") == "quaywatch" and
                   "continue=" not in event["requestURI"] for event in events)

    # ---- keys ---------------------------------------------------------------------------------------

    def kubeconfig(self, name, user, **cluster):
        """A file; `cluster` goes into its cluster beside the server and its authority."""
        cluster = {"server": SERVER, "certificate-authority": str(self.folder / "ca.crt"), **cluster}
        path = self.folder / name
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "lab",
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab"}}],
            "clusters": [{"name": "lab", "cluster": cluster}], "users": [{"name": "lab", "user": user}]}),
            encoding="utf-8")
        return path

    def data(self, name):
        return base64.b64encode((self.folder / name).read_bytes()).decode()

    def _make_keys(self):
        run(["sh", "-eu"], f"""
            cd {self.folder}
            openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj /CN=lab-ca -days 2
            sign() {{
              openssl req -newkey rsa:2048 -nodes -keyout $1.key -out $1.csr -subj "$2"
              printf '%s\\n' "$3" > $1.ext
              openssl x509 -req -in $1.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out $1.crt -days 2 -extfile $1.ext
            }}
            sign server /CN=kube-apiserver 'subjectAltName=IP:127.0.0.1,DNS:kubernetes'
            sign admin /O=system:masters/CN=admin 'extendedKeyUsage=clientAuth'
            openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.crt -subj /CN=other-ca -days 2
        """)
        self.kubeconfig("admin.config", {"client-certificate": "admin.crt", "client-key": "admin.key"})
        policy = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [
            {"level": "Metadata", "users": ["system:serviceaccount:quaywatch:quaywatch"]}, {"level": "None"}]}
        (self.folder / "audit.json").write_text(json.dumps(policy), encoding="utf-8")

    def _spawn(self, command):
        return self.machine.spawn(command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)

    def _last_lines(self):
        return "\n".join((self.folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()[-5:])
