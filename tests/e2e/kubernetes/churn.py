# SPDX-License-Identifier: Apache-2.0
"""Works on a machine of the lab: makes many pods, or changes those there are at a rate.

    churn.py FOLDER PORT make COUNT
    churn.py FOLDER PORT change RATE SECONDS
"""
import http.client
import json
import ssl
import sys
import time

PODS = "/api/v1/namespaces/churn/pods"


def connect(folder, port):
    context = ssl.create_default_context(cafile=f"{folder}/ca.crt")
    context.load_cert_chain(f"{folder}/admin.crt", f"{folder}/admin.key")
    return http.client.HTTPSConnection("127.0.0.1", port, context=context)


def ask(connection, verb, path, body=None, kind="application/json"):
    connection.request(verb, path, json.dumps(body) if body else None, {"Content-Type": kind})
    response = connection.getresponse()
    answer = response.read()
    if response.status >= 300:
        sys.exit(f"{verb} {path}: {response.status} {answer[:300]}")
    return json.loads(answer)


def address(number):
    return f"10.200.{number // 250}.{number % 250 + 1}"


def make(connection, count):
    labels = {f"label-{i}": "a-value-of-usual-length" for i in range(6)}
    for number in range(count):
        name = f"churn-{number:05}"
        container = {"name": "main", "image": "registry.example/team/image:1.2.3"}
        pod = ask(connection, "POST", PODS, {"metadata": {"name": name, "labels": labels},
                                             "spec": {"nodeName": "node-b", "containers": [container]}})
        pod["status"] = {"phase": "Running", "podIPs": [{"ip": address(number)}], "podIP": address(number),
                         "startTime": "2024-05-01T10:00:00Z"}
        ask(connection, "PUT", f"{PODS}/{name}/status", pod)


def change(connection, rate, seconds):
    begin = time.monotonic()
    for number in range(rate * seconds):
        time.sleep(max(0, begin + number / rate - time.monotonic()))
        patch = {"metadata": {"labels": {"turn": str(number)}}}
        ask(connection, "PATCH", f"{PODS}/churn-{number % 100:05}", patch, "application/merge-patch+json")
    print(rate * seconds / (time.monotonic() - begin))


def main():
    folder, port, what, *numbers = sys.argv[1:]
    {"make": make, "change": change}[what](connect(folder, int(port)), *map(int, numbers))


main()
