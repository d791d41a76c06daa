# SPDX-License-Identifier: Apache-2.0
"""Somebody who talks: a process of a machine, in a network namespace of it, that does as the test says (agent.py)."""
import concurrent.futures
import itertools
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading

from lab.machine import last_child_of

AGENT = pathlib.Path(__file__).with_name("agent.py")
PATIENCE = 90  # seconds, more than the agent's own


class AgentFailed(Exception):
    pass


class Pod:
    def __init__(self, machine, name, netns=None):
        """netns: its name on the machine, which exists; None: the machine's own."""
        self.machine = machine
        self.name = name
        self.netns = netns
        self._process = machine.spawn([sys.executable, "-I", str(AGENT)], netns, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)
        self._numbers = itertools.count()
        self._waiting = {}
        self._lock = threading.Lock()
        if self._process.stdout.readline() != "{}\n":
            raise AgentFailed(f"{name}: the agent did not start")
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            answer = json.loads(line)
            future = self._waiting.pop(answer.pop("id"))
            if "error" in answer:
                future.set_exception(AgentFailed(f"{self.name}: {answer['error']}"))
            else:
                future.set_result(answer)

    def begin(self, do, **request):
        """Tells the agent; the future has its answer."""
        future = concurrent.futures.Future()
        with self._lock:
            number = next(self._numbers)
            self._waiting[number] = future
            self._process.stdin.write(json.dumps({"id": number, "do": do, **request}) + "\n")
            self._process.stdin.flush()
        return future

    def do(self, do, **request):
        return self.begin(do, **request).result(PATIENCE)

    @property
    def pid(self):
        """Of the agent, as the test sees it."""
        return last_child_of(self._process.pid)

    @property
    def network(self):
        """The inode number of its network namespace."""
        return os.stat(f"/proc/{self.pid}/ns/net").st_ino

    def kill(self):
        """Ends the process, and with it the last one in its network."""
        os.kill(self.pid, signal.SIGKILL)
        self._process.wait(PATIENCE)

    def close(self):
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._process.stdout.close()
