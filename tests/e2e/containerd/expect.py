# SPDX-License-Identifier: Apache-2.0
"""What the records of a case have to be."""
import dataclasses

from world import IMAGE, PAGE


def pod(name, container, **more):
    return {"kind": "pod", "namespace": "shop", "pod": name, "container": container, "image": IMAGE, "node": "ship",
            **more}


def container(name, **more):
    return {"kind": "container", "namespace": "default", "container": name, "image": IMAGE, "node": "ship", **more}


@dataclasses.dataclass
class Expect:
    """All records of connections to this port, each of which fetched the page once."""
    port: int
    orig: dict
    resp: dict
    count: int = 1
    also: dict = dataclasses.field(default_factory=dict)

    def complaints(self, records):
        mine = [record for record in records if record["proto"] == "tcp" and record["id.resp_p"] == self.port]
        wrong = [] if len(mine) == self.count else [f"port {self.port}: {len(mine)} records, not {self.count}"]
        for record in mine:
            wrong += [f"port {self.port}: {line}" for line in self.differences(record)]
        return wrong

    def differences(self, record):
        columns = {f"orig.{column}": value for column, value in self.orig.items()}
        columns.update({f"resp.{column}": value for column, value in self.resp.items()})
        columns.update(self.also)
        for column, value in columns.items():
            if record.get(column) != value:
                yield f"{column} is {record.get(column)!r}, not {value!r}"
        if record.get("resp_bytes", 0) <= len(PAGE) or record.get("conn_state") != "SF":
            yield f"{record.get('resp_bytes')} bytes came, state {record.get('conn_state')}"
