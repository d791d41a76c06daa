# SPDX-License-Identifier: Apache-2.0
"""A fake of the Kubernetes API server, for faults that the real one can't be made to have.

Holds pods only; every other list is empty and its watch silent. A test changes the pods with put() and delete(), and
breaks what is next with the fields of Faults.
"""
import contextlib
import http.server
import json
import socket
import threading
import time
import urllib.parse


class Faults:
    def __init__(self):
        self.statuses = []        # answer the next requests for pods with these: (status, headers)
        self.expired = False      # answer watches of pods with 410
        self.page = None          # bytes: in place of the next list of pods
        self.slow = 0             # seconds between two bytes of an event
        self.with_bookmarks = False


class FakeApiServer:
    def __init__(self, port=0):
        self.faults = Faults()
        self.pods = {}
        self.version = 100
        self.events = []          # (version, line)
        self.requests = []        # targets, in order
        self.changed = threading.Condition()
        self.watches = set()      # open connections of watches of pods
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                fake.answer(self)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):  # clients and this fake break off as they please
                pass

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self.reset_watches()

    def kubeconfig(self, path):
        path.write_text(json.dumps({
            "current-context": "fake", "contexts": [{"name": "fake", "context": {"cluster": "fake"}}],
            "clusters": [{"name": "fake", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}]}), encoding="utf-8")
        return path

    # ---- what a test does ---------------------------------------------------------------------------

    def put(self, name, address):
        self._change("MODIFIED" if name in self.pods else "ADDED", name, address)

    def delete(self, name):
        self._change("DELETED", name, self.pods[name]["status"]["podIPs"][0]["ip"])

    def send(self, line):
        """Any bytes as a line of the watches of pods."""
        with self.changed:
            self.version += 1
            self.events.append((self.version, line))
            self.changed.notify_all()

    def reset_watches(self):
        with self.changed:
            for connection in self.watches:
                with contextlib.suppress(OSError):  # the client was faster
                    connection.shutdown(socket.SHUT_RDWR)

    def lists(self):
        return [target for target in self.requests if target.startswith("/api/v1/pods?limit")]

    def watched_from(self):
        """The versions that watches of pods began at."""
        queries = [urllib.parse.parse_qs(target.partition("?")[2]) for target in self.requests
                   if target.startswith("/api/v1/pods?watch")]
        return [query["resourceVersion"][0] for query in queries]

    def _change(self, change, name, address):
        with self.changed:
            self.version += 1
            pod = {"metadata": {"name": name, "namespace": "test", "uid": "uid-" + name,
                                "resourceVersion": str(self.version), "creationTimestamp": "2024-05-01T10:00:00Z"},
                   "spec": {"nodeName": "n1", "containers": [{"name": "main", "image": "image"}]},
                   "status": {"phase": "Running", "podIPs": [{"ip": address}]}}
            self.pods[name] = pod
            if change == "DELETED":
                del self.pods[name]
            self.events.append((self.version, json.dumps({"type": change, "object": pod}).encode() + b"\n"))
            self.changed.notify_all()

    # ---- what it answers ----------------------------------------------------------------------------

    def answer(self, request):
        self.requests.append(request.path)
        path, _, query = request.path.partition("?")
        query = urllib.parse.parse_qs(query)
        of_pods = path == "/api/v1/pods"
        if of_pods and self.faults.statuses:
            status, headers = self.faults.statuses.pop(0)
            self._send(request, status, b"{}", headers)
        elif "watch" in query:
            self._watch(request, of_pods, int(query["resourceVersion"][0]))
        else:
            page = {"metadata": {"resourceVersion": str(self.version)}, "items": []}
            if of_pods:
                page["items"] = list(self.pods.values())
            body, self.faults.page = (self.faults.page, None) if of_pods and self.faults.page is not None else \
                (json.dumps(page).encode(), self.faults.page)
            self._send(request, 200, body)

    @staticmethod
    def _send(request, status, body, headers=()):
        request.send_response(status)
        for name, value in headers:
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _watch(self, request, of_pods, version):
        if of_pods and self.faults.expired:
            self._send(request, 410, b'{"kind": "Status", "code": 410}')
            return
        request.close_connection = True
        request.send_response(200)
        request.end_headers()
        with self.changed:
            if of_pods:
                self.watches.add(request.connection)
        try:
            while True:
                with self.changed:
                    new = [line for at, line in self.events if at > version and of_pods]
                    version = self.version
                    if not new:
                        self.changed.wait(1)
                for line in new:
                    self._dribble(request, line)
        finally:
            with self.changed:
                self.watches.discard(request.connection)

    def _dribble(self, request, line):
        step = 1 if self.faults.slow else len(line)
        for at in range(0, len(line), step):
            request.wfile.write(line[at:at + step])
            request.wfile.flush()
            time.sleep(self.faults.slow)
