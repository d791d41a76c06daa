# SPDX-License-Identifier: Apache-2.0
"""A row as the Kubernetes API has it: its nodes, pods, workloads and services. And what names that means."""
import json
import secrets

from lab.cgroup import PodCgroup

CORE, APPS, SLICES = "/api/v1", "/apis/apps/v1", "/apis/discovery.k8s.io/v1beta1"
IMAGE = "registry.example/{}:1"


class Cluster:
    def __init__(self, api, row, cells):
        self.api = api
        self.row = row
        self.space = f"{row.key}-{row.plan.word()}"
        self.workloads = {}  # pod's name: (kind, name)
        self.services = {}  # pod's name: names of its services
        self._cgroups = []
        self._ports = {}  # pod's name: those it listens on
        for cell in cells:
            self._ports.setdefault(cell.server.name, set()).add(cell.server_port)
        self._made = []
        self._create(f"{CORE}/namespaces", {"metadata": {"name": self.space}})
        for node in row.nodes:
            self._add_node(node)
        pods = [pod for node in row.nodes for pod in node.pods]
        owner = self._add_deployment()
        for pod in row.plan.shuffled(pods):
            self._add_pod(pod, owner if row.plan.chance() else None)
        for key in row.services:
            self._add_service(key)

    def _create(self, collection, item, status=None):
        made = self.api.create(collection, item, status)
        self._made.append(f"{collection}/{made['metadata']['name']}")
        return made

    def _collection(self, kind, group=CORE):
        return f"{group}/namespaces/{self.space}/{kind}"

    def _add_node(self, node):
        addresses = [{"type": "InternalIP", "address": address} for address in node.addresses.values()]
        self._create(f"{CORE}/nodes", {
            "metadata": {"name": node.name}, "spec": {"podCIDRs": [str(network) for network in node.pod_networks.values()],
                                                      "podCIDR": str(node.pod_networks[4])}},
                        {"addresses": [*addresses, {"type": "Hostname", "address": node.name}]})

    def _add_deployment(self):
        name = self.row.plan.word()
        labels = {"app": name}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": IMAGE}]}}
        spec = {"selector": {"matchLabels": labels}, "template": template, "replicas": 1}
        deployment = self._create(self._collection("deployments", APPS), {"metadata": {"name": name}, "spec": spec})
        replicas = self._create(self._collection("replicasets", APPS), {
            "metadata": {"name": f"{name}-7d4f9", "labels": labels,
                         "ownerReferences": [reference("apps/v1", "Deployment", deployment)]}, "spec": spec})
        return name, reference("apps/v1", "ReplicaSet", replicas), labels

    def _add_pod(self, pod, owner):
        containers = ["main", "sidecar"]
        ids = {name: secrets.token_hex(32) for name in containers}
        metadata = {"name": pod.name}
        self.workloads[pod.name] = ("Pod", pod.name)
        if owner:
            name, owned_by, labels = owner
            metadata |= {"ownerReferences": [owned_by], "labels": labels}
            self.workloads[pod.name] = ("Deployment", name)
        if second := getattr(pod, "second", None):
            metadata["annotations"] = {"k8s.v1.cni.cncf.io/network-status": json.dumps(
                [{"name": "default", "interface": "eth0", "ips": list(pod.addresses.values()), "default": True},
                 {"name": f"{self.space}/second", "interface": "net1", "ips": list(second.values())}])}
        ports = [{"containerPort": port, "hostPort": port} for port in sorted(self._ports.get(pod.name, ()))]
        made = self._create(self._collection("pods"), {
            "metadata": metadata,
            "spec": {"nodeName": pod.node.name, "hostNetwork": pod.netns is None, "containers": [
                {"name": name, "image": IMAGE.format(name)} | ({"ports": ports} if pod.netns is None else {})
                for name, ports in zip(containers, (ports, []))]}}, {
            "phase": "Running", "hostIP": pod.node.addresses[4], "podIP": pod.addresses[4],
            "podIPs": [{"ip": address} for address in pod.addresses.values()],
            "containerStatuses": [{"name": name, "image": IMAGE.format(name), "imageID": "", "ready": True,
                                   "restartCount": 0, "containerID": f"containerd://{ids[name]}",
                                   "state": {"running": {}}} for name in containers]})
        cgroup = PodCgroup(made["metadata"]["uid"], ids["main"])
        cgroup.take(pod.agent.pid)
        self._cgroups.append(cgroup)

    def _add_service(self, key):
        backend, address, port, to_port = self.row.services[key]
        name = f"{self.row.plan.word()}-{key}"
        version = 6 if key.endswith("-6") else 4
        self.row.service_names[key] = f"{self.space}/{name}"
        if key == "published-port":  # of a container runtime: no service
            self.row.service_names[key] = None
            return
        self.services.setdefault(backend.name, set()).add(name)
        node_port = key.startswith("node-port")
        ports = [{"name": protocol.lower(), "protocol": protocol, "port": port, "targetPort": to_port} |
                 ({"nodePort": port} if node_port else {}) for protocol in ("TCP", "UDP")]
        self._create(self._collection("services"), {"metadata": {"name": name}, "spec": {
            "type": "NodePort" if node_port else "ClusterIP", "ports": ports,
            "clusterIP": address or self.row.plan.address(self.row.service_networks[version]),
            "ipFamilies": [f"IPv{version}"], "ipFamilyPolicy": "SingleStack"}})
        self._create(self._collection("endpointslices", SLICES), {
            "metadata": {"name": f"{name}-1", "labels": {"kubernetes.io/service-name": name}},
            "addressType": f"IPv{version}",
            "endpoints": [{"addresses": [backend.addresses[version]], "conditions": {"ready": True},
                           "targetRef": {"kind": "Pod", "namespace": self.space, "name": backend.name}}],
            "ports": [{"name": protocol.lower(), "protocol": protocol, "port": to_port}
                      for protocol in ("TCP", "UDP")]})

    def delete(self, pod):
        path = f"{self._collection('pods')}/{pod.name}"
        self._made.remove(path)
        self.api.request("DELETE", path, {"gracePeriodSeconds": 0})

    # ---- names -------------------------------------------------------------------------------------------
    def names_of(self, end, sensor_node, listens):
        """What a record of that node's sensor may say of an end: columns without their orig. or resp."""
        if end.kind == "outside":
            return [{"kind": "outside"}]
        host = {"kind": "host" if end.node is sensor_node else "node", "node": end.node.name}
        if end.kind == "host":
            return [host]
        kind, workload = self.workloads[end.name]
        pod = {"kind": "pod", "namespace": self.space, "pod": end.name, "node": end.node.name,
               "workload": workload, "workload_kind": kind}
        if end.netns or listens:
            return [pod]
        # Whose of all that share the machine's network only its socket tells: on the machine, while it lasts.
        return [pod, host] if end.node is sensor_node else [host]

    def close(self):
        """After the row. The next one may have the same addresses and ports."""
        for cgroup in self._cgroups:
            cgroup.remove()
        for path in reversed(self._made):
            self.api.request("DELETE", path, {"gracePeriodSeconds": 0})


def reference(version, kind, owner):
    return {"apiVersion": version, "kind": kind, "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
            "controller": True}
