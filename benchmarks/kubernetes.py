"""The Kubernetes API: long lists, watches, a hundred Pods, and coming back after a kill."""

from __future__ import annotations

import json
import os
import signal
import statistics
import sys
import time

from benchmarks.measure import PROGRAM, new_home, run

SERVICE_ACCOUNTS = 1000
EVENTS = 50
PODS = 100
IDLE_SECONDS = 10

# Run beside a sandbox of its own; prints the figures as JSON. Every time is in seconds.
MEASURE = f"""
import json, psutil, statistics, threading, time
from irsa_helpers import connect
from kubernetes.client import AppsV1Api, CoreV1Api
from kubernetes.watch import Watch
world = connect()
core = CoreV1Api(world.kubernetes)
names = [f"account-{{number}}" for number in range({SERVICE_ACCOUNTS})]

for name in names:
    core.create_namespaced_service_account("default", {{"metadata": {{"name": name}}}})
reads, lists, decodings = [], [], []
for _ in range(10):
    begun = time.perf_counter()
    core.read_namespaced_service_account("account-1", "default", _preload_content=False)
    reads.append(time.perf_counter() - begun)
    begun = time.perf_counter()
    answer = core.list_namespaced_service_account("default", _preload_content=False)
    lists.append(time.perf_counter() - begun)
    begun = time.perf_counter()
    assert len(json.loads(answer.data)["items"]) >= {SERVICE_ACCOUNTS}
    decodings.append(time.perf_counter() - begun)

seen, ready = {{}}, threading.Event()
def watch():
    version = core.list_namespaced_config_map("default").metadata.resource_version
    ready.set()
    stream = Watch().stream(core.list_namespaced_config_map, "default", resource_version=version)
    for event in stream:
        seen[event["object"].metadata.name] = time.perf_counter()
        if len(seen) == {EVENTS}:
            return
watching = threading.Thread(target=watch)
watching.start()
ready.wait()
time.sleep(0.5)
made = {{}}
for number in range({EVENTS}):
    made[f"map-{{number}}"] = time.perf_counter()
    core.create_namespaced_config_map("default", {{"metadata": {{"name": f"map-{{number}}"}}}})
    time.sleep(0.02)
watching.join()
late = [seen[name] - made[name] for name in made]

from irsa_helpers.pods import ensure_deployment
sandbox = psutil.Process(world.sandbox["pid"])
def wait_for(replicas):
    ready = AppsV1Api(world.kubernetes).read_namespaced_deployment
    while ready("many", "default").status.ready_replicas != replicas:
        time.sleep(0.02)
begun = time.perf_counter()
ensure_deployment(world, "many", service_account="default", image="busybox")
wait_for(1)
first = time.perf_counter() - begun
memory, begun = sandbox.memory_info().rss, time.perf_counter()
scale = {{"spec": {{"replicas": {PODS}}}}}
AppsV1Api(world.kubernetes).patch_namespaced_deployment_scale("many", "default", scale)
wait_for({PODS})
running = time.perf_counter() - begun
used = sandbox.memory_info().rss - memory
time.sleep(3)
before = sandbox.cpu_times()
time.sleep({IDLE_SECONDS})
after = sandbox.cpu_times()
idle = (after.user + after.system - before.user - before.system) / {IDLE_SECONDS}
print(json.dumps({{
    "read": statistics.median(reads), "list": statistics.median(lists),
    "decode": statistics.median(decodings), "watch": statistics.median(late),
    "latest": max(late), "first": first, "pods": running, "pid": world.sandbox["pid"],
    "memory": sandbox.memory_info().rss, "used": used, "idle": idle,
}}))
"""

FIND_BACK = f"""
from irsa_helpers import connect
from kubernetes.client import CoreV1Api
world = connect()
found = CoreV1Api(world.kubernetes).list_namespaced_service_account("default").items
assert len(found) > {SERVICE_ACCOUNTS}, len(found)
"""


def seconds_to_come_back(pid: int, variables: dict[str, str]) -> float:
    """From kill -9 of a full sandbox until `irsa-lab up` says that it is ready again."""
    os.kill(pid, signal.SIGKILL)
    begun = time.perf_counter()
    run([PROGRAM, "up"], variables)
    taken = time.perf_counter() - begun
    run([sys.executable, "-c", FIND_BACK], variables)
    return taken


def report() -> list[tuple[str, str]]:
    """Rows of what was measured and its figure."""
    with new_home() as variables:
        empty = []
        for _ in range(2):
            begun = time.perf_counter()
            run([PROGRAM, "up"], variables)
            empty.append(time.perf_counter() - begun)
            run([PROGRAM, "down"], variables)
        run([PROGRAM, "up"], variables)
        figures = json.loads(run([sys.executable, "-c", MEASURE], variables).splitlines()[-1])
        back = seconds_to_come_back(figures["pid"], variables)
    listing = f"{figures['list'] * 1000:.0f} ms"
    return [
        (f"{SERVICE_ACCOUNTS} ServiceAccounts listed", listing),
        ("ratio to reading one", f"{figures['list'] / figures['read']:.1f}"),
        ("ratio to decoding the answer's JSON", f"{figures['list'] / figures['decode']:.1f}"),
        (f"request to watch event, median of {EVENTS}", f"{figures['watch'] * 1000:.1f} ms"),
        ("the same, the latest", f"{figures['latest'] * 1000:.1f} ms"),
        (f"{PODS} Pods of a Deployment ready", f"{figures['pods']:.1f} s"),
        ("ratio to the first Pod of one", f"{figures['pods'] / figures['first']:.1f}"),
        ("memory of the sandbox with all that", f"{figures['memory'] / 1e6:.0f} MB"),
        ("of that for each Pod", f"{figures['used'] / 1e3 / PODS:.0f} kB"),
        (f"processor while {PODS} Pods do nothing", f"{figures['idle']:.1%} of one"),
        ("irsa-lab up after kill -9 with all that", f"{back:.2f} s"),
        ("ratio to irsa-lab up in a small sandbox", f"{back / statistics.median(empty):.1f}"),
    ]
