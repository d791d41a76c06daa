# SPDX-License-Identifier: Apache-2.0
"""What the matrix does not have: translation and routes that change, are hidden or are odd."""
import time

from cluster import Cluster
from judge import Judge, brief, of_talk, shown
from lab.sensor import Sensor
from rows import Bridge, Overlay, Routed
from services import FLAVOURS
from talk import Accounts, Tcp, Udp

CASES = {}


def case(function):
    CASES[function.__name__.replace("_", "-")] = function
    return function


class Scene:
    """A row with sensors, for one case."""

    def __init__(self, world, plan):
        self.world = world
        self.plan = plan
        self.complaints = []
        self.talks = []
        self.row = self.cluster = None
        self.sensors = {}
        self.judges = {}
        self._listeners = []

    def build(self, kind, **attributes):
        self.row = kind(self.plan, self.world)
        for name, value in attributes.items():
            setattr(self.row, name, value)
        self.row.build()
        return self.row

    def cell(self, column):
        cell = self.row.cell(column)
        cell.listener = f"listener {id(cell)}"
        cell.server.agent.do("listen", handle=cell.listener, address=cell.server_address, port=cell.server_port)
        self._listeners.append((cell.server, cell.listener))
        return cell

    def watch(self, *cells):
        self.world.api.wait()
        if self.cluster is None:
            self.cluster = Cluster(self.world.api, self.row, cells)
        for node in self.row.nodes:
            self.sensors[node] = Sensor(node.machine, "--logs", "conn", "--kubeconfig", str(self.world.api.kubeconfig),
                                        also_in=self.row.networks(node))

    def tcp(self, cell, *exchanges):
        talk = Tcp(self.plan, cell, "tcp", *exchanges)
        self.talks.append(talk)
        return talk

    def udp(self, cell, *exchanges):
        talk = Udp(self.plan, cell, "udp", *exchanges)
        self.talks.append(talk)
        return talk

    def stop(self):
        """Ends the sensors; their records are there then."""
        for node, sensor in self.sensors.items():
            sensor.stop()
            self.judges[node] = Judge(self.cluster, node, sensor.records("conn"))

    def count(self):
        accounts = Accounts()
        for talk in self.talks:
            talk.end(accounts)

    def judge(self, talk, but=()):
        """Complains of what differs, except in the columns `but`."""
        for judge in self.judges.values():
            self.complaints += [f"{judge.node.name}: {wrong}" for wrong in judge.complaints(talk)[0]
                                if not wrong.startswith(tuple(but))]

    def finish(self, but=()):
        """All that is left to do when the connections are over."""
        self.count()
        self.stop()
        for talk in self.talks:
            self.judge(talk, but)
        self.no_strays()

    def no_strays(self):
        self.complaints += [f"{judge.node.name}: not accounted for: {brief(record)}" for judge in self.judges.values()
                            for record in judge.unexplained()]

    def record(self, talk, node):
        """The only one of a connection on that node's sensor."""
        found = of_talk(talk, self.judges[node].records)
        self.expect(len(found) == 1, f"{len(found)} records: {[brief(record) for record in found]}")
        self.judges[node].explained.update(record["uid"] for record in found)
        return found[0] if found else {}

    def expect(self, true, otherwise):
        if not true:
            self.complaints.append(otherwise)

    def close(self):
        for end, listener in self._listeners:
            if end is self.world.outside:  # which stays
                end.agent.do("close", handle=listener)
        for sensor in self.sensors.values():
            sensor.close()
        if self.row:
            self.row.close()
        if self.cluster:
            self.cluster.close()


@case
def notrack(scene):
    """Conntrack is switched off for a connection: one record, which says so."""
    row = scene.build(Routed)
    for node in row.nodes:
        node.machine.nft("""
            table inet off {
              chain prerouting { type filter hook prerouting priority raw; notrack; }
              chain output { type filter hook output priority raw; notrack; }
            }
        """)
    cell = scene.cell("other-node")
    scene.watch(cell)
    scene.tcp(cell, (1000, 50_000)).run(cell.listener)
    scene.udp(cell, (100, 200)).run()
    scene.finish(but=["notes"])
    for talk in scene.talks:
        for node in row.nodes:
            scene.expect("untracked" in scene.record(talk, node).get("notes", []), "it is not noted as untracked")


@case
def no_conntrack_events(scene):
    """The kernel tells of no new connections: each record says that it may be one of two, and the status why."""
    row = scene.build(Routed, random_ports=False)
    for node in row.nodes:
        node.machine.sysctl({"net.netfilter.nf_conntrack_events": 0})
    plain, *translated = scene.cell("same-node"), scene.cell("service-other-node"), scene.cell("outside")
    scene.watch(plain, *translated)
    for cell in (plain, *translated):
        scene.tcp(cell, (1000, 50_000)).run(cell.listener)
        scene.udp(cell, (100, 200)).run()
    status = scene.sensors[row.here].ask("status")
    scene.expect("nf_conntrack_events" in str(status["not_seen"]), f"the status says {status['not_seen']}")
    scene.count()
    scene.stop()
    for talk in scene.talks:
        if talk.cell is plain:
            scene.judge(talk)
            continue
        found = of_talk(talk, scene.judges[row.here].records)
        packets = {(record["orig_pkts"], record["resp_pkts"]) for record in found}
        scene.expect(0 < len(found) <= 2 and packets == {(talk.orig.packets, talk.resp.packets)},
                     f"records {[brief(record) for record in found]}")
    for record in scene.judges[row.here].records:
        scene.expect("no_conntrack" in record.get("notes", []), f"no note: {brief(record)}")


@case
def route_change(scene):
    """The way to the other node changes in the middle of a connection, of one direction and then of the other."""
    row = scene.build(Routed)
    for node in row.nodes:
        scene.world.attach(node.machine, "second0")
        node.machine.sh(f"ip link set second0 up; ip address add {scene.plan.address(scene.world.lan4)}/32 dev second0")
    row.client.agent.do("ping", address=row.far.addresses[4], count=3)  # until neighbours know each other
    cell = scene.cell("other-node")
    scene.watch(cell)
    talk = scene.tcp(cell, (1000, 2000))
    talk.connect(cell.listener)
    talk.exchange(20_000, 500_000)
    for node, other in ((row.here, row.there), (row.there, row.here)):
        node.machine.sh(f"ip route change {other.pod_networks[4]} via {other.addresses[4]} dev second0 onlink")
        talk.exchange(300_000, 100_000)
    talk.close()
    scene.stop()
    as_each_end_counted(scene, talk)


@case
def flooded_first_packet(scene):
    """A bridge that does not know yet where a pod is shows the first packets to all others."""
    row = scene.build(Bridge, bridge_netfilter=False)
    cells = [scene.cell("same-node"), scene.cell("published-port"), scene.cell("other-node")]
    scene.watch(*cells)
    for cell in cells:
        talk = scene.tcp(cell, (1000, 2000))
        talk.connect(cell.listener)
        for node in row.nodes:
            node.machine.sh(f"ip link set {row.bridge} type bridge fdb_flush")
        talk.exchange(1000, 2000)
        talk.close()
    scene.finish(but=["interfaces", "sightings"])
    for talk in scene.talks:
        for node, names in talk.cell.interfaces.items():
            seen = set(scene.record(talk, node).get("interfaces", []))
            scene.expect(names <= seen, f"seen on {seen}, but not on {names - seen}")


@case
def renamed_interface(scene):
    """The host's end of a pod's veth gets another name while a connection lasts."""
    row = scene.build(Routed)
    cell = scene.cell("same-node")
    scene.watch(cell)
    talk = scene.tcp(cell, (1000, 2000))
    talk.connect(cell.listener)
    talk.exchange(1000, 2000)
    row.here.machine.sh(f"ip link set {row.client.interface} name renamed0")
    talk.exchange(5000, 100_000)
    talk.close()
    scene.finish(but=["interfaces"])
    seen = set(scene.record(talk, row.here).get("interfaces", []))
    scene.expect(seen in ({row.client.interface, row.near.interface}, {"renamed0", row.near.interface}),
                 f"interfaces are {seen}")


@case
def deleted_pod(scene):
    """A pod vanishes with its network while it talks: it is still named, and all that passed is counted."""
    row = scene.build(Routed)
    cell = scene.cell("other-node")
    scene.watch(cell)
    talk = scene.tcp(cell, (1000, 2000))
    talk.connect(cell.listener)
    talk.exchange(5000, 100_000)
    counts = cell.client.agent.do("quiet", handle=talk.client_handle)
    row.here.machine.sh(f"ip link delete {row.client.interface}")
    row.client.agent.kill()
    scene.cluster.delete(row.client)
    time.sleep(2)  # the sources of names hear of it
    scene.stop()
    expected = {"orig_bytes": 5000, "resp_bytes": 100_000, "orig_pkts": counts["segments_out"],
                "resp_pkts": counts["segments_in"], "orig.pod": row.client.name, "resp.pod": row.far.name}
    record = scene.record(talk, row.here)
    for key, value in expected.items():
        scene.expect(record.get(key) == value, f"{key} is {record.get(key)} instead of {value}")


@case
def fragments_through_translation(scene):
    """UDP in several fragments, masqueraded, and to a service: counted as the datagrams that conntrack counts."""
    scene.build(Bridge)
    cells = [scene.cell(column) for column in ("outside", "service-other-node", "service-same-node", "node-port",
                                               "other-node", "other-node-6")]
    scene.watch(*cells)
    for cell in cells:
        scene.udp(cell, (4000, 6000), (20_000, 100), (100, 60_000)).run()
    scene.finish()


@case
def ping_through_translation(scene):
    """ICMP has no ports; a masqueraded echo still is one record with both names."""
    row = scene.build(Routed)
    scene.watch()
    outside = scene.world.outside
    row.client.agent.do("ping", address=outside.addresses[4], count=4)
    row.client.agent.do("ping", address=row.far.addresses[4], count=3)
    scene.stop()
    for address, count, name, nodes in ((outside.addresses[4], 4, {"resp.kind": "outside"}, [row.here]),
                                        (row.far.addresses[4], 3, {"resp.pod": row.far.name}, row.nodes)):
        for node in nodes:
            found = [record for record in scene.judges[node].records if record["proto"] == "icmp" and
                     address in (record["id.resp_h"], record["id.orig_h"])]
            expected = {"id.orig_h": row.client.addresses[4], "orig_pkts": count, "resp_pkts": count,
                        "orig.pod": row.client.name, **name}
            if address == outside.addresses[4]:
                expected["nat_orig"] = row.here.addresses[4]
            scene.expect(len(found) == 1, f"{len(found)} records of pings to {address}")
            for key, value in expected.items():
                got = found[0].get(key) if found else None
                scene.expect(got == value, f"{address}: {key} is {got} instead of {value}")


@case
def same_loopback_twice(scene):
    """Two pods talk to themselves at the same time, from the same port to the same port of 127.0.0.1."""
    row = scene.build(Routed)
    cells = [scene.cell("loopback")]
    row.client, first = row.near, row.client
    other = row.cell("loopback")
    other.server_port = other.dial_port = cells[0].server_port
    other.listener = "other listener"
    other.server.agent.do("listen", handle=other.listener, address=other.server_address, port=other.server_port)
    row.client = first
    cells.append(other)
    scene.watch(*cells)
    talks = [scene.tcp(cell, (1000, 2000)) for cell in cells]
    talks[1].client_port = talks[0].client_port
    for talk in talks:
        talk.connect(talk.cell.listener)
    for size in (1000, 3000):
        for number, talk in enumerate(talks, 1):
            talk.exchange(size * number, size)
    for talk in talks:
        talk.close()
    scene.count()
    scene.stop()
    records = [record for record in scene.judges[row.here].records if record["id.orig_p"] == talks[0].client_port]
    found = sorted((record.get("orig.pod"), record.get("resp.pod"), record["orig_bytes"], record["resp_bytes"],
                    record["orig_pkts"]) for record in records)
    expected = sorted((talk.cell.client.name, talk.cell.client.name, talk.orig.payload, talk.resp.payload,
                       talk.orig.packets) for talk in talks)
    scene.expect(found == expected, f"found {found} instead of {expected}")


@case
def tuple_reused_for_another_backend(scene):
    """A client uses its port again at once, and the service has got another backend: two records, each with its own."""
    row = scene.build(Routed, flavour="nft", random_ports=False)
    cell = scene.cell("service-same-node")
    scene.watch(cell)
    first = scene.tcp(cell)
    first.connect(cell.listener)
    first.exchange(100, 1000)
    cell.client.agent.do("abort", handle=first.client_handle)
    other = next(pod for pod in row.here.pods if pod not in (row.client, row.near))
    other.agent.do("listen", handle="other", address=other.addresses[4], port=cell.server_port)
    row.here.machine.nft(f"""flush chain ip services services
        add rule ip services services ip daddr {cell.dial} tcp dport {cell.dial_port} dnat to {other.addresses[4]}:{cell.server_port}
    """)
    row.here.machine.sh(f"conntrack -D -p tcp --orig-port-src {first.client_port} || true")
    second_cell = type(cell)(cell.client, cell.client_address, other, other.addresses[4], cell.server_port, cell.dial,
                             cell.dial_port, {row.here: {row.client.interface, other.interface}})
    second = scene.tcp(second_cell)
    second.client_port = first.client_port
    second.connect("other")
    second.exchange(200, 3000)
    second.close()
    scene.stop()
    records = sorted((record.get("nat_resp"), record.get("resp.pod"), record["orig_bytes"], record["resp_bytes"])
                     for record in scene.judges[row.here].records if record["id.orig_p"] == first.client_port)
    expected = sorted([(shown((row.near.addresses[4], cell.server_port)), row.near.name, 100, 1000),
                       (shown((other.addresses[4], cell.server_port)), other.name, 200, 3000)])
    scene.expect(records == expected, f"found {records} instead of {expected}")


@case
def packets_lost_on_the_way(scene):
    """Pods send more than the tunnel carries: segments are dropped after they were seen, and sent again."""
    row = scene.build(Overlay, mtu=1500)
    cell = scene.cell("other-node")
    scene.watch(cell)
    talk = scene.tcp(cell, (200_000, 100))
    talk.run(cell.listener)
    scene.stop()
    scene.expect(talk.client_counts["retransmitted"] > 0, "nothing was lost")
    as_each_end_counted(scene, talk)


def as_each_end_counted(scene, talk):
    """Each node's record of a connection has what its own pod's socket counted: on the way there are losses."""
    client, server = talk.client_counts, talk.server_counts
    payload = {"orig_bytes": client["sent"], "resp_bytes": client["received"], "missed_bytes": 0,
               "orig.pod": talk.cell.client.name, "resp.pod": talk.cell.server.name}
    for node, packets in ((scene.row.here, (client["segments_out"], client["segments_in"])),
                          (scene.row.there, (server["segments_in"], server["segments_out"] + talk.unseen_answers))):
        record = scene.record(talk, node)
        for key, value in {**payload, "orig_pkts": packets[0], "resp_pkts": packets[1]}.items():
            scene.expect(record.get(key) == value, f"{node.name}: {key} is {record.get(key)} instead of {value}")


def translation_case(flavour, bridge_netfilter):
    def run(scene):
        scene.build(Bridge, flavour=flavour, bridge_netfilter=bridge_netfilter,
                    service_masquerade="itself" if bridge_netfilter else "all")
        cells = [scene.cell(column) for column in ("service-same-node", "service-itself", "service-other-node",
                                                   "published-port", "outside", "service-same-node-6")]
        scene.watch(*cells)
        for cell in cells:
            scene.tcp(cell, (1000, 50_000)).run(cell.listener)
            scene.udp(cell, (100, 200)).run()
        scene.finish()
    run.__doc__ = f"Translation by {flavour} on a bridge {'with' if bridge_netfilter else 'without'} br_netfilter."
    CASES[f"{flavour}-{'with' if bridge_netfilter else 'without'}-br-netfilter"] = run


for one_flavour in FLAVOURS:
    for with_netfilter in (True, False):
        translation_case(one_flavour, with_netfilter)
