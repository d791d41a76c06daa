# SPDX-License-Identifier: Apache-2.0
"""The process of a pod, a node or an outside host: opens connections and answers them as it is told, and says what its
sockets sent and received. Reads one JSON object per line, answers each with one when it is done; several run at once.
"""
import json
import socket
import struct
import sys
import threading
import time
import traceback

CHUNK = 256 * 1024
PATIENCE = 60  # seconds: for whatever a peer does
TCP_CLOSED = 7

handles = {}


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def bound(kind, address, port):
    one = socket.socket(family_of(address), kind)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.settimeout(PATIENCE)
    one.bind((address, port))
    return one


def tcp_info(connection):
    """The fields of struct tcp_info (linux/tcp.h) that count."""
    raw = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    acked, received, segments_out, segments_in = struct.unpack_from("=QQII", raw, 120)
    return {"state": raw[0], "bytes_acked": acked, "bytes_received": received, "segments_out": segments_out,
            "segments_in": segments_in, "retransmitted": struct.unpack_from("=I", raw, 100)[0]}


class Connection:
    def __init__(self, one):
        self.socket = one
        self.sent = self.received = 0

    def send(self, count):
        data = bytes(min(count, CHUNK))
        while count > 0:
            done = self.socket.send(data[:count])
            count -= done
            self.sent += done

    def receive(self, count):
        while count > 0:
            data = self.socket.recv(min(count, CHUNK))
            if not data:
                raise EOFError(f"the peer closed with {count} bytes to come")
            count -= len(data)
            self.received += len(data)

    def drain(self):
        while data := self.socket.recv(CHUNK):
            self.received += len(data)

    def counts(self):
        return {"sent": self.sent, "received": self.received, **tcp_info(self.socket)}


def listen(request):
    one = bound(socket.SOCK_STREAM, request["address"], request["port"])
    one.listen(128)
    handles[request["handle"]] = one
    return {}


def accept(request):
    one, peer = handles[request["listener"]].accept()
    one.settimeout(PATIENCE)
    handles[request["handle"]] = Connection(one)
    return {"peer": peer[:2]}


def connect(request):
    one = bound(socket.SOCK_STREAM, request["from"], request["from_port"])
    one.connect((request["address"], request["port"]))
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    handles[request["handle"]] = Connection(one)
    return {}


def talk(request):
    """Sends and receives in the order asked for: positive numbers are bytes to send, negative ones to receive."""
    connection = handles[request["handle"]]
    for step in request["steps"]:
        if step > 0:
            connection.send(step)
        else:
            connection.receive(-step)
    return connection.counts()


def quiet(request):
    """Waits until all that was sent is acknowledged and nothing moves; the counts then."""
    connection = handles[request["handle"]]
    before = None
    for _ in range(PATIENCE * 20):
        now = connection.counts()
        if now == before:
            return now
        before = now
        time.sleep(0.05)
    raise TimeoutError("it never became quiet")


def finish(request):
    """Ends the connection, after or before the peer, and waits until both ends agree."""
    connection = handles[request["handle"]]
    if request["first"]:
        connection.socket.shutdown(socket.SHUT_WR)
        connection.drain()
    else:
        connection.drain()
        connection.socket.shutdown(socket.SHUT_WR)
    for _ in range(PATIENCE * 100):
        counts = connection.counts()
        if counts["state"] == TCP_CLOSED:
            return counts
        time.sleep(0.01)
    raise TimeoutError(f"it never closed, TCP state {counts['state']}")


def open_udp(request):
    handles[request["handle"]] = bound(socket.SOCK_DGRAM, request["address"], request["port"])
    return {}


def ask_udp(request):
    """A datagram of each size, each answered before the next."""
    one = handles[request["handle"]]
    sent = received = 0
    for size in request["sizes"]:
        one.sendto(bytes(size), (request["address"], request["port"]))
        sent += size
        received += len(one.recv(65536))
    return {"sent": sent, "received": received}


def answer_udp(request):
    """Answers as many datagrams as it is given sizes, with that size each."""
    one = handles[request["handle"]]
    sent = received = 0
    peer = None
    for size in request["sizes"]:
        data, peer = one.recvfrom(65536)
        received += len(data)
        one.sendto(bytes(size), peer)
        sent += size
    return {"sent": sent, "received": received, "peer": peer[:2]}


def abort(request):
    """Resets the connection."""
    one = handles.pop(request["handle"]).socket
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    one.close()
    return {}


def ping(request):
    """ICMP echoes, each answered before the next."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as one:
        one.settimeout(PATIENCE)
        for number in range(request["count"]):
            packet = struct.pack("!BBHHH", 8, 0, 0, 4711, number) + bytes(56)
            total = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
            total = (total >> 16) + (total & 0xffff)
            checksum = ~(total + (total >> 16)) & 0xffff
            one.sendto(packet[:2] + struct.pack("!H", checksum) + packet[4:], (request["address"], 0))
            while one.recv(2048)[20] != 0:  # not an answer: ours, on the loopback
                pass
    return {}


def close(request):
    one = handles.pop(request["handle"])
    (one.socket if isinstance(one, Connection) else one).close()
    return {}


OPERATIONS = {f.__name__: f for f in
              (listen, accept, connect, talk, quiet, finish, open_udp, ask_udp, answer_udp, abort, ping, close)}


def main():
    lock = threading.Lock()

    def serve(request):
        try:
            answer = OPERATIONS[request["do"]](request)
        except Exception as error:  # pylint: disable=broad-except  # told to the test, which fails
            answer = {"error": f"{request}: {error!r}", "trace": traceback.format_exc()}
        with lock:
            print(json.dumps({"id": request["id"], **answer}), flush=True)

    print("{}", flush=True)
    for line in sys.stdin:
        threading.Thread(target=serve, args=(json.loads(line),), daemon=True).start()


if __name__ == "__main__":
    main()
