# SPDX-License-Identifier: Apache-2.0
"""The cluster that the tests look at, and views of it."""
import pathlib
import re

import shop
from lab.machine import last_child_of
from view import View

TOP = pathlib.Path(__file__).resolve().parents[3]
BUILT = TOP / "build/release"


def role_of_the_document():
    """The ClusterRole that docs/kubernetes-names.md tells users to make."""
    text = (TOP / "docs/kubernetes-names.md").read_text(encoding="utf-8")
    return re.search(r"```yaml\n(.*?)```", text, re.DOTALL)[1]


class World:
    def __init__(self, server):
        self.server = server
        self.machine = server.machine
        self.views = []
        self.machine.sh(f"ip address add {shop.NODES['node-a']}/32 dev lo")
        self.make_access()
        self.make_objects()

    def make_access(self):
        for name in ("quaywatch", "shop", "churn"):
            self.server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self.server.kubectl("apply", "-f", "-", given=role_of_the_document())
        self.server.kubectl("create", "serviceaccount", "quaywatch", "-n", "quaywatch")
        self.server.kubectl("create", "clusterrolebinding", "quaywatch", "--clusterrole=quaywatch",
                            "--serviceaccount=quaywatch:quaywatch")
        self.token_file = self.server.folder / "token"
        self.renew_token()
        self.config = self.server.kubeconfig("quaywatch.config", {"tokenFile": "token"})

    def renew_token(self):
        self.token_file.write_text(self.server.token("quaywatch", "quaywatch") + "\n", encoding="utf-8")

    def make_objects(self):
        server = self.server
        for name, address in shop.NODES.items():
            node, = server.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
            server.set_status("nodes", node, {"addresses": [{"type": "InternalIP", "address": address}]})
        web = {"app": "web"}
        hashed = {**web, "pod-template-hash": "6f7d5c"}
        deployment, daemons, stateful = server.create(
            shop.workload("Deployment", "web", web), shop.workload("DaemonSet", "agent", {"app": "agent"}),
            shop.workload("StatefulSet", "db", {"app": "db"}))
        # A name that does not tell the Deployment's.
        replicas, cron = server.create(
            shop.workload("ReplicaSet", "web-6f7d5c", hashed, deployment),
            {"apiVersion": "batch/v1beta1" if self.is_old() else "batch/v1", "kind": "CronJob",
             "metadata": shop.meta("nightly"),
             "spec": {"schedule": "0 0 * * *", "jobTemplate": {"spec": shop.job_spec()}}})
        job, = server.create({"apiVersion": "batch/v1", "kind": "Job", "spec": shop.job_spec(),
                              "metadata": shop.meta("nightly-27", ownerReferences=shop.owned_by(cron))})
        self.pods = dict(zip(("web-1", "web-2", "db-0", "nightly", "agent", "alone", "two"), server.create(
            shop.pod("web-6f7d5c-aaaaa", "node-a", hashed, replicas),
            shop.pod("web-6f7d5c-bbbbb", "node-b", hashed, replicas),
            shop.pod("db-0", "node-b", {"app": "db"}, stateful, [shop.container("postgres", "postgres:15")]),
            shop.pod("nightly-27-ccccc", "node-a", {}, job),
            shop.pod("agent-ddddd", "node-b", {"app": "agent"}, daemons, [shop.container(ports=[9100])],
                     hostNetwork=True),
            shop.pod("alone", "node-a"),
            shop.pod("two", "node-a", {}, None, [shop.container("one", "img:1"), shop.container("other", "img:2")]))))
        addresses = {"web-1": ["10.1.1.1", "fd00:1::1"], "web-2": ["10.1.2.1"], "db-0": ["10.1.2.2"],
                     "nightly": ["10.1.1.2"], "agent": [shop.NODES["node-b"]], "alone": ["10.1.1.3"],
                     "two": ["10.1.1.4"]}
        for name, made in self.pods.items():
            server.set_status("pods", made, shop.running(made, *addresses[name]))
        self.make_services()

    def make_services(self):
        server = self.server
        *_, lb = server.create(
            shop.service("web", "10.96.1.1", [{"name": "http", "port": 80, "targetPort": 8080, "nodePort": 30080},
                                              {"name": "dns", "port": 53, "protocol": "UDP"}], type="NodePort"),
            shop.service("db", "None", [{"port": 5432}]),
            shop.service("entry", "10.96.1.2", [{"port": 443}], type="LoadBalancer", externalIPs=["198.51.100.7"]))
        server.set_status("services", lb, {"loadBalancer": {"ingress": [{"ip": "203.0.113.80"}]}})
        web = [(self.pods["web-1"], "10.1.1.1"), (self.pods["web-2"], "10.1.2.1")]
        db = [(self.pods["db-0"], "10.1.2.2")]
        version = server.slices_version()
        server.create(shop.slice_of(version, "web", web, 8080), shop.slice_of(version, "db", db, 5432),
                      shop.endpoints_of("web", web, 8080), shop.endpoints_of("db", db, 5432))

    def is_old(self):
        return self.server.slices_version().endswith("v1beta1")

    def view(self, config=None, node="node-a", *options):
        words = [node, *options] if node else []
        view = View(BUILT / "kubernetes_view", config or self.config, *words, prefix=self.machine.inside())
        view.pid = lambda: last_child_of(view.process.pid)
        self.views.append(view)
        return view

    def working_view(self, *args):
        view = self.view(*args)
        view.wait(lambda v: v.state() == "working")
        return view

    def close_views(self):
        for view in self.views:
            view.close()
        self.views.clear()

    def add_pod(self, name, address, node="node-b"):
        made, = self.server.create(shop.pod(name, node))
        self.server.set_status("pods", made, shop.running(made, address))
