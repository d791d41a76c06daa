# SPDX-License-Identifier: Apache-2.0
"""Starts and stops pods over CRI as a kubelet does: its labels, its annotations, its control groups."""
import importlib
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import uuid

import grpc

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = 60  # seconds
GROUPS = pathlib.Path("/sys/fs/cgroup")


def load_messages():
    with tempfile.TemporaryDirectory(prefix="quaywatch-e2e-") as folder:
        subprocess.run(["protoc", f"--python_out={folder}", f"--proto_path={HERE}", "cri.proto"], check=True)
        sys.path.insert(0, folder)
        try:
            return importlib.import_module("cri_pb2")
        finally:
            sys.path.remove(folder)


cri = load_messages()


class Kubelet:
    def __init__(self, socket, image):
        self.image = image
        self.socket = socket
        self.channel = None
        self.pods = []
        self.uids = []
        self.connect()

    def connect(self):
        """Also after the runtime was started again. Waits until it is ready for pods."""
        if self.channel is not None:
            self.channel.close()
        self.channel = grpc.insecure_channel(f"unix:{self.socket}")
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self.call("Version", cri.Nothing())
                return
            except grpc.RpcError:
                if time.monotonic() > until:
                    raise
            time.sleep(0.05)

    def call(self, method, request, answer=cri.Nothing):
        ask = self.channel.unary_unary(f"/runtime.v1.RuntimeService/{method}",
                                       request_serializer=type(request).SerializeToString,
                                       response_deserializer=answer.FromString)
        return ask(request, timeout=PATIENCE, wait_for_ready=True)

    def run(self, name, labels=None, host_network=False):
        pod = Pod(self, name, labels or {}, host_network)
        self.pods.append(pod)
        return pod

    def close(self):
        try:
            for pod in list(self.pods):
                pod.remove()
        finally:
            self.channel.close()
            for uid in self.uids:
                remove_groups(uid)


class Pod:
    def __init__(self, kubelet, name, labels, host_network):
        self.kubelet = kubelet
        self.name = name
        self.uid = str(uuid.uuid4())
        kubelet.uids.append(self.uid)
        of_pod = {"io.kubernetes.pod.name": name, "io.kubernetes.pod.namespace": "shop",
                  "io.kubernetes.pod.uid": self.uid}
        self.container_labels = of_pod
        self.config = cri.PodSandboxConfig(
            metadata=cri.PodSandboxMetadata(name=name, uid=self.uid, namespace="shop"),
            labels={**labels, **of_pod}, hostname="" if host_network else name)
        self.config.linux.cgroup_parent = f"/kubepods/burstable/pod{self.uid}"
        if host_network:
            self.config.linux.security_context.namespace_options.network = cri.NODE
        self.id = kubelet.call("RunPodSandbox", cri.RunPodSandboxRequest(config=self.config),
                               cri.RunPodSandboxResponse).pod_sandbox_id

    def start(self, name, *command, ports=()):
        """A container; gives its id."""
        config = cri.ContainerConfig(
            metadata=cri.ContainerMetadata(name=name), image=cri.ImageSpec(image=self.kubelet.image), command=command,
            labels={**self.container_labels, "io.kubernetes.container.name": name})
        if ports:
            config.annotations["io.kubernetes.container.ports"] = json.dumps(
                [{"containerPort": port, "protocol": "TCP"} for port in ports])
        request = cri.CreateContainerRequest(pod_sandbox_id=self.id, config=config, sandbox_config=self.config)
        container = self.kubelet.call("CreateContainer", request, cri.CreateContainerResponse).container_id
        self.kubelet.call("StartContainer", cri.StartContainerRequest(container_id=container))
        return container

    def addresses(self):
        """IPv4, then IPv6."""
        network = self.kubelet.call("PodSandboxStatus", cri.PodSandboxRequest(pod_sandbox_id=self.id),
                                    cri.PodSandboxStatusResponse).status.network
        found = [network.ip, *(more.ip for more in network.additional_ips)]
        return sorted(found, key=lambda address: ":" in address)

    def remove(self):
        self.kubelet.pods.remove(self)
        for method in ("StopPodSandbox", "RemovePodSandbox"):
            self.kubelet.call(method, cri.PodSandboxRequest(pod_sandbox_id=self.id))


def remove_groups(uid):
    """The control groups of a pod, and those above it if they are nobody else's."""
    for hierarchy in GROUPS.iterdir():
        folder = hierarchy / "kubepods/burstable" / f"pod{uid}"
        for one in (folder, folder.parent, folder.parent.parent):
            try:
                one.rmdir()
            except OSError:
                break
