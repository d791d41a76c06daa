# SPDX-License-Identifier: Apache-2.0
"""Real connections of the cluster's pods, and the records a sensor on node-a makes of them."""
import dataclasses

import shop
from lab.machine import Machine, join
from lab.pod import Pod
from lab.sensor import Sensor

BRIDGE = "10.1.1.254"
HERE, THERE = shop.NODES["node-a"], shop.NODES["node-b"]
PODS = {"web-1": "10.1.1.1", "nightly": "10.1.1.2", "alone": "10.1.1.3", "two": "10.1.1.4"}
PODS_THERE = {"web-2": "10.1.2.1", "db-0": "10.1.2.2"}
# As kube-proxy would: the service has a pod on each node.
TRANSLATION = f"""
table ip services {{
  chain prerouting {{
    type nat hook prerouting priority dstnat;
    ip saddr {PODS["alone"]} ip daddr 10.96.1.1 tcp dport 80 dnat to {PODS_THERE["web-2"]}:8080
    ip saddr {PODS["two"]} ip daddr 10.96.1.1 tcp dport 80 dnat to {PODS["web-1"]}:8080
    ip daddr {HERE} tcp dport 30080 dnat to {PODS["web-1"]}:8080
  }}
  chain postrouting {{
    type nat hook postrouting priority srcnat;
    ip saddr {PODS["two"]} ip daddr {PODS["web-1"]} masquerade
  }}
}}
"""


@dataclasses.dataclass
class Talk:
    what: str
    client: str
    server: str
    listen: tuple
    dial: tuple
    orig: tuple  # kind, pod, workload
    resp: tuple
    via: str = ""
    services: str = ""  # that the responder answers for


WEB_1 = ("pod", "web-6f7d5c-aaaaa", "web")
WEB_2 = ("pod", "web-6f7d5c-bbbbb", "web")
ALONE, TWO = ("pod", "alone", "alone"), ("pod", "two", "two")
TALKS = [
    Talk("pod to pod of this node", "alone", "nightly", ("10.1.1.2", 7001), ("10.1.1.2", 7001), ALONE,
         ("pod", "nightly-27-ccccc", "nightly")),
    Talk("pod to pod of the other node", "alone", "db-0", ("10.1.2.2", 5432), ("10.1.2.2", 5432), ALONE,
         ("pod", "db-0", "db"), services="db"),
    Talk("pod of the other node to pod", "db-0", "web-1", ("10.1.1.1", 8081), ("10.1.1.1", 8081), ("pod", "db-0", "db"),
         WEB_1, services="web"),
    Talk("pod to service, pod on the other node", "alone", "web-2", ("10.1.2.1", 8080), ("10.96.1.1", 80), ALONE, WEB_2,
         "shop/web", "web"),
    Talk("pod to service, pod on this node", "two", "web-1", ("10.1.1.1", 8080), ("10.96.1.1", 80), TWO, WEB_1,
         "shop/web", "web"),
    Talk("other node to node port", "node-b", "web-1", ("10.1.1.1", 8080), (HERE, 30080), ("node", "", ""), WEB_1,
         "shop/web", "web"),
    Talk("pod to pod with the other node's network", "two", "node-b", (THERE, 9100), (THERE, 9100), TWO,
         ("pod", "agent-ddddd", "agent")),
    Talk("pod to the other node", "two", "node-b", (THERE, 2222), (THERE, 2222), TWO, ("node", "", "")),
    Talk("pod to this node", "alone", "node-a", (HERE, 2222), (HERE, 2222), ALONE, ("host", "", "")),
]


class Network:
    def __init__(self, machine):
        self.machine = machine
        self.other = Machine("node-b")
        self.agents = {}
        self.addresses = {"node-a": HERE, "node-b": THERE, **PODS, **PODS_THERE}
        join(machine, "uplink", self.other, "uplink")
        machine.sh(f"""
            ip address del {HERE}/32 dev lo
            ip address add {HERE}/24 dev uplink
            ip link set uplink up
            ip link add pods type bridge
            ip address add {BRIDGE}/24 dev pods
            ip link set pods up
            ip route add 10.1.2.0/24 via {THERE}
            sysctl -q net.ipv4.ip_forward=1
        """)
        self.other.sh(f"""
            ip address add {THERE}/24 dev uplink
            ip link set uplink up
            ip route add 10.1.1.0/24 via {HERE}
        """)
        for address in PODS_THERE.values():
            self.other.sh(f"ip address add {address}/32 dev lo")
        machine.nft(TRANSLATION)
        for number, (name, address) in enumerate(PODS.items()):
            machine.sh(f"""
                ip netns add {name}
                ip link add veth{number} type veth peer name eth0 netns {name}
                ip link set veth{number} master pods up
                ip -n {name} address add {address}/24 dev eth0
                ip -n {name} link set lo up
                ip -n {name} link set eth0 up
                ip -n {name} route add default via {BRIDGE}
            """)
            self.agents[name] = Pod(machine, name, name)
        self.agents["node-a"] = Pod(machine, "node-a")
        for name in ("node-b", *PODS_THERE):
            self.agents[name] = Pod(self.other, name)

    def talk(self, one, from_port):
        client, server = self.agents[one.client], self.agents[one.server]
        server.do("listen", handle="l", address=one.listen[0], port=one.listen[1])
        accepted = server.begin("accept", listener="l", handle="c")
        client.do("connect", handle="c", **{"from": self.addresses[one.client]}, from_port=from_port,
                  address=one.dial[0], port=one.dial[1])
        accepted.result(60)
        answer = server.begin("talk", handle="c", steps=[-1000, 2000])
        client.do("talk", handle="c", steps=[1000, -2000])
        answer.result(60)
        ended = server.begin("finish", handle="c", first=False)
        client.do("finish", handle="c", first=True)
        ended.result(60)
        for agent, handle in ((client, "c"), (server, "c"), (server, "l")):
            agent.do("close", handle=handle)

    def close(self):
        for agent in self.agents.values():
            agent.close()
        self.other.close()
        for name in PODS:
            self.machine.sh(f"ip netns del {name}")
        self.machine.sh(f"""
            ip link del uplink 2>/dev/null || true
            ip link del pods
            nft delete table ip services
            ip address add {HERE}/32 dev lo
        """)


def complaints(one, from_port, network, records):
    found = [record for record in records if (record["id.orig_h"], record["id.orig_p"]) ==
             (network.addresses[one.client], from_port) or record.get("nat_orig", "").endswith(f":{from_port}")]
    if len(found) != 1:
        return [f"{len(found)} records: {found}"]
    record, wrong = found[0], []
    wanted = {"orig_bytes": 1000, "resp_bytes": 2000, "via_service": one.via or None, "id.resp_h": one.dial[0],
              "resp.service": one.services or None}
    for side, names in (("orig", one.orig), ("resp", one.resp)):
        wanted.update({f"{side}.{key}": name or None for key, name in zip(("kind", "pod", "workload"), names)})
    for key, value in wanted.items():
        if record.get(key) != value:
            wrong.append(f"{key} is {record.get(key)!r}, not {value!r}")
    return wrong


def connections(world):
    """Each connection is one record, with the names of both ends and the service."""
    network = Network(world.machine)
    try:
        sensor = Sensor(world.machine, "--kubeconfig", str(world.config), "--docker", "off", "--containerd", "off",
                        "--logs", "conn")
        try:
            for number, one in enumerate(TALKS):
                network.talk(one, 41000 + number)
            sensor.stop()
            records = sensor.records("conn")
            said = sensor.said()
        finally:
            sensor.close()
        wrong = [f"{one.what}: {line}" for number, one in enumerate(TALKS)
                 for line in complaints(one, 41000 + number, network, records)]
        if wrong:
            raise AssertionError("\n    ".join(wrong + [said]))
        return f"{len(TALKS)} connections"
    finally:
        network.close()
