# SPDX-License-Identifier: Apache-2.0
"""The kernel's own count of a connection's packets and bytes (nf_conntrack_acct), per network namespace."""
import dataclasses
import re

from lab.machine import run

# A namespace tracks connections once a rule asks for their state.
RULES = """
table inet accounting {
  chain prerouting { type filter hook prerouting priority 0; ct state established accept; }
  chain output { type filter hook output priority 0; ct state established accept; }
}
"""


@dataclasses.dataclass(frozen=True)
class Side:
    source: str
    destination: str
    source_port: int
    destination_port: int
    packets: int
    bytes: int


@dataclasses.dataclass(frozen=True)
class Entry:
    protocol: str
    original: Side
    reply: Side


SIDE = re.compile(r"src=(\S+) dst=(\S+) (?:sport=(\d+) dport=(\d+)|type=(\d+) code=(\d+) id=(\d+)) "
                  r"(?:\[\w+\] )*packets=(\d+) bytes=(\d+)")


def account(machine, netns=None):
    machine.sysctl({"net.netfilter.nf_conntrack_acct": 1}, netns)
    machine.nft(RULES, netns)


def entries(machine, netns=None):
    """All that is tracked there. ICMP's identifier stands for both ports."""
    found = []
    for family in ("ipv4", "ipv6"):
        listed = run(machine.inside(netns) + ["conntrack", "-L", "-f", family, "-o", "extended"])
        for line in listed.splitlines():
            sides = [Side(m[1], m[2], int(m[3] or m[7]), int(m[4] or m[7]), int(m[8]), int(m[9]))
                     for m in SIDE.finditer(line)]
            if len(sides) == 2:
                found.append(Entry(line.split()[2], *sides))
    return found
