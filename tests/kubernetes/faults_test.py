#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does the Kubernetes source keep what it knows, and recover, whatever the API server does? Against a fake server.

    faults_test.py KUBERNETES_VIEW
"""
import concurrent.futures
import pathlib
import sys
import tempfile
import unittest

from fake_api_server import FakeApiServer
from view import View


class Faults(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.config = pathlib.Path(folder.name, "config")
        self.server = FakeApiServer()
        self.addCleanup(lambda: self.server.close())  # pylint: disable=unnecessary-lambda  # one test changes it
        self.server.put("first", "10.1.0.1")
        self.start = lambda: View(sys.argv[1], self.server.kubeconfig(self.config), "n1")

    def watching(self):
        """A view that knows the first pod and watches."""
        view = self.start()
        self.addCleanup(view.close)
        view.wait(lambda v: v.state() == "working" and self.server.watches)
        self.assertEqual(view.names(), ["first"])
        return view

    def test_changes_arrive(self):
        view = self.watching()
        self.server.put("second", "10.1.0.2")
        view.wait(lambda v: v.pod_at("10.1.0.2") == "second")
        self.server.delete("first")
        view.wait(lambda v: v.names() == ["second"])
        self.assertEqual(len(self.server.lists()), 1)
        view.wait(lambda v: len(v.said()) == 1)
        self.assertIn("names are up to date", view.said()[0])

    def test_reset_in_a_watch_resumes(self):
        view = self.watching()
        self.server.put("second", "10.1.0.2")
        view.wait(lambda v: v.pod_at("10.1.0.2") == "second")
        version = self.server.version
        self.server.reset_watches()
        view.wait(lambda v: len(self.server.watched_from()) == 2)
        self.assertEqual(self.server.watched_from()[1], str(version))
        self.server.put("third", "10.1.0.3")
        view.wait(lambda v: v.pod_at("10.1.0.3") == "third")
        self.assertEqual(len(self.server.lists()), 1)

    def test_bookmark_moves_on(self):
        view = self.watching()
        self.server.send(b'{"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "1234"}}}\n')
        view.wait(lambda v: v.status()["events"] == 1)
        self.server.reset_watches()
        view.wait(lambda v: len(self.server.watched_from()) == 2)
        self.assertEqual(self.server.watched_from()[1], "1234")

    def test_expired_version_lists_again(self):
        view = self.watching()
        self.server.faults.expired = True
        self.server.delete("first")
        view.wait(lambda v: not v.names())
        self.server.put("second", "10.1.0.2")
        view.wait(lambda v: v.pod_at("10.1.0.2") == "second")
        self.server.reset_watches()
        view.wait(lambda v: len(self.server.lists()) == 2)
        self.assertEqual(view.names(), ["second"])
        self.server.faults.expired = False
        watches = len(self.server.watched_from())
        view.wait(lambda v: len(self.server.watched_from()) > watches and self.server.watches)

    def test_garbage_in_a_watch(self):
        view = self.watching()
        for garbage in (b"<html>\n", b'{"type": "ADDED"}\n', b"\xff\xfe\x00\n"):
            skipped = view.status()["skipped"]
            self.server.send(garbage)
            view.wait(lambda v, before=skipped: v.status()["skipped"] > before)
            self.assertEqual(view.names(), ["first"])
            self.server.events.clear()
        self.server.put("second", "10.1.0.2")
        view.wait(lambda v: v.pod_at("10.1.0.2") == "second" and v.state() == "working")
        self.assertEqual(len(self.server.lists()), 1)

    def test_objects_without_fields(self):
        view = self.watching()
        for body in (b"{}", b"[]", b"null", b'{"metadata": {"name": 5}}', b'{"metadata": {"name": "x", "uid": "u"}}'):
            self.server.send(b'{"type": "MODIFIED", "object": ' + body + b"}\n")
        self.server.put("second", "10.1.0.2")
        view.wait(lambda v: v.pod_at("10.1.0.2") == "second")
        self.assertEqual(view.status()["skipped"], 4)
        self.assertEqual(view.state(), "working")

    def test_slow_halves_of_lines(self):
        view = self.watching()
        self.server.faults.slow = 0.001
        self.server.put("second", "10.1.0.2")
        view.wait(lambda v: v.pod_at("10.1.0.2") == "second")

    def test_garbage_for_a_list(self):
        self.server.faults.page = b"<html>Sign in</html>"
        view = self.start()
        self.addCleanup(view.close)
        view.wait(lambda v: v.state() == "failing" and "no Kubernetes API server" in v.status()["detail"])
        view.wait(lambda v: v.state() == "working")
        self.assertEqual(view.names(), ["first"])

    def test_busy_server_is_left_alone(self):
        self.server.faults.statuses = [(429, [("Retry-After", "3")])]
        view = self.start()
        self.addCleanup(view.close)
        view.wait(lambda v: "busy" in v.status()["detail"])
        view.wait(lambda v: v.names() == ["first"])
        self.assertEqual(len(self.server.lists()), 2)

    def test_missing_right_is_named(self):
        self.server.faults.statuses = [(403, [])] * 2
        view = self.start()
        self.addCleanup(view.close)
        view.wait(lambda v: v.state() == "failing")
        self.assertIn('may not list pods (403); add to the rules of our ClusterRole: '
                      '{apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"]}', view.status()["detail"])
        view.wait(lambda v: v.state() == "working")
        self.assertEqual(view.names(), ["first"])

    def test_server_goes_and_comes_back(self):
        view = self.watching()
        view.wait(lambda v: len(v.said()) == 1)
        port, pods = self.server.port, self.server.pods
        self.server.close()
        view.wait(lambda v: v.state() == "failing" and len(v.said()) == 2)
        self.assertIn("no answer: Couldn't connect to server; names stay as they were", view.said()[1])
        self.assertEqual(view.pod_at("10.1.0.1"), "first")
        self.server = FakeApiServer(port)
        self.server.pods = pods
        self.server.version = 200
        self.server.put("second", "10.1.0.2")
        view.wait(lambda v: v.pod_at("10.1.0.2") == "second" and v.state() == "working" and len(v.said()) == 3)
        self.assertIn("names are up to date", view.said()[2])
        self.assertEqual(self.server.lists(), [])


class AtOnce(unittest.TestSuite):
    """Its tests wait most of the time, each for another fake."""

    def run(self, result, debug=False):
        tests = [test for suite in self for test in suite]
        with concurrent.futures.ThreadPoolExecutor(len(tests)) as pool:
            list(pool.map(lambda test: test.run(result), tests))
        return result


if __name__ == "__main__":
    outcome = unittest.TextTestRunner().run(AtOnce([unittest.defaultTestLoader.loadTestsFromTestCase(Faults)]))
    sys.exit(not outcome.wasSuccessful())
