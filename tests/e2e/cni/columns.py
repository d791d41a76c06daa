# SPDX-License-Identifier: Apache-2.0
"""Who connects to whom: a column of the matrix each."""

COLUMNS = {
    "same-node": "pod → pod, same node",
    "other-node": "pod → pod, other node",
    "service-same-node": "pod → ClusterIP, backend on the same node",
    "service-other-node": "pod → ClusterIP, backend on the other node",
    "service-itself": "pod → ClusterIP, backend is itself (hairpin)",
    "node": "pod → its node",
    "outside": "pod → outside, masqueraded",
    "node-port": "outside → NodePort, backend on that node",
    "node-port-other-node": "outside → NodePort, backend on the other node",
    "published-port": "outside → published port",
    "loopback": "container → container of the same pod",
    "same-node-6": "IPv6: pod → pod, same node",
    "other-node-6": "IPv6: pod → pod, other node",
    "service-same-node-6": "IPv6: pod → ClusterIP, backend on the same node",
    "service-other-node-6": "IPv6: pod → ClusterIP, backend on the other node",
    "service-itself-6": "IPv6: pod → ClusterIP, backend is itself (hairpin)",
}
