# SPDX-License-Identifier: Apache-2.0
"""A machine with containerd and a network for its pods."""
import hashlib
import io
import json
import os
import pathlib
import signal
import subprocess
import tarfile
import tempfile
import time

from kubelet import Kubelet
from lab.machine import CommandFailed, Machine, last_child_of, run

IMAGE = "docker.io/quaywatch/busybox:1"
PAUSE = "docker.io/quaywatch/pause:1"
PAGE = b"x" * 1000
PATIENCE = 60  # seconds

GATEWAY = "10.88.0.1"
BY_HAND = 200  # last part of the first address that is given out without CNI

SETTINGS = """version = 2
root = "{folder}/root"
state = "/run/containerd"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{folder}/cni"
"""

NETWORK = {
    "cniVersion": "0.4.0", "name": "shop", "plugins": [{
        "type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": True,
        "ipam": {"type": "host-local", "dataDir": "/run/cni-addresses",
                 "ranges": [[{"subnet": "10.88.0.0/24", "rangeEnd": "10.88.0.199"}],
                            [{"subnet": "fd00:88::/64"}]],
                 "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}}]}


def eventually(what, holds):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if holds():
            return
        time.sleep(0.05)
    raise TimeoutError(f"not in {PATIENCE} s: {what}")


def tar_of(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data, mode in files:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), mode
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def images():
    """An archive as `docker save` makes it: busybox and a page to fetch, and the same that only sleeps."""
    busybox = pathlib.Path("/bin/busybox").read_bytes()
    layer = tar_of([("bin/busybox", busybox, 0o755), ("www/x", PAGE, 0o644)])
    files, manifest = [("layer.tar", layer, 0o644)], []
    for name, command in ((IMAGE, []), (PAUSE, ["/bin/busybox", "sleep", "1000000"])):
        config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Entrypoint": command},
                             "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}})
        file = hashlib.sha256(config.encode()).hexdigest() + ".json"
        files.append((file, config.encode(), 0o644))
        manifest.append({"Config": file, "RepoTags": [name], "Layers": ["layer.tar"]})
    return tar_of([*files, ("manifest.json", json.dumps(manifest).encode(), 0o644)])


class World:
    def __init__(self):
        self.host = Machine("ship")
        self.folder = tempfile.TemporaryDirectory(prefix="quaywatch-e2e-", ignore_cleanup_errors=True)
        self.path = pathlib.Path(self.folder.name)
        self.log = (self.path / "log").open("w+", encoding="utf-8")
        self.process = self.kubelet = None
        self.by_hand = []
        self.execs = 0
        try:
            self.host.sysctl({"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1})
            # ip-netns(8) mounts /run/netns over itself, which would hide the namespaces that are there already.
            self.host.sh("ip netns add first; ip netns del first")
            (self.path / "cni").mkdir()
            (self.path / "cni/net.conflist").write_text(json.dumps(NETWORK))
            (self.path / "settings").write_text(SETTINGS.format(folder=self.path, pause=PAUSE))
            self.start()
            (self.path / "images.tar").write_bytes(images())
            for group in ("k8s.io", "default"):
                self.ctr("images", "import", str(self.path / "images.tar"), group=group)
            self.kubelet = Kubelet(f"/proc/{self.host.init}/root/run/containerd/containerd.sock", IMAGE)
        except BaseException:
            self.close()
            raise

    # ---- containerd ----------------------------------------------------------------------------------------

    def start(self):
        self.process = self.host.spawn(["containerd", "--config", str(self.path / "settings")],
                                       stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        eventually("containerd answers", self.answers)
        if self.kubelet is not None:
            self.kubelet.connect()

    def answers(self):
        return subprocess.run(self.words("version"), capture_output=True, check=False).returncode == 0

    def kill(self):
        """Pods go on without it."""
        os.kill(last_child_of(self.process.pid), signal.SIGKILL)
        self.process.wait(PATIENCE)

    def words(self, *arguments, group="default"):
        return self.host.inside() + ["ctr", "-n", group, *arguments]

    def ctr(self, *arguments, group="default"):
        return run(self.words(*arguments, group=group)).strip()

    # ---- pods ----------------------------------------------------------------------------------------------

    def serve(self, pod, name, port, address=None):
        """A container of a pod that serves the page; returns when it listens."""
        where = str(port) if address is None else f"{address}:{port}"
        container = pod.start(name, "/bin/busybox", "httpd", "-f", "-p", where, "-h", "/www", ports=[port])
        self.listens(container, port)
        return container

    def stay(self, pod, name):
        return pod.start(name, "/bin/busybox", "sleep", "1000000")

    def pid(self, container, group="k8s.io"):
        for line in self.ctr("tasks", "ls", group=group).splitlines():
            words = line.split()
            if words[0] == container:
                return words[1]
        raise LookupError(f"{container} does not run")

    def in_network_of(self, container, *command, group="k8s.io"):
        return run(self.host.inside() + ["nsenter", "-t", self.pid(container, group), "--net", *command])

    def listens(self, container, port, group="k8s.io"):
        eventually(f"somebody listens on {port}",
                   lambda: self.in_network_of(container, "ss", "-Hltn", f"sport = {port}", group=group).strip())

    def fetch(self, container, address, port):
        """By a process of a pod's container: one connection."""
        self.execs += 1
        self.ctr("tasks", "exec", "--exec-id", f"x{self.execs}", container, *wget(address, port), group="k8s.io")

    def fetcher(self, container):
        """As above, without containerd: what stays in the container's network and fetches as often as it is told."""
        enter = self.host.inside() + ["nsenter", "-t", self.pid(container), "--net"]
        return lambda address, port: run(enter + ["busybox", *wget(address, port)[1:]])

    def network_by_hand(self):
        """A network namespace on the pods' bridge that CNI knows nothing of: its name and its address."""
        name, last = f"hand{len(self.by_hand)}", BY_HAND + len(self.by_hand)
        self.by_hand.append(name)
        self.host.sh(f"""
            ip netns add {name}
            ip link add v{name} type veth peer name eth0 netns {name}
            ip link set v{name} master cni0 up
            ip -n {name} addr add 10.88.0.{last}/24 dev eth0
            ip -n {name} link set eth0 up
            ip -n {name} link set lo up""")
        return f"/run/netns/{name}", f"10.88.0.{last}"

    def give_out_next(self, address):
        """CNI gives out addresses in turn; after this it is that one's."""
        first, last = address.rsplit(".", 1)
        self.host.sh(f"echo -n {first}.{int(last) - 1} > /run/cni-addresses/shop/last_reserved_ip.0")

    # ---- the end -------------------------------------------------------------------------------------------

    def said(self):
        self.log.seek(0)
        return self.log.read()[-2000:]

    def close(self):
        """Stops all containers, so that nothing of them stays in the control groups."""
        try:
            if self.process is not None and self.process.poll() is not None:
                self.start()
            if self.kubelet is not None:
                self.kubelet.close()
                for line in self.ctr("tasks", "ls").splitlines()[1:]:
                    self.ctr("tasks", "rm", "-f", line.split()[0])
        except (CommandFailed, OSError, TimeoutError) as error:
            print(f"containers are left: {error}\n{self.said()}")
        finally:
            self.host.close()
            if self.process is not None:
                self.process.wait()
            self.log.close()
            self.folder.cleanup()


def wget(address, port):
    where = f"[{address}]" if ":" in address else address
    return ["/bin/busybox", "wget", "-q", "-O", "/dev/null", f"http://{where}:{port}/x"]
