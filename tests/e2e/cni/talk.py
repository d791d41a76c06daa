# SPDX-License-Identifier: Apache-2.0
"""Connections that are made, and what their ends and the kernel counted of each."""
import dataclasses
import itertools

from lab import conntrack
from plan import CLIENT_PORTS

TCP_HEADERS = {4: 20 + 32, 6: 40 + 32}  # of all segments but SYN: timestamps are the only option
SYN_OPTIONS = 8  # more than those of other segments
JUMBO_OPTION = 8
_handles = (f"h{number}" for number in itertools.count())


@dataclasses.dataclass
class Count:
    """What one side sent."""
    payload: int
    packets: int
    ip_bytes: int


class Disagreement(Exception):
    """The two ends or the kernel do not agree on what happened: nothing can be said of the sensor."""


class Accounts:
    """What conntrack counted at each end, asked for once."""

    def __init__(self):
        self._known = {}

    def of(self, end):
        key = (end.machine, end.netns)
        if key not in self._known:
            self._known[key] = conntrack.entries(*key)
        return self._known[key]


class Talk:
    """One connection of a cell."""
    protocol = ""

    def __init__(self, plan, cell, kind):
        self.cell = cell
        self.kind = kind
        self.client_port = plan.port(CLIENT_PORTS)
        self.peer = None  # the originator's (address, port) as the responder saw it
        self.midstream = False
        self.server_handle, self.client_handle = next(_handles), next(_handles)

    def end(self, accounts):
        """Takes what only can be seen when all is over."""
        self.orig, self.resp = self.count(accounts)

    def tracked(self, accounts):
        """The connection at its originator and at its responder."""
        cell = self.cell
        asked, answered = (self.client_port, cell.dial_port), (self.peer[1], cell.server_port)
        found = []
        for end, ports in ((cell.client, lambda e: (e.original.source_port, e.original.destination_port) == asked),
                           (cell.server, lambda e: (e.reply.destination_port, e.reply.source_port) == answered)):
            entry = [e for e in accounts.of(end) if e.protocol == self.protocol and ports(e)]
            if len(entry) != 1:
                raise Disagreement(f"{end.name} tracks {len(entry)} connections from port {self.client_port}")
            found.append(entry[0])
        return found

    # As "address:port" of the originator and the responder, before and after translation.
    @property
    def before(self):
        return (self.cell.client_address, self.client_port), (self.cell.dial, self.cell.dial_port)

    @property
    def after(self):
        return tuple(self.peer), (self.cell.server_address, self.cell.server_port)


class Tcp(Talk):
    protocol = "tcp"

    def __init__(self, plan, cell, kind, *exchanges):
        """exchanges: (bytes up, bytes down) each."""
        super().__init__(plan, cell, kind)
        self.exchanges = exchanges
        self.server_first = plan.chance()
        self.base = None

    def connect(self, listener):
        cell = self.cell
        accepted = cell.server.agent.begin("accept", listener=listener, handle=self.server_handle)
        cell.client.agent.do("connect", handle=self.client_handle, address=cell.dial, port=cell.dial_port,
                             from_port=self.client_port, **{"from": cell.client_address})
        self.peer = accepted.result(60)["peer"]

    def exchange(self, up, down):
        cell = self.cell
        steps = [step for step in ([-down, up] if self.server_first else [up, -down]) if step]
        answered = cell.server.agent.begin("talk", handle=self.server_handle, steps=[-step for step in steps])
        cell.client.agent.do("talk", handle=self.client_handle, steps=steps)
        answered.result(60)

    def mark(self, accounts):
        """Counts from here on only."""
        self.midstream = True
        self.base = [end.agent.do("quiet", handle=handle) for end, handle in
                     ((self.cell.client, self.client_handle), (self.cell.server, self.server_handle))]
        self.base_tracked = self.tracked(accounts)

    def close(self):
        cell = self.cell
        answered = cell.server.agent.begin("finish", handle=self.server_handle, first=False)
        self.client_counts = cell.client.agent.do("finish", handle=self.client_handle, first=True)
        self.server_counts = answered.result(60)

    def forget(self):
        self.cell.client.agent.do("close", handle=self.client_handle)
        self.cell.server.agent.do("close", handle=self.server_handle)

    def run(self, listener):
        self.connect(listener)
        for up, down in self.exchanges:
            self.exchange(up, down)
        self.close()

    @property
    def unseen_answers(self):
        """The server's socket is made when the SYN has been answered."""
        return 0 if self.base else 1

    def count(self, accounts):
        client, server = self.client_counts, self.server_counts
        if self.base:
            client, server = ({key: now[key] - base[key] for key in now}
                              for now, base in zip((client, server), self.base))
        if client["sent"] != server["received"] or client["received"] != server["sent"]:
            raise Disagreement(f"payload: client {client}, server {server}")
        answers = server["segments_out"] + self.unseen_answers
        # A second SYN is nothing to the server's socket: on a busy machine the first one's answer may be late.
        sent_twice = client["retransmitted"] or server["retransmitted"]
        differ = client["segments_out"] != server["segments_in"] or client["segments_in"] != answers
        if differ and not sent_twice:
            raise Disagreement(f"segments: client {client}, server {server}")
        entries = self.tracked(accounts)
        bases = self.base_tracked if self.base else [None, None]
        sides = []
        for entry, base in zip(entries, bases):
            sides.append([self.wire(getattr(entry, way), getattr(base, way) if base else None, client[segments],
                                    client[payload], client["retransmitted"] if way == "original" else 0)
                          for way, segments, payload in (("original", "segments_out", "sent"),
                                                         ("reply", "segments_in", "received"))])
        if sides[0] != sides[1]:
            raise Disagreement(f"conntrack of the client {entries[0]}, of the server {entries[1]}")
        return sides[0]

    def wire(self, side, base, packets, payload, retransmitted):
        """Conntrack counts super-packets with one set of headers; on the wire each segment has its own. Those of IPv6
        that are longer than 64 KiB, on the loopback, have a jumbo option, too (RFC 2675), which no segment has.
        """
        seen, size = side.packets, side.bytes
        if base:
            seen, size = seen - base.packets, size - base.bytes
        headers = seen * TCP_HEADERS[self.cell.version] + (0 if base else SYN_OPTIONS)
        jumbo = size - payload - headers
        on_loopback = self.cell.is_local and payload > 64 * 1024
        if self.cell.version == 6 and on_loopback and 0 < jumbo <= seen * JUMBO_OPTION and jumbo % JUMBO_OPTION == 0:
            size -= jumbo
        if not base and retransmitted and packets - seen == retransmitted:
            # SYNs that were lost before conntrack had confirmed the connection.
            size += retransmitted * SYN_OPTIONS
        return Count(payload, packets, size + (packets - seen) * TCP_HEADERS[self.cell.version])


class Udp(Talk):
    protocol = "udp"

    def __init__(self, plan, cell, kind, *exchanges):
        super().__init__(plan, cell, kind)
        self.exchanges = exchanges
        self.sent = self.received = self.datagrams = 0
        self.base_tracked = None

    def exchange(self, exchanges):
        cell = self.cell
        answered = cell.server.agent.begin("answer_udp", handle=self.server_handle,
                                           sizes=[down for _, down in exchanges])
        asked = cell.client.agent.do("ask_udp", handle=self.client_handle, address=cell.dial, port=cell.dial_port,
                                     sizes=[up for up, _ in exchanges])
        answer = answered.result(60)
        if asked["sent"] != answer["received"] or asked["received"] != answer["sent"]:
            raise Disagreement(f"payload: client {asked}, server {answer}")
        self.peer = answer["peer"]
        self.sent += asked["sent"]
        self.received += asked["received"]
        self.datagrams += len(exchanges)

    def open(self):
        cell = self.cell
        cell.client.agent.do("open_udp", handle=self.client_handle, address=cell.client_address,
                             port=self.client_port)
        cell.server.agent.do("open_udp", handle=self.server_handle, address=cell.server_address,
                             port=cell.server_port)

    def mark(self, accounts):
        self.midstream = True
        self.base_tracked = self.tracked(accounts)
        self.sent = self.received = self.datagrams = 0

    def forget(self):
        self.cell.client.agent.do("close", handle=self.client_handle)
        self.cell.server.agent.do("close", handle=self.server_handle)

    def run(self):
        self.open()
        self.exchange(self.exchanges)

    def count(self, accounts):
        headers = {4: 28, 6: 48}[self.cell.version]
        counts = [Count(size, self.datagrams, size + self.datagrams * headers) for size in (self.sent, self.received)]
        bases = self.base_tracked or [None, None]
        for entry, base in zip(self.tracked(accounts), bases):
            for count, way in zip(counts, ("original", "reply")):
                side, before = getattr(entry, way), getattr(base, way, None)
                seen = (side.packets - (before.packets if before else 0), side.bytes - (before.bytes if before else 0))
                if seen != (count.packets, count.ip_bytes):
                    raise Disagreement(f"conntrack {way}: {seen}, sockets: {count}")
        return counts
