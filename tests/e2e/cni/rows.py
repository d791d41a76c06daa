# SPDX-License-Identifier: Apache-2.0
"""The ways in which pods are connected."""
import ipaddress
import pathlib
import struct
import sysconfig
import tempfile

from lab.machine import run
from lab.pod import Pod
from row import Row, host_bits
from world import End


class Bridge(Row):
    key = "bridge"
    title = "bridge"
    like = "Docker, kubenet, Flannel host-gw"
    mtu = 1500

    def __init__(self, plan, world):
        super().__init__(plan, world)
        self.bridge = plan.random.choice(["docker0", "cni0", "cbr0"]) if plan.chance() else plan.interface("br-")
        # With it bridged frames pass iptables, as kube-proxy wants it.
        self.bridge_netfilter = plan.chance()
        if not self.bridge_netfilter:
            self.service_masquerade = "all"

    def wire_node(self, node):
        node.machine.sh(f"""
            ip link add {self.bridge} type bridge
            ip address add {node.gateway(4)}/24 dev {self.bridge}
            ip address add {node.gateway(6)}/64 dev {self.bridge} nodad
            ip link set {self.bridge} up
        """)
        on = int(self.bridge_netfilter)
        node.machine.sysctl({"net.bridge.bridge-nf-call-iptables": on, "net.bridge.bridge-nf-call-ip6tables": on})

    def wire_pod(self, node, netns, addresses):
        interface = self.plan.interface("veth")
        node.machine.sh(f"""
            ip link add {interface} type veth peer name eth0 mtu {self.mtu} netns {netns}
            ip link set {interface} master {self.bridge}
            bridge link set dev {interface} hairpin on
            ip link set {interface} up
            ip -n {netns} address add {addresses[4]}/24 dev eth0
            ip -n {netns} address add {addresses[6]}/64 dev eth0 nodad
            ip -n {netns} link set eth0 up
            ip -n {netns} route add default via {node.gateway(4)}
            ip -n {netns} route add default via {node.gateway(6)}
        """)
        return interface

    def translated_between(self, one, other):
        seen = self.between(one, other)
        return seen if self.bridge_netfilter else seen | {self.bridge}

    def to_itself(self, pod):
        return {pod.interface} if self.bridge_netfilter else {pod.interface, self.bridge}

    def via(self, column, client, version, interfaces, address=None):
        cell = super().via(column, client, version, interfaces, address)
        # What is translated in the bridge goes out by its port at once, or through the bridge itself while the kernel
        # has no link-layer header at hand.
        if self.bridge_netfilter and client in (self.client, self.near):
            cell.perhaps = frozenset({self.bridge})
        return cell

    def to_node(self, pod):
        return {pod.interface, self.bridge}

    def to_uplink(self, pod):
        return {pod.interface, self.bridge, pod.node.uplink}


class Routed(Row):
    key = "routed"
    title = "routed veth, proxy ARP"
    like = "Calico with iptables, AWS VPC CNI"
    prefix = "cali"

    def wire_pod(self, node, netns, addresses):
        interface = self.plan.interface(self.prefix)
        node.machine.sh(f"""
            ip link add {interface} type veth peer name eth0 netns {netns}
            ip link set {interface} up
            ip -n {netns} address add {addresses[4]}/32 dev eth0
            ip -n {netns} address add {addresses[6]}/128 dev eth0 nodad
            ip -n {netns} link set eth0 up
            ip -n {netns} route add 169.254.1.1 dev eth0
            ip -n {netns} route add default via 169.254.1.1 dev eth0
            ip address add fe80::1/64 dev {interface} nodad
            ip -n {netns} route add default via fe80::1 dev eth0
            ip route add {addresses[4]}/32 dev {interface}
            ip route add {addresses[6]}/128 dev {interface}
        """)
        node.machine.sysctl({f"net.ipv4.conf.{interface}.proxy_arp": 1, f"net.ipv4.neigh.{interface}.proxy_delay": 0})
        return interface


class Overlay(Bridge):
    key = "vxlan"
    title = "VXLAN overlay"
    like = "Flannel, Weave"
    mtu = 1430  # room for VXLAN over IPv6

    def wire_node(self, node):
        super().wire_node(node)
        for version, name in ((4, "flannel.1"), (6, "flannel-v6.1")):
            network = node.pod_networks[version]
            node.machine.sh(f"""
                ip link add {name} type vxlan id 1 local {node.addresses[version]} dev {node.uplink} dstport 8472 nolearning
                ip address add {network[0]}/{host_bits(version)} dev {name} {"nodad" if version == 6 else ""}
                ip link set {name} up
            """)

    def wire_to_other_node(self, node, other):
        for version, name in ((4, "flannel.1"), (6, "flannel-v6.1")):
            network = other.pod_networks[version]
            mac = other.machine.mac(name)
            node.machine.sh(f"""
                ip neighbour add {network[0]} lladdr {mac} dev {name} nud permanent
                bridge fdb add {mac} dev {name} dst {other.addresses[version]}
                ip route add {network} via {network[0]} dev {name} onlink
            """)

    def to_other_node(self, pod, version):
        return {pod.interface, self.bridge, "flannel.1" if version == 4 else "flannel-v6.1"}

    def passing(self, node, version):
        return {node.uplink, "flannel.1" if version == 4 else "flannel-v6.1"}


class Redirect(Routed):
    """The host's end of a pod's veth hands packets to a pod right into it: the other's host end does not see them."""
    key = "redirect"
    title = "eBPF redirect to the peer"
    like = "Cilium, Calico with eBPF, GKE Dataplane V2"
    prefix = "lxc"
    service_masquerade = "all"
    published_masquerade = "all"

    def finish_wiring(self):
        source = pathlib.Path(__file__).with_name("redirect.bpf.c")
        with tempfile.TemporaryDirectory(prefix="quaywatch-e2e-") as folder:
            for node in self.nodes:
                indexes = {link["ifname"]: link["ifindex"] for link in node.machine.links()}
                table = pathlib.Path(folder, "pods.h")
                program = pathlib.Path(folder, f"{node.name}.o")
                table.write_text("".join(self.entries(pod, indexes[pod.interface]) for pod in node.pods),
                                 encoding="ascii")
                run(["clang-19", "-O2", "-g", "-target", "bpf", f"-I{folder}",
                     f"-I/usr/include/{sysconfig.get_config_var('MULTIARCH')}", "-c", str(source), "-o", str(program)])
                for interface in [node.uplink, *(pod.interface for pod in node.pods)]:
                    node.machine.sh(f"""
                        tc qdisc add dev {interface} clsact
                        tc filter add dev {interface} ingress bpf direct-action obj {program} sec tc
                    """)

    @staticmethod
    def entries(pod, index):
        v4 = struct.unpack("=I", ipaddress.ip_address(pod.addresses[4]).packed)[0]
        v6 = ", ".join(map(str, struct.unpack("=IIII", ipaddress.ip_address(pod.addresses[6]).packed)))
        return f"POD4({v4}u, {index})\nPOD6({v6}, {index})\n"


class Macvlan(Row):
    key = "macvlan"
    title = "macvlan"
    like = "macvlan on the node's network"
    service_masquerade = "all"
    published_masquerade = "all"

    def wire_node(self, node):
        # The parent itself cannot be reached from a macvlan: the node joins with one of its own.
        node.shim = self.plan.interface("shim")
        node.shim_addresses = {4: self.plan.address(self.world.lan4), 6: self.plan.address(self.world.lan6)}
        node.machine.sh(f"""
            ip link add {node.shim} link {node.uplink} type macvlan mode bridge
            ip address add {node.shim_addresses[4]}/32 dev {node.shim}
            ip address add {node.shim_addresses[6]}/128 dev {node.shim} nodad
            ip link set {node.shim} up
        """)

    def wire_pod(self, node, netns, addresses):
        for version, lan in ((4, self.world.lan4), (6, self.world.lan6)):
            addresses[version] = self.plan.address(lan)
        node.machine.sh(f"""
            ip link add eth0 link {node.uplink} netns {netns} type macvlan mode bridge
            ip -n {netns} address add {addresses[4]}/{self.world.lan4.prefixlen} dev eth0
            ip -n {netns} address add {addresses[6]}/64 dev eth0 nodad
            ip -n {netns} link set eth0 up
            ip -n {netns} route add default via {node.shim_addresses[4]}
            ip -n {netns} route add default via {node.shim_addresses[6]}
            ip -n {netns} route add {node.addresses[4]}/32 via {node.shim_addresses[4]}
            ip -n {netns} route add {node.addresses[6]}/128 via {node.shim_addresses[6]}
            ip route add {addresses[4]}/32 dev {node.shim}
            ip route add {addresses[6]}/128 dev {node.shim}
        """)
        return "eth0"

    def wire_to_other_node(self, node, other):
        pass

    def masqueraded(self, node):
        return {4: self.world.lan4, 6: self.world.lan6}

    # The kernel shows the parent what passes between its macvlans: there is no need to look into the pods.
    def between(self, one, other):
        return {one.node.uplink}

    def translated_between(self, one, other):
        return self.between(one, other) | {one.node.shim}

    def to_itself(self, pod):
        return self.to_uplink(pod)

    def to_node(self, pod):
        return self.to_uplink(pod)

    def to_uplink(self, pod):
        return {pod.node.shim, pod.node.uplink}

    def to_other_node(self, pod, version):
        return {pod.node.uplink}

    def cell_service_other_node(self, column, version):
        cell = super().cell_service_other_node(column, version)
        cell.interfaces[self.here] |= {self.here.shim}
        return cell


class HostNetwork(Row):
    key = "host"
    title = "host network"
    like = "pods with hostNetwork, docker run --net host"

    def make_pod(self, node):
        return End(Pod(node.machine, self.plan.word()), node.machine, None, node.addresses, "pod", node, "lo")

    def masqueraded(self, node):
        return {}

    def to_uplink(self, pod):
        return {pod.node.uplink}

    def in_pod(self, pod):
        return {"lo"}

    def cell_published_port(self, _, version):
        return self.direct(self.world.outside, self.near, version, {self.here: self.to_uplink(self.near)})


class TwoInterfaces(Bridge):
    key = "two"
    title = "pod with two interfaces"
    like = "Multus: a bridge and a macvlan"

    def make_pod(self, node):
        pod = super().make_pod(node)
        second = {4: self.plan.address(self.world.lan4), 6: self.plan.address(self.world.lan6)}
        node.machine.sh(f"""
            ip link add net1 link {node.uplink} netns {pod.netns} type macvlan mode bridge
            ip -n {pod.netns} address add {second[4]}/{self.world.lan4.prefixlen} dev net1
            ip -n {pod.netns} address add {second[6]}/64 dev net1 nodad
            ip -n {pod.netns} link set net1 up
            ip -n {pod.netns} route add {node.addresses[4]} via {node.gateway(4)}
            ip -n {pod.netns} route add {node.addresses[6]} via {node.gateway(6)}
        """)
        pod.second = second
        return pod

    def over_second(self, server, version, interfaces):
        cell = self.direct(self.client, server, version, interfaces, server.second[version])
        cell.client_address = self.client.second[version]
        return cell

    def cell_same_node(self, _, version):
        return self.over_second(self.near, version, {self.here: {self.here.uplink}})

    def cell_other_node(self, _, version):
        return self.over_second(self.far, version, {node: {node.uplink} for node in (self.here, self.there)})


ROWS = {row.key: row for row in (Bridge, Routed, Overlay, Redirect, Macvlan, HostNetwork, TwoInterfaces)}
