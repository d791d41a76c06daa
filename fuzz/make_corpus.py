#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds in fuzz/corpus/: small conversations of each protocol, and captures made of them.

The TLS handshakes are Python's own, with a certificate openssl makes; everything else is spelt out here.
Seeds of analyzers are framed as analyzer_fuzz.cc says.
"""
import json
import pathlib
import ssl
import struct
import subprocess
import tempfile

CORPUS = pathlib.Path(__file__).parent / "corpus"


def write(target, name, data):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def conversation(pieces, stream=True):
    """Pieces are (from_responder, bytes); bytes None: that side ends; a number: so many bytes are missing."""
    out = b"t" if stream else b"u"
    for responder, data in pieces:
        if data is None:
            out += bytes([responder | 3 << 1])
        elif isinstance(data, int):
            out += bytes([responder | 2 << 1]) + struct.pack("<H", data)
        else:
            for at in range(0, len(data), 60000):
                part = data[at:at + 60000]
                out += bytes([responder | 1 << 3]) + struct.pack("<H", len(part)) + part
    return out


def dialogue(*lines):
    """Strings that begin with '> ' come from the originator, '< ' from the responder; a gap is a number."""
    pieces = [(line[0] == "<", line[2:].encode("latin-1")) for line in lines]
    return conversation(pieces + [(False, None), (True, None)])


# ---- protocols -----------------------------------------------------------------------------------

def dns_name(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0"


def dns_message(answer):
    question = dns_name("www.example.org") + struct.pack("!HH", 1, 1)
    if not answer:
        return struct.pack("!6H", 0x1234, 0x0100, 1, 0, 0, 1) + question + b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)
    records = b""
    for kind, data in ((5, dns_name("web.example.org")), (1, bytes([192, 0, 2, 1])), (28, bytes(15) + b"\1"),
                       (15, b"\0\x0a" + dns_name("mail.example.org")), (16, b"\x05hello\x05world"),
                       (6, dns_name("ns.example.org") + dns_name("root.example.org") + struct.pack("!5I", 1, 2, 3, 4, 5)),
                       (33, struct.pack("!3H", 0, 5, 5060) + dns_name("sip.example.org")), (43, b"\0\1\x08\2" + bytes(32))):
        records += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 300, len(data)) + data
    return struct.pack("!6H", 0x1234, 0x8580, 1, 8, 0, 0) + question + records


def dns():
    query, answer = dns_message(False), dns_message(True)
    write("dns_fuzz", "udp", conversation([(False, query), (True, answer)], stream=False))
    framed = [struct.pack("!H", len(m)) + m for m in (query, answer)]
    write("dns_fuzz", "tcp", conversation([(False, framed[0]), (True, framed[1])]))


def dhcp():
    def message(op, kind, *options):
        fixed = struct.pack("!4BIHH4s4s4s4s16s64s128s", op, 1, 6, 0, 0xABCD, 1, 0, bytes(4), bytes([10, 0, 0, 5]),
                            bytes([10, 0, 0, 1]), bytes(4), bytes.fromhex("020000000001") + bytes(10), bytes(64), bytes(128))
        tlv = b"".join(bytes([code, len(value)]) + value for code, value in ((53, bytes([kind])),) + options)
        return fixed + bytes.fromhex("63825363") + tlv + b"\xff"
    write("dhcp_fuzz", "lease", conversation([
        (False, message(1, 1, (12, b"pod-1"), (61, b"\1" + bytes(6)), (55, bytes([1, 3, 6, 15])))),
        (True, message(2, 2, (54, bytes([10, 0, 0, 1])), (51, struct.pack("!I", 3600)), (15, b"example.org"))),
        (False, message(1, 3, (50, bytes([10, 0, 0, 5])), (54, bytes([10, 0, 0, 1])))),
        (True, message(2, 5, (51, struct.pack("!I", 3600)), (3, bytes([10, 0, 0, 1])), (6, bytes([10, 0, 0, 2]))))],
        stream=False))


HTTP = ("> GET /index.html?q=1 HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: curl/8\r\nReferer: http://a/\r\n\r\n",
        "< HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<html\r\n1\r\n>\r\n0\r\n\r\n")


def http():
    write("http_fuzz", "chunked", dialogue(*HTTP))
    write("http_fuzz", "upload", dialogue(
        "> POST /form HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 94\r\n\r\n"
        "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\r\nsome text in a file\r\n--b--\r\n",
        "< HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone"))
    write("http_fuzz", "pipelined", dialogue(
        "> GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: h\r\nRange: bytes=0-3\r\n\r\n",
        "< HTTP/1.0 206 Partial\r\nContent-Range: bytes 0-3/9\r\nContent-Length: 4\r\n\r\nabcdHTTP/1.1 304 Same\r\n\r\n"))
    write("http_fuzz", "connect", dialogue("> CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", "< HTTP/1.1 200 OK\r\n\r\n",
                                           "> \x16\x03\x01"))


    # A part that claims more than the message has, and begins like the boundary.
    part = "--b\r\nContent-Length: 94\r\n\r\n--b\r\nsome text in a part that ends with its message\r\n--b--\r\n"
    write("http_fuzz", "part-with-length", dialogue(
        f"> POST /form HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(part) - 20}\r\n\r\n{part}",
        "< HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))


def imap():
    write("imap_fuzz", "starttls", dialogue("< * OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n", "> a1 STARTTLS\r\n",
                                            "< a1 OK go\r\n", "> \x16\x03\x01"))
    write("imap_fuzz", "login", dialogue("< * OK ready\r\n", "> a LOGIN u p\r\n", "< a OK in\r\n", "> b LOGOUT\r\n",
                                         "< * BYE\r\nb OK\r\n"))


def irc():
    write("irc_fuzz", "starttls", dialogue("> STARTTLS\r\n", "< :irc.example.org 670 * :go ahead\r\n", "> \x16\x03\x01"))
    write("irc_fuzz", "chat", dialogue("> NICK me\r\nUSER me 0 * :Me\r\n", "< :irc.example.org 001 me :Welcome\r\n",
                                       "> JOIN #a\r\nPRIVMSG #a :hi\r\n", "< :you!u@h PRIVMSG #a :hello\r\n", "> QUIT\r\n"))


def pop3():
    write("pop3_fuzz", "mail", dialogue(
        "< +OK ready\r\n", "> USER me\r\n", "< +OK\r\n", "> PASS secret\r\n", "< +OK in\r\n", "> LIST\r\nRETR 1\r\n",
        "< +OK\r\n1 99\r\n.\r\n+OK\r\nSubject: hi\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhello\r\n--x--\r\n.\r\n",
        "> QUIT\r\n", "< +OK bye\r\n"))
    write("pop3_fuzz", "starttls", dialogue("< +OK\r\n", "> STLS\r\n", "< +OK go\r\n", "> \x16\x03\x01"))
    write("pop3_fuzz", "auth", dialogue("< +OK\r\n", "> AUTH PLAIN\r\n", "< + \r\n", "> AG1lAHNlY3JldA==\r\n", "< -ERR no\r\n"))


def ldap():
    bind = bytes.fromhex("300c020101600702010304008000")
    bound = bytes.fromhex("300c02010161070a010004000400")
    ask = bytes.fromhex("301d02010277188016") + b"1.3.6.1.4.1.1466.20037"
    write("ldap_fuzz", "starttls", conversation([
        (False, bind), (True, bound), (False, ask), (True, bytes.fromhex("300c02010278070a010004000400")),
        (False, b"\x16\3\1")]))
    write("ldap_fuzz", "sasl", conversation([
        (False, bytes.fromhex("301402010160 0f0201030400a30804064753534150 49")), (True, bound), (False, bytes(3) + b"\x20\5\4")]))


def mysql():
    greeting = b"\x0a8.0.36\0" + bytes(60)
    for name, capabilities in (("tls", 0x0003AE05), ("plain", 0x0003A605)):
        write("mysql_fuzz", name, conversation([
            (True, struct.pack("<I", len(greeting)) + greeting),
            (False, struct.pack("<II", 32 | 1 << 24, capabilities) + bytes(28)), (False, b"\x16\3\1")]))


def postgresql():
    startup = struct.pack("!II", 18, 3 << 16) + b"user\0me\0\0"
    for name, answer, then in (("tls", b"S", b"\x16\3\1"), ("plain", b"N", startup)):
        write("postgresql_fuzz", name, conversation([
            (False, struct.pack("!II", 8, 80877103)), (True, answer), (False, then), (True, b"R\0\0\0\x08\0\0\0\0")]))


def xmpp():
    write("xmpp_fuzz", "starttls", dialogue(
        "> <?xml version='1.0'?><stream:stream to='example.org' xmlns='jabber:client' "
        "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>",
        "< <?xml version='1.0'?><stream:stream id='1' xmlns:stream='http://etherx.jabber.org/streams'>"
        "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
        "> <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "< <proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        "> \x16\x03\x01"))


def files():
    for name, data in (("png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), ("gzip", b"\x1f\x8b\x08\0"), ("html", b"<!DOCTYPE html><html>"),
                       ("script", b"#!/bin/sh\necho\n"), ("pdf", b"%PDF-1.7\n"), ("zip", b"PK\3\4\x14\0\0\0"),
                       ("text", b"some words\n"), ("elf", b"\x7fELF\2\1\1" + bytes(9) + b"\2\0\x3e\0")):
        write("analyze_files_mime_fuzz", name, data)
        write("ftp_data_fuzz", name, conversation([(True, data), (True, None)]))


def docker():
    one, network = "a" * 64, "c" * 64
    labels = {"app": "shop", "com.docker.compose.project": "shop", "com.docker.compose.service": "web"}
    attached = {"bridge": {"NetworkID": network, "IPAddress": "172.17.0.2", "GlobalIPv6Address": "fd00:1::2"}}

    def event(kind, action, actor, nanos, **attributes):
        return {"status": action, "Type": kind, "Action": action, "Actor": {"ID": actor, "Attributes": attributes},
                "scope": "local", "time": nanos // 10**9, "timeNano": nanos}

    own = {"image": "shop:1", "name": "web", **labels}
    events = [event("container", "create", one, 10**18, **own),
              event("network", "connect", network, 10**18 + 1, container=one, name="bridge", type="bridge"),
              event("container", "start", one, 10**18 + 2, **own), event("container", "die", one, 10**18 + 3, **own),
              event("container", "destroy", one, 10**18 + 4, **own)]
    seeds = {
        "version": {"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12"},
        "list": [{"Id": one, "Names": ["/web"], "Image": "shop:1", "Created": 10**9, "Labels": labels, "State": "running",
                  "HostConfig": {"NetworkMode": "default"}, "NetworkSettings": {"Networks": attached}}, {}],
        "container": {"Id": one, "Name": "/web", "State": {"Running": True, "Pid": 7, "StartedAt": "2026-11-22T22:54:33.25Z",
                                                           "FinishedAt": "0001-01-01T00:00:00Z"},
                      "HostConfig": {"NetworkMode": "container:" + network},
                      "Config": {"Image": "shop:1", "Labels": labels, "ExposedPorts": {"80/tcp": {}}},
                      "NetworkSettings": {"SandboxKey": "/run/docker/netns/1", "Networks": attached}},
        "network": {"Id": network, "Containers": {one: {"IPv4Address": "172.17.0.2/16", "IPv6Address": "fd00:1::2/64"}}},
    }
    for name, value in seeds.items():
        write("enrich_docker_parse_fuzz", name, json.dumps(value).encode())
    write("enrich_docker_parse_fuzz", "events", b"".join(json.dumps(e).encode() + b"\n" for e in events))


def containerd():
    def message(*fields):
        """Protobuf: pairs of a field's number and its value, a number (below 128), text or a message."""
        out = b""
        for number, value in fields:
            if isinstance(value, int):
                out += bytes([number << 3, value])
            else:
                value = value.encode() if isinstance(value, str) else value
                size = bytes([len(value)]) if len(value) < 128 else bytes([len(value) & 127 | 128, len(value) >> 7])
                out += bytes([number << 3 | 2]) + size + value
        return out

    def labels(number, **values):
        return [(number, message((1, key.replace("_", ".")), (2, value))) for key, value in values.items()]

    sandbox, pod = "a" * 64, message((1, "web-5d4f9-x2x9z"), (2, "0a1b2c3d-0000-4000-8000-000000000001"), (3, "shop"))
    info = json.dumps({"pid": 7, "runtimeSpec": {"linux": {"namespaces": [{"type": "network", "path": "/run/netns/1"}]}}})
    ports = json.dumps([{"name": "http", "containerPort": 80, "protocol": "TCP"}])
    when = message((1, 9), (2, 5))
    container = message((1, sandbox), *labels(2, app="web", io_kubernetes_pod_name="web"), (3, "nginx:1"), (8, when))
    seeds = {
        "event_start": b"e" + message((1, when), (2, "k8s.io"), (3, "/tasks/start"),
                                      (4, message((2, message((1, sandbox), (2, 7)))))),
        "event_exit": b"e" + message((1, when), (2, "k8s.io"), (3, "/tasks/exit"),
                                     (4, message((2, message((1, sandbox), (2, sandbox), (3, 7), (5, when)))))),
        "groups": b"g" + message((1, message((1, "k8s.io")))),
        "container": b"c" + message((1, container)),
        "containers": b"C" + message((1, container), (1, container)),
        "tasks": b"t" + message((1, message((2, sandbox), (3, 7), (4, 2)))),
        "sandboxes": b"S" + message((1, message((1, sandbox), (2, pod), (4, 9), *labels(5, app="web")))),
        "sandbox": b"s" + message((1, message((1, sandbox), (2, pod), (4, 9), (5, message((1, "10.4.0.5"))),
                                              *labels(7, app="web", pod_template="1"))), *labels(2, info=info)),
        "pod_containers": b"p" + message((1, message((1, "b" * 64), (2, sandbox), (3, message((1, "server"))),
                                                     (4, message((1, "nginx:1"))), (6, 1),
                                                     *labels(9, io_kubernetes_container_ports=ports)))),
        "pod_event": b"w" + message((1, sandbox), (2, 1), (3, 9), (4, message((1, sandbox)))),
    }
    for name, value in seeds.items():
        write("enrich_containerd_messages_fuzz", name, value)


def smtp():
    write("smtp_fuzz", "mail", dialogue(
        "< 220 mail.example.org ESMTP\r\n", "> EHLO client\r\n", "< 250-mail\r\n250 PIPELINING\r\n",
        "> MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n", "< 250 ok\r\n250 ok\r\n354 go\r\n",
        "> From: a@example.org\r\nTo: b@example.org\r\nSubject: =?utf-8?q?hi?=\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x\r\n"
        "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
        "Content-Disposition: attachment; filename=a.bin\r\n\r\nQUJDREVG\r\n--x--\r\n.\r\n", "< 250 queued\r\n",
        "> QUIT\r\n", "< 221 bye\r\n"))
    write("smtp_fuzz", "starttls", dialogue("< 220 m\r\n", "> EHLO c\r\n", "< 250 STARTTLS\r\n", "> STARTTLS\r\n",
                                            "< 220 go\r\n", "> \x16\x03\x01"))


def ftp():
    write("ftp_fuzz", "session", dialogue(
        "< 220 ready\r\n", "> USER anonymous\r\n", "< 331 password\r\n", "> PASS me\r\n", "< 230 in\r\n", "> PASV\r\n",
        "< 227 Entering Passive Mode (10,0,0,2,200,10)\r\n", "> RETR /a/b.txt\r\n", "< 150 opening\r\n226 done\r\n",
        "> EPSV\r\n", "< 229 Extended (|||51000|)\r\n", "> PORT 10,0,0,1,4,5\r\n", "< 200 ok\r\n", "> STOR c\r\n",
        "< 550 no\r\n", "> QUIT\r\n", "< 221 bye\r\n"))


def ntp():
    stamp = struct.pack("!II", 3882518558, 0x80000000)
    ask = bytes([0x23]) + bytes(39) + stamp
    answer = bytes([0x24, 2, 6, 0xE8]) + struct.pack("!II4s", 1439, 1868, bytes([192, 0, 2, 1])) + stamp * 4
    write("ntp_fuzz", "sync", conversation([(False, ask), (True, answer)], stream=False))
    extension = struct.pack("!BBHHIII", 2, 1, 32, 1, 1, 2, 4) + b"valu" + bytes(10)
    write("ntp_fuzz", "autokey", conversation([(False, ask + extension + bytes(20))], stream=False))
    write("ntp_fuzz", "monlist", conversation([(False, bytes([0x17, 0, 3, 42]) + bytes(4)),
                                               (False, bytes([0x16, 2]) + bytes(10))], stream=False))


def syslog():
    write("syslog_fuzz", "messages", conversation(
        [(False, b"<34>Oct 11 22:14:15 host su: failed"), (False, b"<165>1 2003-10-11T22:14:15.003Z h app - - - x"),
         (False, b"no priority"), (False, b"<x>")], stream=False))


def socks():
    request = b"\5\1\0\3\x0bexample.org\0\x50"
    reply = b"\5\0\0\1\x0a\0\0\x09\x80\1"
    write("socks_fuzz", "plain", conversation([
        (False, b"\5\1\0"), (True, b"\5\0"), (False, request), (True, reply), (False, b"GET / HTTP/1.1\r\n\r\n")]))
    write("socks_fuzz", "login", conversation([
        (False, b"\5\2\0\2"), (True, b"\5\2"), (False, b"\1\3bob\6secret"), (True, b"\1\0"), (False, request), (True, reply)]))
    write("socks_fuzz", "four_a", conversation([
        (False, b"\4\1\0\x50\0\0\0\1me\0example.org\0"), (True, b"\0\x5a" + bytes(6))]))


def ssh():
    def string(data):
        return struct.pack("!I", len(data)) + data

    def message(kind, payload):
        return string(bytes([4, kind]) + payload + bytes(4))
    lists = message(20, bytes(16) + b"".join(string(x) for x in (
        b"curve25519-sha256,diffie-hellman-group14-sha256", b"ssh-ed25519,rsa-sha2-512", b"aes256-ctr", b"aes256-ctr",
        b"hmac-sha2-256", b"hmac-sha2-256", b"none", b"none", b"", b"")) + bytes(5))
    write("ssh_fuzz", "login", conversation([
        (False, b"SSH-2.0-client\r\n"), (True, b"SSH-2.0-server\r\n" + lists), (False, lists + message(30, string(bytes(32)))),
        (True, message(31, string(b"key") + string(bytes(32)) + string(b"signature")) + message(21, b"")),
        (False, message(21, b"") + bytes(44)), (True, bytes(44)), (False, bytes(60)), (True, bytes(52)), (True, bytes(28))]))
    write("ssh_fuzz", "version1", conversation([
        (True, b"SSH-1.5-old\n"), (False, b"SSH-1.5-old\n"),
        (True, struct.pack("!I", 20) + bytes(4) + b"\2" + bytes(19)), (False, struct.pack("!I", 20) + bytes(4) + b"\3" + bytes(19))]))


def tls():
    with tempfile.TemporaryDirectory() as scratch:
        key, cert = f"{scratch}/key.pem", f"{scratch}/cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", key, "-out", cert, "-days", "3650", "-subj", "/CN=www.example.org",
                        "-addext", "subjectAltName=DNS:www.example.org,IP:192.0.2.1"], check=True, capture_output=True)
        for name, version in (("tls12", ssl.TLSVersion.TLSv1_2), ("tls13", ssl.TLSVersion.TLSv1_3)):
            server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.load_cert_chain(cert, key)
            server.set_alpn_protocols(["h2"])
            client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            client.check_hostname = False
            client.verify_mode = ssl.CERT_NONE
            client.minimum_version = client.maximum_version = version
            client.set_alpn_protocols(["h2", "http/1.1"])
            write("ssl_fuzz", name, conversation(handshake(client, server)))


def handshake(client_context, server_context):
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    pieces, done = [], [False, False]
    from_client, from_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (client_context.wrap_bio(to_client, from_client, server_hostname="www.example.org"),
            server_context.wrap_bio(to_server, from_server, server_side=True))
    for _ in range(6):
        for side, (end, out, onward) in enumerate(((ends[0], from_client, to_server), (ends[1], from_server, to_client))):
            try:
                if not done[side]:
                    end.do_handshake()
                    done[side] = True
                elif side == 0 and done[1]:
                    end.write(b"hello")
            except ssl.SSLWantReadError:
                pass
            data = out.read()
            if data:
                pieces.append((bool(side), data))
                onward.write(data)
    return pieces


# ---- captures --------------------------------------------------------------------------------------

def ethernet(payload, proto, ports, responder, vlan=False):
    hosts = [bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])]
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, proto, 0, hosts[responder],
                         hosts[not responder])
    return bytes(12) + (b"\x81\0\0\5" if vlan else b"") + b"\x08\0" + header + payload


def udp(data, ports, responder=False):
    source, target = ports[::-1] if responder else ports
    return ethernet(struct.pack("!4H", source, target, 8 + len(data), 0) + data, 17, ports, responder)


def tcp(pieces, ports):
    frames, sequence = [], [1000, 5000]

    def segment(responder, flags, data=b""):
        source, target = ports[::-1] if responder else ports
        frames.append(ethernet(struct.pack("!HHIIBBHHH", source, target, sequence[responder], sequence[not responder], 0x50,
                                           flags, 8192, 0, 0) + data, 6, ports, responder))
        sequence[responder] += len(data) + (flags & 3 != 0)
    segment(False, 2)
    segment(True, 0x12)
    segment(False, 0x10)
    for responder, data in pieces:
        segment(responder, 0x18, data)
    segment(False, 0x11)
    segment(True, 0x11)
    segment(False, 0x10)
    return frames


def captures():
    web = [(line[0] == "<", line[2:].encode()) for line in HTTP]
    inner = udp(dns_message(False), (5353, 53))
    frames = tcp(web, (40000, 80)) + [
        udp(dns_message(False), (40001, 53)), udp(dns_message(True), (40001, 53), True),
        udp(b"\x08\0\0\0\0\0\x01\0" + inner, (40002, 4789)), udp(b"\0\0\x65\x58\0\0\x01\0" + inner, (40003, 6081)),
        ethernet(b"\0\0\x65\x58" + inner, 47, None, False), ethernet(b"\x08\0\xf7\xff\0\1\0\1ping", 1, None, False),
        ethernet(inner[14:], 4, None, False, vlan=True)]
    fragment = udp(bytes(64), (40004, 9))
    for offset, more in ((0, 1), (4, 0)):
        part = fragment[34 + offset * 8:34 + offset * 8 + 32] if more else fragment[34 + offset * 8:]
        head = bytearray(fragment[:34])
        struct.pack_into("!H", head, 16, 20 + len(part))
        struct.pack_into("!H", head, 20, more << 13 | offset)
        frames.append(bytes(head) + part)
    pcap = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    ng = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28) + struct.pack("<IIHHII", 1, 20, 1, 0, 65535, 20)
    for number, frame in enumerate(frames):
        pcap += struct.pack("<4I", 1700000000, number * 1000, len(frame), len(frame)) + frame
        padded = frame + bytes(-len(frame) % 4)
        size = 32 + len(padded)
        stamp = 1700000000 * 10**6 + number * 1000
        ng += struct.pack("<7I", 6, size, 0, stamp >> 32, stamp & 0xFFFFFFFF, len(frame), len(frame)) + padded
        ng += struct.pack("<I", size)
    write("decode_decoder_fuzz", "ethernet", b"\0" + b"".join(struct.pack("!H", len(frame)) + frame for frame in frames))
    for target in ("pipeline_fuzz", "capture_file_fuzz"):
        write(target, "pcap", pcap)
        write(target, "pcapng", ng)


if __name__ == "__main__":
    for make in (dns, dhcp, http, imap, irc, ldap, mysql, pop3, postgresql, xmpp, docker, containerd, files, smtp, ftp, ntp,
                 syslog, socks, ssh, tls, captures):
        make()
