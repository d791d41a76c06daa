# SPDX-License-Identifier: Apache-2.0
"""Each case lets containers talk and says what must have been recorded. Server ports tell the cases apart."""
import json
import time

from expect import Expect, container, pod
from lab.machine import run
from lab.sensor import program as sensor_program
from world import GATEWAY, IMAGE, eventually

CASES = []
PACKET_RUNNING = 5  # column of /proc/net/packet


def case(title):
    def add(function):
        CASES.append((title, function))
        return function
    return add


@case("pod to pod, with what their labels say")
def pod_to_pod(world):
    server = world.kubelet.run("web-5d4f9-x2x9z", {"app": "web", "pod-template-hash": "5d4f9"})
    client = world.kubelet.run("db-0", {"app": "db", "statefulset.kubernetes.io/pod-name": "db-0"})
    world.serve(server, "httpd", 8001)
    world.fetch(world.stay(client, "shell"), server.addresses()[0], 8001)
    return [Expect(8001, pod("db-0", "shell", workload="db", workload_kind="StatefulSet", labels=["app=db"]),
                   pod("web-5d4f9-x2x9z", "httpd", workload="web", workload_kind="Deployment", labels=["app=web"]),
                   also={"sightings": 2})]


@case("pod to pod, IPv6")
def pod_to_pod_v6(world):
    server, client = world.kubelet.run("server6"), world.kubelet.run("client6")
    world.serve(server, "httpd", 8002)
    address = server.addresses()[1]
    time.sleep(2)  # duplicate address detection: until then the kernel answers nobody
    world.fetch(world.stay(client, "shell"), address, 8002)
    return [Expect(8002, pod("client6", "shell"), pod("server6", "httpd"), also={"id.resp_h": address})]


@case("two containers of a pod over its own loopback")
def loopback(world):
    both = world.kubelet.run("both")
    client = world.stay(both, "client")
    world.serve(both, "server", 8003, "127.0.0.1")

    def captured():
        sockets = world.in_network_of(client, "cat", "/proc/net/packet").splitlines()[1:]
        return any(socket.split()[PACKET_RUNNING] == "1" for socket in sockets)

    eventually("the sensor watches inside the pod", captured)
    world.fetch(client, "127.0.0.1", 8003)
    # Who of them called can't be seen in packets; who answered is told by the port.
    return [Expect(8003, {"kind": "pod", "namespace": "shop", "pod": "both"}, pod("both", "server"),
                   also={"id.orig_h": "127.0.0.1"})]


@case("container of ctr in the namespace default")
def by_ctr(world):
    client = world.kubelet.run("asks-ctr")
    path, address = world.network_by_hand()
    world.ctr("run", "-d", "--with-ns", f"network:{path}", "--label", "app=plain", IMAGE, "by-hand", "/bin/busybox",
              "httpd", "-f", "-p", "8004", "-h", "/www")
    world.listens("by-hand", 8004, group="default")
    world.fetch(world.stay(client, "shell"), address, 8004)
    return [Expect(8004, pod("asks-ctr", "shell"), container("by-hand", labels=["app=plain"]))]


@case("containers that live as long as their one connection")
def short_lived(world):
    count = 20
    server = world.kubelet.run("asked-shortly")
    world.serve(server, "httpd", 8005)
    address = server.addresses()[0]
    expected = []
    for i in range(count):
        path, own = world.network_by_hand()
        world.ctr("run", "--rm", "--with-ns", f"network:{path}", IMAGE, f"blink{i}", "/bin/busybox", "wget", "-q", "-O",
                  "/dev/null", f"http://{address}:8005/x")
        expected.append((own, f"blink{i}"))
    return [Expect(8005, {"kind": "container"}, pod("asked-shortly", "httpd"), count=count),
            *(ByClient(8005, own, container(name)) for own, name in expected)]


@case("pod with the host's network")
def host_network(world):
    agent = world.kubelet.run("agent-zx81c", {"controller-revision-hash": "6b", "pod-template-generation": "1"},
                              host_network=True)
    client = world.kubelet.run("asks-agent")
    world.serve(agent, "agent", 8006)
    world.fetch(world.stay(client, "shell"), GATEWAY, 8006)
    return [Expect(8006, pod("asks-agent", "shell"),
                   pod("agent-zx81c", "agent", workload="agent", workload_kind="DaemonSet"))]


@case("pod gone, its address another's at once")
def address_reused(world):
    client = world.stay(world.kubelet.run("visitor"), "shell")
    first = world.kubelet.run("first")
    address = first.addresses()[0]
    world.serve(first, "one", 8007)
    world.fetch(client, address, 8007)
    first.remove()
    world.give_out_next(address)
    second = world.kubelet.run("second")
    if second.addresses()[0] != address:
        raise AssertionError(f"CNI gave {second.addresses()[0]}, not {address} again")
    world.serve(second, "two", 8008)
    world.in_network_of(client, "ip", "neigh", "flush", "all")  # or it would call on the first one's link for a minute
    world.fetch(client, address, 8008)
    return [Expect(8007, pod("visitor", "shell"), pod("first", "one"), also={"id.resp_h": address}),
            Expect(8008, pod("visitor", "shell"), pod("second", "two"), also={"id.resp_h": address})]


@case("containerd killed and started again while traffic goes on")
def restarted(world):
    survivor, talker = world.kubelet.run("survivor"), world.kubelet.run("talker")
    world.serve(survivor, "httpd", 8009)
    fetch, address = world.fetcher(world.stay(talker, "shell")), survivor.addresses()[0]
    for step in ("up", "down", "up again"):
        if step == "down":
            world.kill()
        elif step == "up again":
            world.start()
        for _ in range(5):
            fetch(address, 8009)
    newborn = world.kubelet.run("newborn")
    world.serve(newborn, "httpd", 8010)
    fetch(newborn.addresses()[0], 8010)
    return [Expect(8009, pod("talker", "shell"), pod("survivor", "httpd"), count=15),
            Expect(8010, pod("talker", "shell"), pod("newborn", "httpd"))]


@case("what the sensor says of whom it knows, and of where from")
def own_words(world):
    known = world.kubelet.run("known", {"app": "known"})
    world.stay(known, "shell")
    expected = {"kind": "pod", "namespace": "shop", "pod": "known", "container": "shell", "image": IMAGE,
                "labels": ["app=known"], "addresses": known.addresses(), "pod_uid": known.uid}

    def asked(what):
        return json.loads(run(world.host.inside() + [str(sensor_program()), what, "-o", "json"]))

    def is_listed():
        return any(expected.items() <= one.items() and "containerd" in one["sources"] for one in asked("endpoints"))

    def is_well():
        source = next(one for one in asked("status")["sources"] if one["source"] == "containerd")
        return (source["state"], source["detail"], source["skipped"]) == ("working", "", 0)

    eventually(f"the sensor lists {expected}", is_listed)
    eventually("containerd's state is well", is_well)  # one case before, it was started again
    return []


class ByClient(Expect):
    """The one record of those to a port that came from an address."""

    def __init__(self, port, address, orig):
        super().__init__(port, orig, {})
        self.address = address

    def complaints(self, records):
        return super().complaints([record for record in records if record["id.orig_h"] == self.address])
