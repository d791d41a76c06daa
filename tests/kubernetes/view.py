# SPDX-License-Identifier: Apache-2.0
"""The program of view.cc: what the Kubernetes source has told the directory."""
import json
import pathlib
import subprocess
import tempfile
import time

PATIENCE = 60  # seconds


class View:
    def __init__(self, program, kubeconfig, *options, prefix=()):
        """prefix: words of a command that runs it elsewhere; then `pid` must be set to what tells its number."""
        self._said = tempfile.TemporaryFile("w+", encoding="utf-8")
        self.process = subprocess.Popen([*prefix, str(program), str(kubeconfig), *options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self._said, text=True)
        self.pid = lambda: self.process.pid

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def wait(self, wanted, patience=PATIENCE):
        """Until wanted(self) is true; returns that."""
        until = time.monotonic() + patience
        while not (found := wanted(self)):
            if time.monotonic() > until:
                raise AssertionError(f"not within {patience} s; {self.status()}, {len(self.endpoints())} known, "
                                     f"said {self.said()}")
            time.sleep(0.02)
        return found

    def endpoints(self):
        return self.ask("endpoints")

    def names(self):
        return sorted(one["pod"] or one["node"] for one in self.endpoints())

    def holder(self, address, port=1):
        return self.ask("holder", address, port)

    def pod_at(self, address):
        holder = self.holder(address)
        return holder["pod"] if holder else ""

    def service(self, address, port, protocol="tcp"):
        return self.ask("service", address, port, protocol)

    def status(self):
        return self.ask("status")

    def state(self):
        return self.status()["state"]

    def said(self):
        self._said.seek(0)
        return self._said.read().splitlines()

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid()}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def memory(self):
        """Bytes in use."""
        text = pathlib.Path(f"/proc/{self.pid()}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("VmRSS"))

    def close(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.process.stdout.close()
        self._said.close()
