# SPDX-License-Identifier: Apache-2.0
"""Address translation on a node, as kube-proxy, the portmap plugin and a masquerading CNI set it up."""
import dataclasses
import ipaddress

from plan import MASQUERADE_PORTS

# How the rules get into the kernel.
FLAVOURS = ("nft", "iptables-nft", "iptables-legacy")
MARK = "0x4000"


@dataclasses.dataclass(frozen=True)
class Rule:
    """What comes for an address and port goes to another."""
    address: str  # "": any of the node's own
    port: int
    to: str
    to_port: int
    # Whose source is rewritten, too, so that the answer comes back this way: "all", "itself" (only the backend's own
    # connections, by hairpin) or "nobody".
    masquerade: str

    @property
    def version(self):
        return ipaddress.ip_address(self.to).version


@dataclasses.dataclass
class Translation:
    flavour: str
    rules: list
    pods: dict  # {4: network of the node's pods, 6: ...}, masqueraded on their way out
    near: dict  # {4: [networks that are not "out"], 6: ...}
    random_ports: bool

    def apply(self, machine):
        for version in (4, 6):
            rules = [rule for rule in self.rules if rule.version == version]
            if self.flavour == "nft":
                machine.nft(self._nft(version, rules))
            else:
                machine.sh(self._iptables(version, rules))

    def _nft(self, version, rules):
        ip = "ip" if version == 4 else "ip6"
        services = []
        for rule in rules:
            match = f"{ip} daddr {rule.address}" if rule.address else "fib daddr type local"
            to = rule.to if version == 4 else f"[{rule.to}]"
            source = {"all": "", "itself": f"{ip} saddr {rule.to}"}.get(rule.masquerade)
            for protocol in ("tcp", "udp"):
                if source is not None:
                    services.append(f"{match} {protocol} dport {rule.port} {source} meta mark set {MARK}")
                services.append(f"{match} {protocol} dport {rule.port} dnat to {to}:{rule.to_port}")
        near = ", ".join(map(str, self.near[version]))
        ports = "masquerade to :{}-{} fully-random".format(*MASQUERADE_PORTS) if self.random_ports else "masquerade"
        with_ports = f"meta l4proto {{ tcp, udp }} {ports}"
        out = f"{ip} saddr {self.pods[version]} {ip} daddr != {{ {near} }}" if self.pods else ""
        return f"""
            table {ip} services {{
              chain services {{
                {chr(10).join(services)}
              }}
              chain prerouting {{ type nat hook prerouting priority dstnat; jump services; }}
              chain output {{ type nat hook output priority -100; jump services; }}
              chain postrouting {{
                type nat hook postrouting priority srcnat;
                meta mark & {MARK} != 0 {with_ports}
                meta mark & {MARK} != 0 masquerade
                {f"{out} {with_ports}" if out else ""}
                {f"{out} masquerade" if out else ""}
              }}
            }}"""

    def _iptables(self, version, rules):
        tables = self.flavour if version == 4 else self.flavour.replace("ip", "ip6", 1)
        lines = ["-N SERVICES", "-A PREROUTING -j SERVICES", "-A OUTPUT -j SERVICES"]
        for rule in rules:
            match = f"-d {rule.address}" if rule.address else "-m addrtype --dst-type LOCAL"
            to = rule.to if version == 4 else f"[{rule.to}]"
            source = {"all": "", "itself": f"-s {rule.to}"}.get(rule.masquerade)
            for protocol in ("tcp", "udp"):
                match_port = f"{match} -p {protocol} --dport {rule.port}"
                if source is not None:
                    lines.append(f"-A SERVICES {source} {match_port} -j MARK --set-mark {MARK}")
                lines.append(f"-A SERVICES {match_port} -j DNAT --to-destination {to}:{rule.to_port}")
        ports = "--to-ports {}-{} --random-fully".format(*MASQUERADE_PORTS)
        marked = f"-A POSTROUTING -m mark --mark {MARK}/{MARK}"
        masqueraded = [marked]
        if self.pods:
            lines.append("-N OUT")
            lines.extend(f"-A OUT -d {network} -j RETURN" for network in self.near[version])
            lines.append(f"-A POSTROUTING -s {self.pods[version]} -j OUT")
            masqueraded.append("-A OUT")
        for match in masqueraded:
            if self.random_ports:
                lines.extend(f"{match} -p {protocol} -j MASQUERADE {ports}" for protocol in ("tcp", "udp"))
            lines.append(f"{match} -j MASQUERADE")
        return f"{tables}-restore <<'RULES'\n*nat\n" + "\n".join(lines) + "\nCOMMIT\nRULES\n"
