# SPDX-License-Identifier: Apache-2.0
"""What the records of a case have to be."""
import dataclasses

from world import PAGE


def ports(record):
    """The server's, before and after translation."""
    found = {record["id.resp_p"]}
    if "nat_resp" in record:
        found.add(int(record["nat_resp"].rsplit(":", 1)[1]))
    return found


def container(name, **more):
    return {"kind": "container", "container": name, "node": "dock", "image": "shop/busybox:1", **more}


HOST_SIDE = {"kind": "host"}
OUTSIDE_SIDE = {"kind": "outside"}


@dataclasses.dataclass
class Expect:
    """All records with this server port, each fetching the page once."""
    port: int
    orig: dict
    resp: dict
    count: int = 1
    also: dict = dataclasses.field(default_factory=dict)  # column: value, or a function that says if it is right

    def complaints(self, records):
        mine = [r for r in records if r["proto"] == "tcp" and self.port in ports(r)]
        wrong = [] if len(mine) == self.count else [f"port {self.port}: {len(mine)} records, not {self.count}"]
        for record in mine:
            wrong += [f"port {self.port}: {line}" for line in self.differences(record)]
        return wrong

    def differences(self, record):
        for side, names in (("orig", self.orig), ("resp", self.resp)):
            for column, value in names.items():
                yield from differs(record, f"{side}.{column}", value)
        for column, value in self.also.items():
            yield from differs(record, column, value)
        if record.get("resp_bytes", 0) <= len(PAGE) or record.get("conn_state") != "SF":
            yield f"{record.get('resp_bytes')} bytes came, state {record.get('conn_state')}"


def differs(record, column, value):
    got = record.get(column)
    if not (value(got) if callable(value) else got == value):
        yield f"{column} is {got!r}" + ("" if callable(value) else f", not {value!r}")
