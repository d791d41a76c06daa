# SPDX-License-Identifier: Apache-2.0
"""`quaywatch live` on a machine, and what it wrote."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

from lab.machine import last_child_of

TOP = pathlib.Path(__file__).resolve().parents[3]
PATIENCE = 60  # seconds
PACKET_RUNNING = 5  # column of /proc/net/packet


def program():
    """QUAYWATCH, or what was built here last."""
    if "QUAYWATCH" in os.environ:
        return pathlib.Path(os.environ["QUAYWATCH"])
    return TOP / "build/release/quaywatch"


class SensorFailed(Exception):
    pass


class Sensor:
    def __init__(self, machine, *options, also_in=()):
        """Returns when it captures in the machine's namespace and in those of the processes `also_in`."""
        self.machine = machine
        self._folder = tempfile.TemporaryDirectory(prefix="quaywatch-e2e-")
        self.folder = pathlib.Path(self._folder.name)
        self.folder.chmod(0o777)
        self._said = (self.folder / "said").open("w+", encoding="utf-8")
        self._process = machine.spawn(
            [str(program()), "live", "--log-dir", str(self.folder), "--log-format", "json", *options],
            stdin=subprocess.DEVNULL, stdout=self._said, stderr=self._said)
        for pid in (machine.init, *also_in):
            self._wait_for_capture(pid)

    def _wait_for_capture(self, pid):
        """Until a running packet socket is in that process's network: what it is shown from then on, it reads."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise SensorFailed(f"{self.machine.name}: {self.said()}")
            sockets = pathlib.Path(f"/proc/{pid}/net/packet").read_text(encoding="ascii").splitlines()[1:]
            if any(socket.split()[PACKET_RUNNING] == "1" for socket in sockets):
                return
            time.sleep(0.02)
        where = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        raise SensorFailed(f"{self.machine.name}: no capture in the network of {where} in {PATIENCE} s: {self.said()}")

    def said(self):
        self._said.seek(0)
        return self._said.read().strip()

    def stop(self):
        """Ends it as Ctrl-C does; all records are written then. They are in records() from now on."""
        if self._process.poll() is None:
            os.kill(last_child_of(self._process.pid), signal.SIGINT)
        status = self._process.wait(PATIENCE)
        if status != 0:
            raise SensorFailed(f"{self.machine.name}: status {status}: {self.said()}")

    def records(self, log):
        path = self.folder / f"{log}.log"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    def close(self):
        if self._process.poll() is None:
            os.kill(last_child_of(self._process.pid), signal.SIGKILL)
            self._process.wait()
        self._said.close()
        self._folder.cleanup()
