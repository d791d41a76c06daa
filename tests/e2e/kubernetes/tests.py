# SPDX-License-Identifier: Apache-2.0
"""One function for each question; it fails by an exception, and may return a note."""
import json
import pathlib
import re
import sys
import time

import shop
from lab.machine import run
from server import SECURE_PORT, SERVER
from traffic import connections

CHURN = pathlib.Path(__file__).with_name("churn.py")
KINDS = ("pods", "services", "nodes", "replicasets", "jobs")


def equal(found, wanted, what=""):
    if found != wanted:
        raise AssertionError(f"{what}: {found!r}, not {wanted!r}")


def names_of(view, address, port=1):
    one = view.holder(address, port) or {}
    return tuple(one.get(key) for key in ("kind", "namespace", "pod", "workload", "workload_kind", "node"))


def names(world):
    """Pods by the end of their chains of owners, nodes, host network, both families."""
    view = world.working_view()
    view.wait(lambda v: v.holder("10.1.1.2")["workload_kind"] == "CronJob")
    for address in ("10.1.1.1", "fd00:1::1"):
        equal(names_of(view, address), ("pod", "shop", "web-6f7d5c-aaaaa", "web", "Deployment", "node-a"), address)
    equal(names_of(view, "10.1.2.1"), ("pod", "shop", "web-6f7d5c-bbbbb", "web", "Deployment", "node-b"))
    equal(names_of(view, "10.1.2.2"), ("pod", "shop", "db-0", "db", "StatefulSet", "node-b"))
    equal(names_of(view, "10.1.1.2"), ("pod", "shop", "nightly-27-ccccc", "nightly", "CronJob", "node-a"))
    equal(names_of(view, "10.1.1.3"), ("pod", "shop", "alone", "alone", "Pod", "node-a"))
    equal(names_of(view, "192.168.50.2", 9100), ("pod", "shop", "agent-ddddd", "agent", "DaemonSet", "node-b"))
    equal(names_of(view, "192.168.50.2", 22)[0::5], ("node", "node-b"))
    equal(view.holder("10.1.2.2")["image"], "postgres:15")
    equal(view.holder("10.1.2.2")["labels"], ["app=db"])
    equal(view.holder("10.1.9.9")["kind"] if view.holder("10.1.9.9") else None, None, "an address of nobody")


def containers(world):
    """Those of this node are known by their ids."""
    view = world.working_view()
    found = {one["container_id"]: one for one in view.endpoints()}
    one = found.get(shop.container_id("alone", "main"))
    if not one or one["pod"] != "alone" or one["pod_uid"] != world.pods["alone"]["metadata"]["uid"]:
        raise AssertionError(f"container of pod alone: {one}")
    if shop.container_id("web-6f7d5c-bbbbb", "main") in found:
        raise AssertionError("a container of another node is claimed")


def services(world):
    """Addresses of all kinds, node ports, and the services that a pod answers for."""
    view = world.working_view()
    equal(view.service("10.96.1.1", 80), "shop/web")
    equal(view.service("10.96.1.1", 53, "udp"), "shop/web")
    equal(view.service("10.96.1.1", 53, "tcp"), "", "another protocol")
    equal(view.service("192.168.50.2", 30080), "shop/web", "node port")
    for address in ("10.96.1.2", "198.51.100.7", "203.0.113.80"):
        equal(view.service(address, 443), "shop/entry", address)
    equal(view.holder("10.1.1.1")["service"], "web")
    equal(view.holder("10.1.2.2")["service"], "db", "of a service without address")
    equal(view.holder("10.1.1.3")["service"], "")
    return f"slices are {world.server.slices_version()}"


def changes(world):
    """Pods and services that come and go, an address that goes over to another pod."""
    view = world.working_view()
    world.add_pod("guest", "10.1.2.50")
    view.wait(lambda v: v.pod_at("10.1.2.50") == "guest")
    world.server.delete_pod("shop", "guest")
    world.add_pod("heir", "10.1.2.50")
    view.wait(lambda v: v.pod_at("10.1.2.50") == "heir")
    world.server.delete_pod("shop", "heir")
    view.wait(lambda v: v.pod_at("10.1.2.50") == "")
    world.server.create(shop.service("fleeting", "10.96.1.9", [{"port": 1234}]))
    view.wait(lambda v: v.service("10.96.1.9", 1234) == "shop/fleeting")
    world.server.kubectl("delete", "service", "-n", "shop", "fleeting")
    view.wait(lambda v: v.service("10.96.1.9", 1234) == "")
    view.wait(lambda v: v.said())
    time.sleep(2)  # more would be said by now
    equal(len(view.said()), 1, "lines said")


def ways_to_log_in(world):
    """Certificates in files and in the kubeconfig, another name of the server; an unknown authority is refused."""
    server = world.server
    by_files = {"client-certificate": "admin.crt", "client-key": "admin.key"}
    by_data = {"client-certificate-data": server.data("admin.crt"), "client-key-data": server.data("admin.key")}
    world.working_view(server.kubeconfig("files.config", by_files))
    world.working_view(server.kubeconfig("data.config", by_data, **{
        "certificate-authority": "", "certificate-authority-data": server.data("ca.crt")}))
    world.working_view(server.kubeconfig("name.config", by_files, **{"tls-server-name": "kubernetes"}))
    world.working_view(server.kubeconfig("insecure.config", by_files, **{
        "certificate-authority": "", "insecure-skip-tls-verify": True}))
    for change, wanted in (({"certificate-authority": "other.crt"}, "certificate"),
                           ({"tls-server-name": "somebody.else"}, "somebody.else"),
                           ({"server": "https://127.0.0.1:1"}, "connect")):
        view = world.view(server.kubeconfig("wrong.config", by_files, **change))
        view.wait(lambda v, text=wanted: v.state() == "failing" and text in v.status()["detail"])
        view.wait(lambda v: v.said())
        time.sleep(3)  # more attempts fail
        equal(len(view.said()), 1, "lines said")


def own_node(world):
    """Found by the machine's addresses."""
    view = world.working_view(None, "")
    equal(view.holder("192.168.50.1")["kind"], "host")
    equal(view.holder("192.168.50.2")["kind"], "node")


def only_own_pods(world):
    view = world.working_view(None, "node-a", "own")
    equal(view.pod_at("10.1.1.1"), "web-6f7d5c-aaaaa")
    equal(view.pod_at("10.1.2.1"), "")
    equal(view.service("10.96.1.1", 80), "shop/web")


def change_role(server, change, path, value):
    patch = json.dumps([{"op": change, "path": path, "value": value}])
    server.kubectl("patch", "clusterrole", "quaywatch", "--type=json", "-p", patch)


def missing_rights(world):
    """Each is named with the rule to add; ReplicaSets can be done without."""
    server = world.server
    whole = server.kubectl("get", "clusterrole", "quaywatch", "-o", "json")
    verbs = ["list", "watch"]
    rules = [{"apiGroups": [""], "resources": ["pods", "nodes", "services"], "verbs": verbs},
             {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": verbs}]
    change_role(server, "replace", "/rules", rules)
    view = world.working_view()
    view.wait(lambda v: "replicasets" in v.status()["detail"] and "jobs" in v.status()["detail"])
    equal(names_of(view, "10.1.1.1")[3:5], ("web", "Deployment"), "without ReplicaSets")
    equal(names_of(view, "10.1.1.2")[3:5], ("nightly-27", "Job"), "without Jobs")
    change_role(server, "replace", "/rules/0/resources", ["pods", "nodes"])
    other = world.view()
    other.wait(lambda v: v.state() == "failing" and 'resources: ["services"], verbs: ["list", "watch"]' in
               v.status()["detail"])
    equal(other.pod_at("10.1.1.3"), "alone", "what may be read")
    server.kubectl("replace", "-f", "-", given=re.sub(r'"resourceVersion": "\d+",', "", whole))
    other.wait(lambda v: v.state() == "working" and v.status()["detail"] == "")
    view.wait(lambda v: v.status()["detail"] == "" and v.holder("10.1.1.2")["workload_kind"] == "CronJob")


def restart(world):
    """The server goes for a while: names stay, and there is at most one new list of each kind."""
    view = world.working_view()
    view.wait(lambda v: v.holder("10.1.1.2")["workload_kind"] == "CronJob" and len(v.said()) == 1)
    lists = {kind: world.server.asked("list", kind) for kind in KINDS}
    world.server.stop()
    view.wait(lambda v: v.state() == "failing")
    equal(view.pod_at("10.1.1.1"), "web-6f7d5c-aaaaa")
    world.server.start()
    view.wait(lambda v: v.state() == "working", 120)
    world.add_pod("after-restart", "10.1.2.60")
    view.wait(lambda v: v.pod_at("10.1.2.60") == "after-restart")
    more = {kind: world.server.asked("list", kind) - count for kind, count in lists.items()}
    if max(more.values()) > 1:
        raise AssertionError(f"lists: {more}")
    world.server.delete_pod("shop", "after-restart")
    view.wait(lambda v: len(v.said()) == 3)
    return f"lists after it: {more}"


def compaction(world):
    """The version we know is gone from etcd when the server is back."""
    view = world.working_view()
    lists = world.server.asked("list", "pods")
    world.server.stop()
    world.server.compact()
    world.server.start()
    view.wait(lambda v: v.state() == "working" and world.server.asked("list", "pods") > lists, 120)
    world.add_pod("after-compaction", "10.1.2.61")
    view.wait(lambda v: v.pod_at("10.1.2.61") == "after-compaction")
    equal(view.pod_at("10.1.1.1"), "web-6f7d5c-aaaaa")
    equal(world.server.asked("list", "pods") - lists, 1, "lists of pods")
    world.server.delete_pod("shop", "after-compaction")


def revoked_token(world):
    """401 until a new token lies in the file."""
    server = world.server
    view = world.working_view()
    server.kubectl("delete", "serviceaccount", "quaywatch", "-n", "quaywatch")
    server.stop()
    server.start()
    view.wait(lambda v: v.state() == "failing" and "401" in v.status()["detail"], 120)
    equal(view.pod_at("10.1.1.1"), "web-6f7d5c-aaaaa")
    server.kubectl("create", "serviceaccount", "quaywatch", "-n", "quaywatch")
    world.renew_token()
    view.wait(lambda v: v.state() == "working" and v.status()["detail"] == "", 120)


def old_server(world):
    """Without EndpointSlices, Endpoints tell."""
    server = world.server
    change_role(server, "add", "/rules/0/resources/-", "endpoints")
    version = server.slices_version()
    server.stop()
    server.start(f"--runtime-config={version}=false")
    try:
        view = world.working_view()
        equal(view.holder("10.1.1.1")["service"], "web")
        view.wait(lambda _: server.asked("watch", "endpoints") == 1)
    finally:
        server.stop()
        server.start()
    # It has slices now.
    view.wait(lambda v: v.state() == "working", 120)
    equal(view.holder("10.1.1.1")["service"], "web")


def many_events(world):
    """100 changes of pods a second for 30 s, and what a pod takes of memory."""
    churn = [*world.machine.inside(), sys.executable, "-I", str(CHURN), str(world.server.folder), str(SECURE_PORT)]
    view = world.working_view()
    few = view.memory()
    count = 2000
    run([*churn, "make", str(count)])
    view.wait(lambda v: v.pod_at("10.200.7.250") == "churn-01999")
    each = (view.memory() - few) / count
    events, cpu, begin = view.status()["events"], view.cpu_seconds(), time.monotonic()
    rate = float(run([*churn, "change", "100", "30"]))
    view.wait(lambda v: v.status()["events"] >= events + 3000)
    spent = (view.cpu_seconds() - cpu) / (time.monotonic() - begin)
    equal(view.status()["skipped"], 0, "skipped")
    view.wait(lambda v: "turn=2999" in v.holder("10.200.0.100")["labels"])
    if rate < 80 or spent > 0.2:
        raise AssertionError(f"{rate:.0f} changes a second, {spent:.1%} of a core")
    return f"{rate:.0f} a second: {spent:.1%} of a core; {each / 1024:.1f} KiB for each of {count} pods"


def load(world):
    """One watch of each kind, one list of each."""
    before = {(verb, kind): world.server.asked(verb, kind) for verb in ("list", "watch") for kind in KINDS}
    view = world.working_view()
    view.wait(lambda v: v.holder("10.1.1.2")["workload_kind"] == "CronJob")
    time.sleep(3)
    asked = {key: world.server.asked(*key) - count for key, count in before.items()}
    equal(set(asked.values()), {1}, f"requests {asked}")
    ports = run([*world.machine.inside(), "ss", "-Htnp", "dst", f"127.0.0.1:{SECURE_PORT}"])
    connections = ports.count("kubernetes_vi")
    return f"{connections} connection to {SERVER}"


TESTS = {test.__name__: test for test in (
    names, containers, services, changes, load, ways_to_log_in, own_node, only_own_pods, connections, missing_rights,
    restart, compaction, revoked_token, old_server, many_events)}
