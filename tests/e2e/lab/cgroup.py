# SPDX-License-Identifier: Apache-2.0
"""Control groups as a kubelet makes them: their path says which pod and container a process is of."""
import pathlib
import time


def root():
    for line in pathlib.Path("/proc/mounts").read_text(encoding="ascii").splitlines():
        _, where, kind, *_ = line.split()
        if kind == "cgroup2":
            return pathlib.Path(where)
    raise FileNotFoundError("no cgroup2 is mounted")


class PodCgroup:
    def __init__(self, uid, container):
        self._folder = root() / "kubepods/burstable" / f"pod{uid}" / container
        self._folder.mkdir(parents=True)

    def take(self, pid):
        (self._folder / "cgroup.procs").write_text(str(pid), encoding="ascii")

    def remove(self):
        """After its last process."""
        for _ in range(100):
            try:
                self._folder.rmdir()
                self._folder.parent.rmdir()
                return
            except OSError:
                time.sleep(0.05)
        raise OSError(f"{self._folder} still has processes")
