# SPDX-License-Identifier: Apache-2.0
"""What is around the nodes: the network they stand in with its router, and a host outside."""
from lab import conntrack
from lab.kubernetes import ApiServer
from lab.machine import Machine, join
from lab.pod import Pod
from plan import OUTSIDE


class End:
    """Whoever opens or answers a connection: an agent, where it lives and the addresses it has."""

    def __init__(self, agent, machine, netns, addresses, kind, node=None, interface=""):
        self.agent = agent
        self.machine = machine
        self.netns = netns
        self.addresses = addresses  # {4: text, 6: text}
        self.kind = kind  # "pod", "host" (of a node) or "outside"
        self.node = node
        self.interface = interface  # on the node: what leads to it

    @property
    def name(self):
        return self.agent.name

    def close(self):
        self.agent.close()


class World:
    def __init__(self, plan):
        self.lan4, self.lan6 = plan.network4(24), plan.network6()
        self.service_networks = {4: plan.network4(16, ["10.0.0.0/8", "172.16.0.0/12"]), 6: plan.network6(108)}
        self.router4, self.router6 = str(self.lan4[1]), str(self.lan6[1])
        self.plan = plan
        outside4, outside6 = plan.network4(24, OUTSIDE), plan.network6()
        addresses = {4: plan.address(outside4), 6: plan.address(outside6)}
        self.machine = Machine("fabric")
        self.machine.sysctl({"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1})
        self.machine.sh(f"""
            ip link add lan type bridge
            ip link set lan up
            ip address add {self.router4}/24 dev lan
            ip address add {self.router6}/64 dev lan nodad
            ip netns add outside
            ip link add outside type veth peer name eth0 netns outside
            ip address add {outside4[1]}/24 dev outside
            ip address add {outside6[1]}/64 dev outside nodad
            ip link set outside up
            ip -n outside link set lo up
            ip -n outside address add {addresses[4]}/24 dev eth0
            ip -n outside address add {addresses[6]}/64 dev eth0 nodad
            ip -n outside link set eth0 up
            ip -n outside route add default via {outside4[1]}
            ip -n outside route add default via {outside6[1]}
        """)
        conntrack.account(self.machine, "outside")
        self.outside = End(Pod(self.machine, "outside", "outside"), self.machine, "outside", addresses, "outside")
        self._ports = 0
        self.api = ApiServer(self.machine, self.router4, self.service_networks.values())

    def attach(self, machine, interface):
        """A cable from a machine to the network."""
        self._ports += 1
        port = f"port{self._ports}"
        join(machine, interface, self.machine, port)
        self.machine.sh(f"ip link set {port} master lan up")

    def route(self, network, via):
        """The router knows the way to pods that are reachable from everywhere."""
        self.machine.sh(f"ip route replace {network} via {via}")

    def close(self):
        self.machine.close()
        self.api.close()
