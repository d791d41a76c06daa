# SPDX-License-Identifier: Apache-2.0
"""`quaywatch live` on a machine, and what it wrote."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

from lab.machine import CommandFailed, last_child_of, run

TOP = pathlib.Path(__file__).resolve().parents[3]
PATIENCE = 60  # seconds
PROBE_PORT = 9  # discard
PACKET_RUNNING = 5  # column of /proc/net/packet


def program():
    """QUAYWATCH, or what was built here last."""
    if "QUAYWATCH" in os.environ:
        return pathlib.Path(os.environ["QUAYWATCH"])
    return TOP / "build/release/quaywatch"


class SensorFailed(Exception):
    pass


def has_running_socket(pid):
    """Is there a packet socket in the process's network that receives?"""
    sockets = pathlib.Path(f"/proc/{pid}/net/packet").read_text(encoding="ascii").splitlines()[1:]
    return any(line.split()[PACKET_RUNNING] == "1" for line in sockets)


class Sensor:
    def __init__(self, machine, *options, also_in=()):
        """Returns when it captures on the machine and in the networks of the processes `also_in`."""
        self.machine = machine
        self._folder = tempfile.TemporaryDirectory(prefix="quaywatch-e2e-")
        self.folder = pathlib.Path(self._folder.name)
        self.folder.chmod(0o777)
        self._said = (self.folder / "said").open("w+", encoding="utf-8")
        self._process = machine.spawn(
            # What is tried is whether it is right, not how it fares against those who share the processors.
            ["nice", "-n", "-19", str(program()), "live", "--log-dir", str(self.folder), "--log-format", "json", *options],
            stdin=subprocess.DEVNULL, stdout=self._said, stderr=self._said)
        self._wait(lambda: self._is_up(also_in))

    def _wait(self, condition):
        until = time.monotonic() + PATIENCE
        while not condition():
            if self._process.poll() is not None:
                raise SensorFailed(f"{self.machine.name}: {self.said()}")
            if time.monotonic() > until:
                raise SensorFailed(f"{self.machine.name}: not up within {PATIENCE} s: {self.said()}")
            time.sleep(0.05)

    def _is_up(self, also_in):
        """It answers, all its sources do, it has seen a packet, and it captures in those networks."""
        with self.machine.network(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.sendto(b"", ("127.0.0.1", PROBE_PORT))
        try:
            status = self.ask("status")
        except CommandFailed:
            return False
        return (status["capture"]["packets"] > 0 and all(map(has_running_socket, also_in)) and
                all(source["state"] != "waiting" for source in status["sources"]))

    def ask(self, question):
        """What the program says to a question about the running sensor."""
        return json.loads(run(self.machine.inside() + [str(program()), question, "-o", "json"]))

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
