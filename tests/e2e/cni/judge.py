# SPDX-License-Identifier: Apache-2.0
"""Is what the sensors wrote what happened?"""
import base64
import hashlib
import ipaddress
import struct

from lab.kubernetes import HTTPS_PORT
from lab.sensor import PROBE_PORT

PROTOCOLS = {"tcp": 6, "udp": 17}


def ends(record):
    """All (address, port) a record speaks of."""
    found = {(record["id.orig_h"], record["id.orig_p"]), (record["id.resp_h"], record["id.resp_p"])}
    for key in ("nat_orig", "nat_resp"):
        if record.get(key):
            address, port = record[key].rsplit(":", 1)
            found.add((address.strip("[]"), int(port)))
    return found


def shown(end):
    address, port = end
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def community_id(protocol, one, other):
    """Community ID version 1, seed 0 (github.com/corelight/community-id-spec)."""
    one, other = ((ipaddress.ip_address(address).packed, port) for address, port in (one, other))
    (a, a_port), (b, b_port) = sorted([one, other])
    data = struct.pack("!H", 0) + a + b + struct.pack("!BBHH", PROTOCOLS[protocol], 0, a_port, b_port)
    return "1:" + base64.b64encode(hashlib.sha1(data).digest()).decode()


def of_talk(talk, records):
    """The records that have to do with it. An address and port that masquerading chose may serve several connections
    to different responders.
    """
    (orig, _), (peer, server) = talk.before, talk.after
    return [record for record in records if record["proto"] == talk.protocol and
            (orig in ends(record) or {peer, server} <= ends(record))]


class Judge:
    """Of one sensor: its node and its records of connections."""

    def __init__(self, cluster, node, records):
        self.cluster = cluster
        self.node = node
        self.records = records
        self.explained = set()  # uids

    def unexplained(self):
        return [record for record in self.records if record["proto"] in PROTOCOLS and
                record["uid"] not in self.explained and not self._is_expected(record)]

    @staticmethod
    def _is_expected(record):
        """The tunnel between the nodes, the sensor's own connection to the API server, what makes it show its first."""
        ports = (record["id.orig_p"], record["id.resp_p"])  # on its way already when the sensor began to look
        return 8472 in ports and record["proto"] == "udp" or HTTPS_PORT in ports or PROBE_PORT in ports

    def complaints(self, talk):
        """What is wrong with the records of a connection; and its record, if there is just one."""
        found = of_talk(talk, self.records)
        self.explained.update(record["uid"] for record in found)
        wanted = 1 if self.node in talk.cell.interfaces else 0
        if len(found) != wanted:
            return [f"{len(found)} records instead of {wanted}: {[brief(record) for record in found]}"], None
        if not found:
            return [], None
        return list(self._differences(talk, found[0])), found[0]

    def _differences(self, talk, record):
        first = self.node is next(iter(talk.cell.interfaces))
        # What its own machine translates is on no interface as the originator sent it.
        seen_before = first and not (talk.cell.client.netns is None and talk.cell.client.node)
        if not seen_before and first and record["id.resp_h"] == talk.cell.dial:
            seen_before = True  # but answers to itself may be: the first packet seen decides
        (orig, resp), (nat_orig, nat_resp) = (talk.before, talk.after) if seen_before else (talk.after, talk.before)
        if not first:
            nat_orig, nat_resp = orig, resp
        expected = {
            "id.orig_h": orig[0], "id.orig_p": orig[1], "id.resp_h": resp[0], "id.resp_p": resp[1],
            "nat_orig": shown(nat_orig) if nat_orig != orig else None,
            "nat_resp": shown(nat_resp) if nat_resp != resp else None,
            "orig_bytes": talk.orig.payload, "orig_pkts": talk.orig.packets, "orig_ip_bytes": talk.orig.ip_bytes,
            "resp_bytes": talk.resp.payload, "resp_pkts": talk.resp.packets, "resp_ip_bytes": talk.resp.ip_bytes,
            "missed_bytes": 0,
            "community_id": community_id(talk.protocol, *talk.after),
            "sightings": len(record.get("interfaces", [])),
            "via_service": self.cluster.row.service_names.get(talk.cell.service) if first else None,
        }
        client = talk.cell.client
        if not first and orig[0] != talk.cell.client_address:
            client = next(iter(talk.cell.interfaces)).host  # who rewrote the source: more cannot be known here
        for side, end in (("orig", client), ("resp", talk.cell.server)):
            names = self.cluster.names_of(end, self.node, side == "resp")
            name = next((one for one in names if one["kind"] == record.get(f"{side}.kind")), names[0])
            expected |= {f"{side}.{key}": value for key, value in name.items()}
        for key, value in expected.items():
            if record.get(key) != value:
                yield f"{key} is {record.get(key)} instead of {value}"
        interfaces = set(record.get("interfaces", []))
        names = {self._shown(one) for one in talk.cell.interfaces[self.node]}
        if not names <= interfaces <= names | talk.cell.perhaps:
            yield f"interfaces are {sorted(interfaces)} instead of {sorted(names)}"
        has_note = "midstream" in record.get("notes", [])
        if talk.protocol == "tcp" and has_note != talk.midstream:
            yield f"notes are {record.get('notes')}"

    def _shown(self, interface):
        if isinstance(interface, str):
            return interface
        pod, name = interface
        return f"net:{pod.agent.network}/{name}"


def brief(record):
    keys = ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "nat_orig", "nat_resp", "interfaces", "notes",
            "orig_pkts", "resp_pkts", "history")
    return " ".join(f"{key}={record[key]}" for key in keys if key in record)
