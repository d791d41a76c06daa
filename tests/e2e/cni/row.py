# SPDX-License-Identifier: Apache-2.0
"""What all ways of wiring pods have in common: two nodes with pods, services, and who talks with whom."""
import dataclasses
import ipaddress

from lab import conntrack
from lab.machine import Machine
from lab.pod import Pod
from plan import NODE_PORTS, UPLINKS
from services import FLAVOURS, Rule, Translation
from world import End

VERSIONS = (4, 6)


def host_bits(version):
    return 32 if version == 4 else 128


class Node:
    def __init__(self, plan, world, number):
        self.name = f"node-{plan.word()}"
        self.number = number
        self.uplink = plan.random.choice(UPLINKS)
        self.addresses = {4: plan.address(world.lan4), 6: plan.address(world.lan6)}
        self.pod_networks = {4: plan.network4(24), 6: plan.network6()}
        self.pods = []
        self.host = None  # its own processes, as an End
        self.machine = Machine(self.name)

    def wire(self, world):
        world.attach(self.machine, self.uplink)
        self.machine.sysctl({"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1})
        self.machine.sh(f"""
            ip address add {self.addresses[4]}/{world.lan4.prefixlen} dev {self.uplink}
            ip address add {self.addresses[6]}/64 dev {self.uplink} nodad
            ip link set {self.uplink} up
            ip route add default via {world.router4}
            ip route add default via {world.router6}
        """)
        conntrack.account(self.machine)
        self.host = End(Pod(self.machine, self.name), self.machine, None, self.addresses, "host", self)

    def gateway(self, version):
        return str(self.pod_networks[version][1])


@dataclasses.dataclass
class Cell:
    """One way to connect. A server may be dialled at an address that is not its own."""
    client: End
    client_address: str
    server: End
    server_address: str
    server_port: int
    dial: str
    dial_port: int
    # By node: its interfaces that see the packets.
    interfaces: dict
    service: str = ""
    # Those that see some of them at times.
    perhaps: frozenset = frozenset()

    @property
    def version(self):
        return ipaddress.ip_address(self.dial).version

    @property
    def is_local(self):
        """Both ends are in one network namespace."""
        return (self.client.machine, self.client.netns) == (self.server.machine, self.server.netns)


class Row:
    key = title = like = ""
    # The backend's answer to a pod on its own node bypasses the translation unless the source is rewritten, too.
    service_masquerade = "itself"

    def __init__(self, plan, world):
        self.plan = plan
        self.world = world
        self.nodes = []
        self.flavour = plan.random.choice(FLAVOURS)
        self.random_ports = plan.chance()
        self.service_networks = world.service_networks

    # ---- building ------------------------------------------------------------------------------------
    def build(self):
        for number in range(2):
            self.nodes.append(Node(self.plan, self.world, number))
        for node in self.nodes:
            node.wire(self.world)
            self.wire_node(node)
        for node, other in (self.nodes, self.nodes[::-1]):
            self.wire_to_other_node(node, other)
        for number in range(2 * self.plan.random.randint(3, 5)):
            node = self.nodes[number % 2]
            node.pods.append(self.make_pod(node))
        self.choose_roles()
        self.add_services()
        self.finish_wiring()

    def make_pod(self, node):
        name = self.plan.word()
        node.machine.sh(f"ip netns add {name}; ip -n {name} link set lo up")
        addresses = {version: self.plan.address(node.pod_networks[version]) for version in VERSIONS}
        interface = self.wire_pod(node, name, addresses)
        conntrack.account(node.machine, name)
        return End(Pod(node.machine, name, name), node.machine, name, addresses, "pod", node, interface)

    def choose_roles(self):
        here, there = self.plan.shuffled(self.nodes)
        self.here, self.there = here, there
        self.client, self.near = self.plan.random.sample(here.pods, 2)
        self.far = self.plan.random.choice(there.pods)

    def add_services(self):
        rules = []
        self.services = {}
        self.service_names = {}

        def serve(key, backend, address, port, masquerade, version=4):
            to_port = self.plan.server_port()
            rules.append(Rule(address, port, backend.addresses[version], to_port, masquerade))
            self.services[key] = (backend, address, port, to_port)

        for version, suffix in ((4, ""), (6, "-6")):
            for key, backend in (("service-same-node", self.near), ("service-other-node", self.far),
                                 ("service-itself", self.client)):
                serve(key + suffix, backend, self.plan.address(self.service_networks[version]),
                      self.plan.random.choice([80, 443, 53, 6379, self.plan.server_port()]), self.service_masquerade,
                      version)
        serve("node-port", self.near, "", self.plan.port(NODE_PORTS), "all")
        serve("node-port-other-node", self.far, "", self.plan.port(NODE_PORTS), "all")
        serve("published-port", self.near, "", self.plan.server_port(), self.published_masquerade)
        for node in self.nodes:
            Translation(self.flavour, rules, self.masqueraded(node), self.near_networks(), self.random_ports).apply(
                node.machine)

    published_masquerade = "nobody"

    def masqueraded(self, node):
        """The networks of pods that have the node's address outside."""
        return node.pod_networks

    def near_networks(self):
        return {version: [*(node.pod_networks[version] for node in self.nodes), lan]
                for version, lan in ((4, self.world.lan4), (6, self.world.lan6))}

    # ---- for each way of wiring -----------------------------------------------------------------------
    def wire_node(self, node):
        pass

    def wire_pod(self, node, netns, addresses):
        """Returns the name of what leads to the pod."""
        raise NotImplementedError

    def wire_to_other_node(self, node, other):
        for version in VERSIONS:
            node.machine.sh(f"ip route add {other.pod_networks[version]} via {other.addresses[version]}")

    def finish_wiring(self):
        pass

    # What sees what goes ... : interfaces of the node by their names, those inside a pod as (pod, name).
    def between(self, one, other):
        """... from a pod to another on the same node."""
        return {one.interface, other.interface}

    def translated_between(self, one, other):
        return self.between(one, other)

    def to_itself(self, pod):
        return {pod.interface}

    def to_node(self, pod):
        return {pod.interface}

    def to_uplink(self, pod):
        return {pod.interface, pod.node.uplink}

    def to_other_node(self, pod, version):  # pylint: disable=unused-argument
        return self.to_uplink(pod)

    def in_pod(self, pod):
        return {(pod, "lo")}

    def networks(self, node):
        """Processes in whose networks a sensor of the node captures, too."""
        return [pod.agent.pid for pod in node.pods if pod.netns]

    # ---- who talks with whom ---------------------------------------------------------------------------
    def cell(self, column):
        return getattr(self, "cell_" + column.removesuffix("-6").replace("-", "_"))(column,
                                                                                    6 if column.endswith("-6") else 4)

    def direct(self, client, server, version, interfaces, address=None):
        address = address or server.addresses[version]
        port = self.plan.server_port()
        return Cell(client, client.addresses[version], server, address, port, address, port, interfaces)

    def across(self, client, server, version):
        return {client.node: self.to_other_node(client, version), server.node: self.to_other_node(server, version)}

    def cell_same_node(self, _, version):
        return self.direct(self.client, self.near, version, {self.here: self.between(self.client, self.near)})

    def cell_other_node(self, _, version):
        return self.direct(self.client, self.far, version, self.across(self.client, self.far, version))

    def via(self, column, client, version, interfaces, address=None):
        server, service, port, to_port = self.services[column]
        dial = service or address
        return Cell(client, client.addresses[version], server, server.addresses[version], to_port, dial, port,
                    interfaces, column)

    def cell_service_same_node(self, column, version):
        return self.via(column, self.client, version, {self.here: self.translated_between(self.client, self.near)})

    def cell_service_other_node(self, column, version):
        return self.via(column, self.client, version, self.across(self.client, self.far, version))

    def cell_service_itself(self, column, version):
        return self.via(column, self.client, version, {self.here: self.to_itself(self.client)})

    def cell_node(self, _, version):
        return self.direct(self.client, self.here.host, version, {self.here: self.to_node(self.client)})

    def cell_outside(self, _, version):
        return self.direct(self.client, self.world.outside, version, {self.here: self.to_uplink(self.client)})

    def cell_node_port(self, column, version):
        return self.via(column, self.world.outside, version, {self.here: self.to_uplink(self.near)},
                        self.here.addresses[version])

    def cell_node_port_other_node(self, column, version):
        return self.via(column, self.world.outside, version,
                        {self.here: self.passing(self.here, version), self.there: self.to_other_node(self.far, version)},
                        self.here.addresses[version])

    def passing(self, node, version):  # pylint: disable=unused-argument
        """What comes by the uplink for a pod of the other node."""
        return {node.uplink}

    def cell_published_port(self, column, version):
        return self.via(column, self.world.outside, version, {self.here: self.to_uplink(self.near)},
                        self.here.addresses[version])

    def cell_loopback(self, _, version):
        cell = self.direct(self.client, self.client, version, {self.here: self.in_pod(self.client)},
                           "127.0.0.1" if version == 4 else "::1")
        cell.client_address = cell.dial
        return cell

    # ---- the end ------------------------------------------------------------------------------------------
    def close(self):
        for node in self.nodes:
            node.machine.close()


