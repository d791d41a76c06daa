# SPDX-License-Identifier: Apache-2.0
"""Which addresses, ports, names and orders a run has: all from its seed, so that a run can be repeated."""
import ipaddress
import random

PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]
OUTSIDE = ["198.51.100.0/24", "203.0.113.0/24"]
WORDS = ["web", "cart", "search", "mail", "ledger", "cache", "queue", "auth", "report", "image", "stock", "quote"]
UPLINKS = ["eth0", "ens5", "enp1s0", "bond0", "eno1"]
# Ports of clients, of servers and those that masquerading may choose are apart: a port tells whose it is.
CLIENT_PORTS = range(20000, 30000)
NODE_PORTS = range(30000, 32768)
MASQUERADE_PORTS = (40000, 60000)


class Plan:
    """Gives out what was not given before."""

    def __init__(self, seed, other=None):
        """Seeds of any type with a text. Networks and addresses that the other plan gave are taken."""
        self.random = random.Random(str(seed))
        self._networks = list(other._networks) if other else []
        self._taken = set(other._taken) if other else set()

    def network4(self, bits, parents=PRIVATE):
        while True:
            parent = ipaddress.ip_network(self.random.choice(parents))
            if parent.prefixlen > bits:
                continue
            offset = self.random.randrange(2 ** (bits - parent.prefixlen)) << (32 - bits)
            network = ipaddress.ip_network((int(parent.network_address) + offset, bits))
            if not any(network.overlaps(other) for other in self._networks):
                self._networks.append(network)
                return network

    def network6(self, bits=64):
        return ipaddress.ip_network((0xfd << 120 | self.random.getrandbits(56) << 64, bits))

    def address(self, network, first=2):
        """One that has not been given; those below `first` are for routers."""
        size = min(network.num_addresses - 2, 60000)
        while True:
            address = str(network[self.random.randint(first, size)])
            if address not in self._taken:
                self._taken.add(address)
                return address

    def port(self, of):
        while True:
            port = self.random.choice(of)
            if port not in self._taken:
                self._taken.add(port)
                return port

    def server_port(self):
        return self.port(range(1024, 10000))

    def size(self, about):
        return about + self.random.randrange(about // 10)

    def word(self):
        while True:
            word = f"{self.random.choice(WORDS)}-{self.random.getrandbits(20):05x}"
            if word not in self._taken:
                self._taken.add(word)
                return word

    def interface(self, prefix):
        return prefix + self.word()[-5:] + f"{self.random.getrandbits(12):03x}"

    def shuffled(self, items):
        items = list(items)
        self.random.shuffle(items)
        return items

    def chance(self):
        return self.random.random() < 0.5
