# SPDX-License-Identifier: Apache-2.0
"""Packets and capture files for tests."""
import struct

HOST_A, HOST_B = b'\x0a\x00\x00\x01', b'\x0a\x00\x00\x02'
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def capture(packets=(), link=1, interval=1.0):
    """A pcap file: `interval` seconds between packets."""
    out = [struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, link)]
    for i, packet in enumerate(packets):
        micros = round(i * interval * 1e6)
        out.append(struct.pack('<IIII', 1700000000 + micros // 10**6, micros % 10**6, len(packet), len(packet)) + packet)
    return b''.join(out)


def checksum(data):
    total = sum(struct.unpack(f'>{(len(data) + 1) // 2}H', data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def ethernet(payload, kind=0x0800):
    return b'\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01' + struct.pack('>H', kind) + payload


def ipv4(proto, body, src=HOST_A, dst=HOST_B, ident=1, fragment=0, bad=False):
    """`fragment`: flags and offset as in the header."""
    head = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(body), ident, fragment, 64, proto, 0) + src + dst
    return ethernet(head[:10] + struct.pack('>H', checksum(head) ^ bad) + head[12:] + body)


def udp_body(sport, dport, payload):
    return struct.pack('>HHHH', sport, dport, 8 + len(payload), 0) + payload


def udp(sport, dport, payload, src=HOST_A, dst=HOST_B, bad=False):
    return ipv4(17, udp_body(sport, dport, payload), src, dst, bad=bad)


def tcp(sport, dport, flags, seq, ack=0, payload=b'', src=HOST_A, dst=HOST_B, bad=False):
    def body(total):
        return struct.pack('>HHIIBBHHH', sport, dport, seq, ack, 0x50, flags, 60000, total, 0) + payload
    pseudo = src + dst + struct.pack('>HH', 6, 20 + len(payload))
    return ipv4(6, body(checksum(pseudo + body(0)) ^ bad), src, dst)


def conversation(sport, dport, turns, src=HOST_A, dst=HOST_B):
    """The packets of a TCP connection; `turns`: ('>' or '<', bytes) one after the other."""
    seq = {'>': 1000, '<': 5000}
    ends = {'>': (sport, dport, src, dst), '<': (dport, sport, dst, src)}

    def say(side, flags, payload=b''):
        a, b, host, peer = ends[side]
        other = '<' if side == '>' else '>'
        packet = tcp(a, b, flags, seq[side], seq[other] if flags & ACK else 0, payload, host, peer)
        seq[side] += len(payload) + (1 if flags & (SYN | FIN) else 0)
        return packet
    packets = [say('>', SYN), say('<', SYN | ACK), say('>', ACK)]
    for side, payload in turns:
        for at in range(0, len(payload), 1000):
            packets.append(say(side, PSH | ACK, payload[at:at + 1000]))
        packets.append(say('<' if side == '>' else '>', ACK))
    return packets + [say('>', FIN | ACK), say('<', FIN | ACK), say('>', ACK)]
