# SPDX-License-Identifier: Apache-2.0
"""Objects of a small cluster, as its controllers and kubelets would have made them."""

NODES = {"node-a": "192.168.50.1", "node-b": "192.168.50.2"}


def meta(name, space="shop", **more):
    return {"name": name, "namespace": space, **more}


def owned_by(owner):
    return [{"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"],
             "uid": owner["metadata"]["uid"], "controller": True}]


def container(name="main", image="registry.example/image:1", ports=()):
    return {"name": name, "image": image, "ports": [{"containerPort": port} for port in ports]}


def template(labels):
    return {"metadata": {"labels": labels}, "spec": {"containers": [container()]}}


def workload(kind, name, labels, owner=None, **more):
    spec = {"selector": {"matchLabels": labels}, "template": template(labels), **more}
    if kind == "StatefulSet":
        spec["serviceName"] = name
    return {"apiVersion": "apps/v1", "kind": kind, "spec": spec,
            "metadata": meta(name, labels=labels, **({"ownerReferences": owned_by(owner)} if owner else {}))}


def job_spec():
    return {"template": {"spec": {"containers": [container()], "restartPolicy": "Never"}}}


def pod(name, node, labels=None, owner=None, containers=None, **spec):
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": meta(name, labels=labels or {}, **({"ownerReferences": owned_by(owner)} if owner else {})),
            "spec": {"nodeName": node, "containers": containers or [container()], **spec}}


def running(made, *addresses, started="2024-05-01T10:00:00Z"):
    """The status that the kubelet tells of a pod."""
    statuses = [{"name": one["name"], "image": one["image"], "imageID": "", "ready": True, "restartCount": 0,
                 "containerID": f"containerd://{container_id(made['metadata']['name'], one['name'])}",
                 "state": {"running": {"startedAt": started}}} for one in made["spec"]["containers"]]
    return {"phase": "Running", "startTime": started, "hostIP": NODES[made["spec"]["nodeName"]],
            "podIP": addresses[0], "podIPs": [{"ip": address} for address in addresses],
            "containerStatuses": statuses}


def container_id(pod_name, name):
    return (pod_name + name).encode().hex().ljust(64, "0")[:64]


def service(name, address, ports, **spec):
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta(name),
            "spec": {"clusterIP": address, "ports": ports, **spec}}


def slice_of(version, service_name, pods, port):
    """pods: (object, address)."""
    return {"apiVersion": version, "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": meta(service_name + "-1", labels={"kubernetes.io/service-name": service_name}),
            "ports": [{"name": "", "port": port, "protocol": "TCP"}],
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}, "targetRef": reference(one)}
                          for one, address in pods]}


def endpoints_of(service_name, pods, port):
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta(service_name),
            "subsets": [{"ports": [{"port": port}],
                         "addresses": [{"ip": address, "targetRef": reference(one)} for one, address in pods]}]}


def reference(one):
    return {"kind": "Pod", "name": one["metadata"]["name"], "namespace": one["metadata"]["namespace"],
            "uid": one["metadata"]["uid"]}
