# SPDX-License-Identifier: Apache-2.0
"""Each case lets containers talk and says what must have been recorded. Server ports tell the cases apart."""
import signal
import time

from expect import HOST_SIDE, OUTSIDE_SIDE, Expect, container
from world import HOST, INTERNET

CASES = []


def case(title):
    def add(function):
        CASES.append((title, function))
        return function
    return add


@case("container to container")
def container_to_container(world):
    engine = world.engine
    engine.serve("server", 8001, "--label", "app=shop", "--label", "com.docker.compose.project=shop",
                 "--label", "com.docker.compose.service=web")
    engine.up("client")
    world.container_listens("server", 8001)
    engine.fetch("client", engine.address("server"), 8001)
    return [Expect(8001, container("client"), container("server", namespace="shop", workload="web",
                                                        workload_kind="ComposeService", labels=["app=shop"]),
                   also={"sightings": 2})]


@case("container to host")
def container_to_host(world):
    world.serve(world.host, 8002)
    world.listens(world.host, 8002)
    world.engine.up("to-host")
    world.engine.fetch("to-host", HOST, 8002)
    return [Expect(8002, container("to-host"), HOST_SIDE)]


@case("container to outside, masqueraded")
def container_to_outside(world):
    world.serve(world.outside, 8003)
    world.listens(world.outside, 8003)
    world.engine.up("to-outside")
    world.engine.fetch("to-outside", INTERNET, 8003)
    return [Expect(8003, container("to-outside"), OUTSIDE_SIDE,
                   also={"nat_orig": lambda got: got is not None and got.startswith(HOST + ":")})]


@case("outside to published port (DNAT)")
def outside_to_published(world):
    world.engine.serve("published", 9004, "-p", "8004:9004")
    world.container_listens("published", 9004)
    world.fetch(world.outside, HOST, 8004)
    address = world.engine.address("published")
    return [Expect(8004, OUTSIDE_SIDE, container("published"),
                   also={"id.resp_h": HOST, "nat_resp": f"{address}:9004"})]


@case("host to published port (docker-proxy: two connections)")
def host_to_published(world):
    world.engine.serve("proxied", 9005, "-p", "8005:9005")
    world.container_listens("proxied", 9005)
    world.fetch(world.host, "127.0.0.1", 8005)
    return [Expect(8005, HOST_SIDE, HOST_SIDE, also={"id.resp_h": "127.0.0.1"}),
            Expect(9005, HOST_SIDE, container("proxied"))]


@case("container to published port of its host (docker-proxy: two connections)")
def container_to_published(world):
    engine = world.engine
    engine.serve("behind-proxy", 9015, "-p", "8015:9015")
    engine.up("to-published")
    world.container_listens("behind-proxy", 9015)
    engine.fetch("to-published", HOST, 8015)
    return [Expect(8015, container("to-published"), HOST_SIDE),
            Expect(9015, HOST_SIDE, container("behind-proxy"))]


@case("user-defined network, by DNS name")
def by_name(world):
    engine = world.engine
    engine.do("network", "create", "shop")
    engine.serve("db", 8006, "--network", "shop")
    engine.up("by-name", "--network", "shop")
    world.container_listens("db", 8006)
    engine.fetch("by-name", "db", 8006)
    return [Expect(8006, container("by-name"), container("db"))]


@case("connected to a second network while it runs")
def second_network(world):
    engine = world.engine
    engine.do("network", "create", "second")
    engine.serve("two-nets", 8016)
    engine.up("in-second", "--network", "second")
    engine.do("network", "connect", "second", "two-nets")
    world.container_listens("two-nets", 8016)
    engine.fetch("in-second", engine.address("two-nets", "second"), 8016)
    return [Expect(8016, container("in-second"), container("two-nets"))]


@case("container that shares another's network")
def shared(world):
    engine = world.engine
    world.serve(world.outside, 8007)
    world.listens(world.outside, 8007)
    engine.up("owner")
    engine.up("sharer", "--network", "container:owner")
    engine.fetch("sharer", INTERNET, 8007)
    # Which of the two it was can't be seen in packets: both are named, the owner first.
    return [Expect(8007, container("owner,sharer"), OUTSIDE_SIDE)]


@case("container with the host's network")
def host_network(world):
    world.engine.serve("in-host", 8008, "--network", "host", "--expose", "8008")
    world.listens(world.host, 8008)
    world.fetch(world.outside, HOST, 8008)
    return [Expect(8008, OUTSIDE_SIDE, container("in-host"), also={"id.resp_h": HOST})]


@case("IPv6 network")
def ipv6(world):
    engine = world.engine
    engine.do("network", "create", "--ipv6", "--subnet", "fd00:5::/64", "six")
    engine.serve("server6", 8009, "--network", "six")
    engine.up("client6", "--network", "six")
    world.container_listens("server6", 8009)
    address = engine.show("server6", ".NetworkSettings.Networks.six.GlobalIPv6Address")
    time.sleep(2)  # duplicate address detection: until then the kernel answers nobody
    engine.fetch("client6", address, 8009)
    return [Expect(8009, container("client6"), container("server6"), also={"id.resp_h": address})]


@case("restarted with another address, its own taken by another container")
def moved(world):
    engine = world.engine
    engine.do("network", "create", "moving")
    engine.serve("moves", 8010, "--network", "moving")
    world.container_listens("moves", 8010)
    before = engine.address("moves", "moving")
    engine.up("visitor", "--network", "moving")
    engine.fetch("visitor", before, 8010)
    engine.do("stop", "-t", "0", "moves")
    engine.serve("taker", 8020, "--network", "moving")
    engine.do("start", "moves")
    world.container_listens("taker", 8020)
    world.container_listens("moves", 8010)
    after = engine.address("moves", "moving")
    if engine.address("taker", "moving") != before or after == before:
        raise AssertionError("the engine gave other addresses than expected")
    engine.fetch("visitor", before, 8020)
    engine.fetch("visitor", after, 8010)
    return [Expect(8010, container("visitor"), container("moves"), count=2),
            Expect(8020, container("visitor"), container("taker"), also={"id.resp_h": before})]


@case("renamed")
def renamed(world):
    engine = world.engine
    engine.serve("old-name", 8021)
    world.container_listens("old-name", 8021)
    engine.do("rename", "old-name", "new-name")
    engine.up("knows-it")
    engine.fetch("knows-it", engine.address("new-name"), 8021)
    return [Expect(8021, container("knows-it"), container("new-name"))]


@case("daemon killed and started again while traffic goes on")
def daemon_restarts(world):
    engine = world.engine
    engine.serve("survivor", 8011)
    world.container_listens("survivor", 8011)
    engine.up("talker")
    address, pid = engine.address("survivor"), engine.pid("talker")
    for step in ("up", "down", "up again"):
        if step == "down":
            engine.stop(signal.SIGKILL)
            # The machine's first process buries nobody, so that Docker would take its dead containerd for a live one.
            world.host.sh("rm -f /run/docker.pid /run/docker/containerd/containerd.pid")
        elif step == "up again":
            engine.start()
        for _ in range(5):
            engine.fetch_inside(pid, address, 8011)
    # One that is born after it.
    engine.up("newborn")
    engine.fetch("newborn", address, 8011)
    names = ("talker", "newborn")
    return [Expect(8011, container(lambda got: got in names), container("survivor"), count=16)]


@case("daemon stopped in order, and containers that change while nobody tells")
def daemon_stopped(world):
    engine = world.engine
    engine.serve("leaves", 8022)
    world.container_listens("leaves", 8022)
    address, pid = engine.address("leaves"), engine.pid("leaves")
    engine.up("asks")
    engine.fetch("asks", address, 8022)
    engine.stop(signal.SIGTERM)
    world.host.sh(f"kill -9 {pid}")
    engine.start()
    engine.serve("comes", 8023)
    world.container_listens("comes", 8023)
    engine.fetch("asks", engine.address("comes"), 8023)
    return [Expect(8022, container("asks"), container("leaves")),
            Expect(8023, container("asks"), container("comes"))]
