# SPDX-License-Identifier: Apache-2.0
"""A machine that runs a container engine, and another one outside of it."""
import io
import os
import pathlib
import subprocess
import tarfile
import tempfile
import time

from lab.machine import CommandFailed, Machine, child_of, join, run

IMAGE = "shop/busybox:1"
PAGE = b"x" * 1000
PATIENCE = 60  # seconds

HOST = "192.0.2.2"
OUTSIDE = "192.0.2.1"
INTERNET = "198.51.100.9"  # behind OUTSIDE


def image():
    """A root file system with busybox and a page to fetch, as tar."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add("/bin/busybox", "bin/busybox")
        for name in ("sh", "sleep", "nc", "wget", "httpd", "cat"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
        page = tarfile.TarInfo("www/x")
        page.size = len(PAGE)
        tar.addfile(page, io.BytesIO(PAGE))
    return buffer.getvalue()


def eventually(what, holds):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if holds():
            return
        time.sleep(0.05)
    raise TimeoutError(f"not in {PATIENCE} s: {what}")


class Engine:
    """What Docker and Podman have in common: a program with the same commands, and a daemon for its API."""

    def __init__(self, machine, command, daemon, environment=()):
        self.machine = machine
        self.folder = tempfile.TemporaryDirectory(prefix="quaywatch-e2e-", ignore_cleanup_errors=True)
        self.command = [word.format(self.folder.name) for word in command]
        self.daemon = [word.format(self.folder.name) for word in daemon]
        self.environment = ["env", "-u", "DOCKER_HOST", *environment]
        self.log = pathlib.Path(self.folder.name) / "log"
        self.process = None

    def start(self):
        with self.log.open("a", encoding="utf-8") as log:
            self.process = self.machine.spawn(self.environment + self.daemon, stdin=subprocess.DEVNULL, stdout=log,
                                              stderr=log)
        try:
            eventually(f"{self.daemon[0]} answers", self.answers)
        except TimeoutError as error:
            raise TimeoutError(f"{error}; it says: {self.log.read_text(encoding='utf-8')[-2000:]}") from None

    def answers(self):
        return subprocess.run(self.words("ps"), capture_output=True, check=False).returncode == 0

    def stop(self, signal):
        os.kill(child_of(self.process.pid), signal)
        self.process.wait(PATIENCE)

    def words(self, *arguments):
        return self.machine.inside() + self.environment + self.command + list(arguments)

    def do(self, *arguments):
        return run(self.words(*arguments)).strip()

    def load(self):
        subprocess.run(self.words("import", "-", IMAGE), input=image(), capture_output=True, check=True)

    def up(self, name, *options, command=("sleep", "1000")):
        """Starts a container that stays; gives its id."""
        return self.do("run", "-d", "--name", name, *options, IMAGE, *command)

    def serve(self, name, port, *options):
        return self.up(name, *options, command=("httpd", "-f", "-p", str(port), "-h", "/www"))

    def fetch(self, name, address, port):
        """From inside a running container, one connection."""
        where = f"[{address}]" if ":" in address else address
        self.do("exec", name, "wget", "-q", "-O", "/dev/null", f"http://{where}:{port}/x")

    def fetch_inside(self, pid, address, port):
        """As above, of the container with this process, without the engine."""
        run(self.machine.inside() + ["nsenter", "-t", pid, "--net", "busybox", "wget", "-q", "-O", "/dev/null",
                                     f"http://{address}:{port}/x"])

    def show(self, name, what):
        return self.do("inspect", "-f", "{{" + what + "}}", name)

    def address(self, name, network="bridge"):
        return self.show(name, f'(index .NetworkSettings.Networks "{network}").IPAddress')

    def pid(self, name):
        return self.show(name, ".State.Pid")

    def close(self):
        """Stops all containers, so that nothing of them stays in the control groups."""
        try:
            if self.process is not None and self.process.poll() is None:
                names = self.do("ps", "-aq").split()
                if names:
                    self.do("rm", "-f", *names)
                self.stop(15)
        except (CommandFailed, OSError, subprocess.TimeoutExpired):
            pass  # the machine's end ends them, too

    def remove(self):
        """What it stored; after the machine's end, as layers are mounted until then."""
        self.folder.cleanup()


def docker(machine):
    return Engine(machine, ["docker"], ["dockerd", "--data-root", "{}/root", "--exec-root", "/run/docker", "-H",
                                        "unix:///run/docker.sock", "--pidfile", "/run/docker.pid", "--live-restore"])


class World:
    """The engine's machine, `host`, has one uplink to `outside`, which is its way to the internet."""

    def __init__(self, make_engine):
        self.host = Machine("dock")
        self.outside = self.engine = None
        self.processes = []
        try:
            self.outside = Machine("outside")
            join(self.host, "eth0", self.outside, "eth0")
            self.host.sh(f"ip addr add {HOST}/24 dev eth0; ip link set eth0 up")
            self.outside.sh(f"ip addr add {OUTSIDE}/24 dev eth0; ip addr add {INTERNET}/32 dev lo; ip link set eth0 up")
            self.host.sh(f"ip route add default via {OUTSIDE}")
            self.engine = make_engine(self.host)
            self.engine.start()
            self.engine.load()
            self.www = pathlib.Path(self.engine.folder.name) / "www"
            self.www.mkdir()
            (self.www / "x").write_bytes(PAGE)
        except BaseException:
            self.close()
            raise

    def serve(self, machine, port):
        self.processes.append(machine.spawn(["busybox", "httpd", "-f", "-p", str(port), "-h", str(self.www)]))

    def fetch(self, machine, address, port):
        """One connection, once somebody listens there."""
        command = machine.inside() + ["busybox", "wget", "-q", "-O", "/dev/null", f"http://{address}:{port}/x"]
        run(command)

    def listens(self, machine, port):
        eventually(f"somebody listens on {port} of {machine.name}",
                   lambda: run(machine.inside() + ["ss", "-Hltn", f"sport = {port}"]).strip())

    def container_listens(self, name, port):
        pid = self.engine.pid(name)
        enter = self.host.inside() + ["nsenter", "-t", pid, "--net", "ss", "-Hltn", f"sport = {port}"]
        eventually(f"{name} listens on {port}", lambda: run(enter).strip())

    def close(self):
        if self.engine is not None:
            self.engine.close()
        for machine in (self.host, self.outside):
            if machine is not None:
                machine.close()
        for process in self.processes:
            process.wait()
        if self.engine is not None:
            self.engine.remove()
