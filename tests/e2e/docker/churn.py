# SPDX-License-Identifier: Apache-2.0
"""Containers that come and go fast. What a connection asks for tells who made it."""
import collections
import concurrent.futures
import json
import os
import signal
import subprocess
import tempfile
import time

from cases import case
from expect import Expect, container, differs, ports
from lab.machine import child_of
from world import IMAGE

CONTAINERS = int(os.environ.get("QUAYWATCH_E2E_CONTAINERS", "200"))
CONNECTIONS = 5  # of each
AT_ONCE = 4


class EachItsName(Expect):
    """Each of the containers made so many connections, and fetched its own name with each."""

    def __init__(self, port, names, resp, connections=1):
        super().__init__(port, {}, resp, len(names) * connections)
        self.names, self.connections = names, connections

    def differences(self, record):
        yield from super().differences(record)
        owner = record.get("uri", "").rpartition("?")[2]
        yield from differs(record, "orig.container", owner)
        yield from differs(record, "orig.kind", "container")

    def complaints(self, records):
        wrong = super().complaints(records)
        made = collections.Counter(r["uri"].rpartition("?")[2] for r in records if self.port in ports(r) and "uri" in r)
        wrong += [f"{name}: {made[name]} records, not {self.connections}" for name in self.names
                  if made[name] != self.connections]
        return wrong if len(wrong) <= 6 else wrong[:5] + [f"{len(wrong) - 5} more"]


class Lives:
    """How long containers ran, as the engine tells."""

    def __init__(self, engine):
        self.told = tempfile.TemporaryFile("w+", encoding="utf-8")
        self.process = subprocess.Popen(engine.words("events", "--filter", "type=container", "--format", "{{json .}}"),
                                        stdout=self.told)

    def end(self, prefix):
        """Seconds, the shortest first."""
        os.kill(child_of(self.process.pid), signal.SIGTERM)
        self.process.wait()
        self.told.seek(0)
        began, lives = {}, []
        for event in map(json.loads, self.told):
            name = event["Actor"]["Attributes"]["name"]
            if event["Action"] == "start":
                began[name] = event["timeNano"]
            elif event["Action"] == "die" and name in began and name.startswith(prefix):
                lives.append((event["timeNano"] - began[name]) / 1e9)
        self.told.close()
        return sorted(lives)


def visit(engine, name, address, port, connections=1, *options):
    """A container that lives as long as it takes to fetch a page so many times."""
    fetch = f"wget -q -O /dev/null http://{address}:{port}/x?{name}; "
    engine.do("run", "--rm", "--name", name, *options, IMAGE, "sh", "-c", fetch * connections)


@case(f"churn: {CONTAINERS * CONNECTIONS} connections from {CONTAINERS} containers")
def churn(world):
    engine = world.engine
    engine.serve("hub", 8013)
    world.container_listens("hub", 8013)
    address = engine.address("hub")
    names = [f"churn-{number}" for number in range(CONTAINERS)]
    lives = Lives(engine)

    def live(name):
        visit(engine, name, address, 8013, CONNECTIONS)

    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(live, names))
    took = time.monotonic() - begun
    lived = lives.end("churn-")
    print(f"      {CONTAINERS} containers in {took:.0f} s, {AT_ONCE} at a time; they lived {lived[0]:.2f} to "
          f"{lived[-1]:.2f} s, {sum(life < 1 for life in lived)} of {len(lived)} under a second")
    return [EachItsName(8013, names, container("hub"), CONNECTIONS)]


@case("the same address, given to another container at once")
def same_address(world):
    engine = world.engine
    engine.do("network", "create", "--subnet", "10.77.0.0/24", "reuse")
    engine.serve("desk", 8012, "--network", "reuse")
    world.container_listens("desk", 8012)
    address = engine.address("desk", "reuse")
    names = [f"guest-{number}" for number in range(20)]
    for name in names:
        visit(engine, name, address, 8012, 1, "--network", "reuse", "--ip", "10.77.0.99")
    return [EachItsName(8012, names, container("desk"))]


@case("containers that are over at once")
def short_lived(world):
    engine = world.engine
    engine.serve("bell", 8014)
    world.container_listens("bell", 8014)
    address = engine.address("bell")
    names = [f"moth-{number}" for number in range(10)]
    for name in names:
        visit(engine, name, address, 8014)
    return [EachItsName(8014, names, container("bell"))]
