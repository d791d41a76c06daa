# SPDX-License-Identifier: Apache-2.0
"""A machine of its own: network, mount, process and host-name namespaces, with its own /run and /sys.

All that is started in it ends with it, and it ends with the process that made it, however that one ends: its first
process waits for the end of its input. Nothing of it has a name outside, so that any number may run beside each other.
"""
import contextlib
import ctypes
import json
import os
import pathlib
import signal
import subprocess

# Programs of the outside machine (docker.sock and the like) must not be found in /run; network devices in /sys are
# those of the namespace that mounted it.
FIRST_PROCESS = """
set -e
mount -t tmpfs tmpfs /mnt
mkdir /mnt/cgroup
mount --rbind /sys/fs/cgroup /mnt/cgroup
mount -t sysfs sysfs /sys
mount --rbind /mnt/cgroup /sys/fs/cgroup
umount -l /mnt/cgroup
umount /mnt
mount -t tmpfs tmpfs /run
mkdir /run/netns
ip link set lo up
hostname "$0"
echo ready
exec cat
"""


class CommandFailed(Exception):
    pass


def run(command, script=None, check=True):
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        what = script if script is not None else " ".join(command)
        raise CommandFailed(f"{what.strip()}\n  status {done.returncode}: {done.stderr.strip()}")
    return done.stdout


class Machine:
    def __init__(self, name):
        self.name = name
        self._process = subprocess.Popen(
            ["unshare", "--net", "--mount", "--pid", "--uts", "--fork", "--mount-proc", "--kill-child",
             "sh", "-c", FIRST_PROCESS, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        if self._process.stdout.readline() != b"ready\n":
            raise CommandFailed(f"machine {name}: {self._process.stderr.read().decode().strip()}")
        self.init = child_of(self._process.pid)
        self.netns = int(os.readlink(f"/proc/{self.init}/ns/net")[5:-1])

    def inside(self, netns=None):
        """The words before a command that run it here; in a network namespace by its name in /run/netns."""
        enter = ["nsenter", "-t", str(self.init), "--mount", "--pid", "--uts", "--net", "--"]
        return enter + (["nsenter", f"--net=/run/netns/{netns}", "--"] if netns else [])

    def sh(self, script, netns=None):
        """Runs a shell script, which fails at its first failing line."""
        return run(self.inside(netns) + ["sh", "-eu"], script)

    def nft(self, rules, netns=None):
        run(self.inside(netns) + ["nft", "-f", "-"], rules)

    def sysctl(self, values, netns=None):
        lines = [f"{key} = {value}\n" for key, value in values.items()]
        run(self.inside(netns) + ["sysctl", "-qp", "-"], "".join(lines))

    def links(self, netns=None):
        return json.loads(run(self.inside(netns) + ["ip", "-json", "-details", "link"]))

    def mac(self, interface, netns=None):
        return next(link["address"] for link in self.links(netns) if link["ifname"] == interface)

    @contextlib.contextmanager
    def network(self):
        """What this thread opens within is of the machine's network."""
        setns = ctypes.CDLL(None, use_errno=True).setns
        with open("/proc/thread-self/ns/net", "rb") as own, open(f"/proc/{self.init}/ns/net", "rb") as its:
            if setns(its.fileno(), 0) != 0:
                raise OSError(ctypes.get_errno(), "setns")
            try:
                yield
            finally:
                setns(own.fileno(), 0)

    def spawn(self, command, netns=None, **popen):
        return subprocess.Popen(self.inside(netns) + list(command), start_new_session=True, **popen)

    def close(self):
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.kill(self.init, signal.SIGKILL)
            self._process.wait()
        self._process.stdout.close()
        self._process.stderr.close()


def child_of(pid):
    """The only child of a process that forked once, as nsenter and unshare do."""
    return int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()[0])


def last_child_of(pid):
    """The program that a row of nsenters, one inside the other, ended up in."""
    while True:
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        if not children:
            return pid
        pid = int(children[0])


def join(one, its_interface, other, other_interface, one_netns=None, other_netns=None):
    """A veth pair from a namespace of one machine to a namespace of another."""
    run(["nsenter", "-t", str(one.init), "--net", "ip", "link", "add", its_interface, "type", "veth",
         "peer", "name", other_interface, "netns", str(other.init)])
    if one_netns:
        run(one.inside() + ["ip", "link", "set", its_interface, "netns", one_netns])
    if other_netns:
        run(other.inside() + ["ip", "link", "set", other_interface, "netns", other_netns])
