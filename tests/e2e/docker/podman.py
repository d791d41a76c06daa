# SPDX-License-Identifier: Apache-2.0
"""Podman, by its API that is compatible with Docker's."""
import pathlib

from expect import OUTSIDE_SIDE, Expect, container
from world import HOST, IMAGE, INTERNET, Engine

CASES = []
NAMED = {"image": f"localhost/{IMAGE}"}  # as Podman completes it


def case(title):
    def add(function):
        CASES.append((title, function))
        return function
    return add


# By default Podman asks for more of some resources than a container's root may have.
CONFIGURATION = """
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


def engine(machine):
    command = ["podman", "--root", "{}/root", "--runroot", "/run/podman-test", "--tmpdir", "/run/podman-test/tmp"]
    made = Engine(machine, command,
                  command + ["system", "service", "--time", "0", "unix:///run/podman/podman.sock"],
                  ["CONTAINERS_CONF=/run/containers.conf"])
    pathlib.Path(f"/proc/{machine.init}/root/run/containers.conf").write_text(CONFIGURATION, encoding="utf-8")
    machine.sh("mkdir -p /run/podman")
    return made


@case("container to container")
def container_to_container(world):
    world.engine.serve("server", 8101)
    world.engine.up("client")
    world.container_listens("server", 8101)
    world.engine.fetch("client", world.engine.address("server", "podman"), 8101)
    return [Expect(8101, container("client", **NAMED), container("server", **NAMED))]


@case("container to outside, masqueraded")
def container_to_outside(world):
    world.serve(world.outside, 8103)
    world.listens(world.outside, 8103)
    world.engine.up("to-outside")
    world.engine.fetch("to-outside", INTERNET, 8103)
    return [Expect(8103, container("to-outside", **NAMED), OUTSIDE_SIDE,
                   also={"nat_orig": lambda got: got is not None and got.startswith(HOST + ":")})]


@case("outside to published port (DNAT)")
def outside_to_published(world):
    world.engine.serve("published", 9104, "-p", "8104:9104")
    world.container_listens("published", 9104)
    world.fetch(world.outside, HOST, 8104)
    return [Expect(8104, OUTSIDE_SIDE, container("published", **NAMED))]


@case("restarted")
def restarted(world):
    engine_ = world.engine
    engine_.serve("again", 8105)
    engine_.up("asks-again")
    for _ in range(2):
        world.container_listens("again", 8105)
        engine_.fetch("asks-again", engine_.address("again", "podman"), 8105)
        engine_.do("restart", "-t", "0", "again")
    return [Expect(8105, container("asks-again", **NAMED), container("again", **NAMED), count=2)]


@case("containers that are over at once")
def short_lived(world):
    engine_ = world.engine
    engine_.serve("bell", 8106)
    world.container_listens("bell", 8106)
    address = engine_.address("bell", "podman")
    names = [f"moth-{number}" for number in range(5)]
    for name in names:
        engine_.do("run", "--rm", "--name", name, IMAGE, "wget", "-q", "-O", "/dev/null", f"http://{address}:8106/x")
    return [Expect(8106, container(lambda got: got in names, **NAMED), container("bell", **NAMED), count=len(names))]
