#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records the handshakes of handshakes.h; see about.md."""
import hashlib
import os
import select
import socket
import ssl
import subprocess
import tempfile
import time

CONFIG = """
[server]
subjectAltName = DNS:*.shop.example, DNS:shop.example, IP:192.0.2.7
basicConstraints = CA:FALSE
[authority]
basicConstraints = critical, CA:TRUE, pathlen:1
[client]
basicConstraints = CA:FALSE
"""


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_certificates():
    with open("extensions", "w") as file:
        file.write(CONFIG)
    for name, subject in (("authority", "/O=Shop/CN=Shop Authority"), ("server", "/O=Shop, Inc./CN=shop.example"),
                          ("client", "/CN=cart")):
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                name + ".key", "-subj", subject, "-out", name + ".csr")
        signer = ["-signkey", "authority.key"] if name == "authority" else ["-CA", "authority.pem", "-CAkey", "authority.key"]
        openssl("x509", "-req", "-in", name + ".csr", *signer, "-set_serial", "0x1234ABCD", "-days", "3650", "-extfile",
                "extensions", "-extensions", name, "-out", name + ".pem")
        openssl("x509", "-in", name + ".pem", "-outform", "DER", "-out", name + ".der")
    with open("chain.pem", "w") as chain:
        for name in ("server", "authority"):
            chain.write(open(name + ".pem").read())


def contexts(version):
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain("chain.pem", "server.key")
    server.load_verify_locations("authority.pem")
    server.verify_mode = ssl.CERT_REQUIRED
    server.set_alpn_protocols(["http/1.1"])
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_cert_chain("client.pem", "client.key")
    client.load_verify_locations("authority.pem")
    client.set_alpn_protocols(["h2", "http/1.1"])
    for context in (server, client):
        context.minimum_version = context.maximum_version = version
    return client, server


def handshake(client_context, server_context, session=None):
    """Both sides in memory; returns the flights and the session."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname="web.shop.example", session=session)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    flights = []

    def tap(side, bio):
        data = bio.read()
        if data:
            flights.append((side, data))
            bio.write(data)

    done = [False, False]
    while not all(done):
        for i, (side, end, bio) in enumerate((("kOrig", client, to_server), ("kResp", server, to_client))):
            if not done[i]:
                try:
                    end.do_handshake()
                    done[i] = True
                except ssl.SSLWantReadError:
                    pass
                tap(side, bio)
    for side, end, bio, peer in (("kOrig", client, to_server, server), ("kResp", server, to_client, client)):
        end.write(b"hello")
        tap(side, bio)
        peer.read()
    return flights, client.session


def dtls():
    """OpenSSL's test client and server, with this program between them."""
    server_port = 40443
    server = subprocess.Popen(["openssl", "s_server", "-dtls1_2", "-listen", "-port", str(server_port), "-cert", "server.pem",
                               "-cert_chain", "authority.pem", "-key", "server.key", "-mtu", "600", "-quiet"],
                              stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    near.bind(("127.0.0.1", 0))
    far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    far.connect(("127.0.0.1", server_port))
    client = subprocess.Popen(["openssl", "s_client", "-dtls1_2", "-connect", "127.0.0.1:%d" % near.getsockname()[1],
                               "-servername", "web.shop.example", "-mtu", "600", "-quiet"],
                              stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    flights, address, until = [], None, time.time() + 2
    while time.time() < until:
        for ready in select.select([near, far], [], [], 0.1)[0]:
            data, sender = ready.recvfrom(65536)
            if ready is near:
                address = sender
                far.send(data)
            else:
                near.sendto(data, address)
            flights.append(("kOrig" if ready is near else "kResp", data))
    client.kill()
    server.kill()
    return flights


def write(file, name, flights):
    file.write("inline const std::vector<Flight> %s = {\n" % name)
    for side, data in flights:
        file.write("    {model::Direction::%s,\n" % side)
        text = data.hex()
        for i in range(0, len(text), 112):
            file.write('     "%s"\n' % text[i:i + 112])
        file.write("    },\n")
    file.write("};\n\n")


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        make_certificates()
        client, server = contexts(ssl.TLSVersion.TLSv1_2)
        tls12, session = handshake(client, server)
        resumed, _ = handshake(client, server, session)
        tls13, _ = handshake(*contexts(ssl.TLSVersion.TLSv1_3))
        with open(os.path.join(here, "handshakes.h"), "w") as file:
            file.write("// SPDX-License-Identifier: Apache-2.0\n// Written by record.py.\n// clang-format off\n#pragma once\n\n"
                       "#include <string_view>\n#include <vector>\n\n#include \"model/flow.h\"\n\n"
                       "namespace quaywatch::analyze::ssl::testdata {\n\n"
                       "struct Flight {\n  model::Direction from;\n  std::string_view hex;\n};\n\n")
            for name in ("server", "authority", "client"):
                digest = hashlib.sha256(open(name + ".der", "rb").read()).hexdigest()
                file.write('inline constexpr std::string_view k%sPrint =\n    "%s";\n' % (name.capitalize(), digest))
            file.write("\n")
            write(file, "kTls12", tls12)
            write(file, "kTls12Resumed", resumed)
            write(file, "kTls13", tls13)
            write(file, "kDtls12", dtls())
            file.write("}  // namespace quaywatch::analyze::ssl::testdata\n")
        os.chdir(here)


if __name__ == "__main__":
    main()
