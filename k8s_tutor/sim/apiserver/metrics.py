"""``/metrics`` of the API server: those of upstream's families that a practice cluster can count truly.

Requests, watches, stored objects and bytes, the process, the build and the feature gates; times of the cluster's own clock
come under a name of its own.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.apiserver.backend import Backend
from k8s_tutor.sim.machinery.prometheus import Sample, text

PROC = Path("/proc/self")
HELP = {
    "apiserver_current_inflight_requests": (
        "gauge",
        "[STABLE] Maximal number of currently used inflight request limit of this apiserver per request kind in last second.",
    ),
    "apiserver_longrunning_requests": (
        "gauge",
        (
            "[STABLE] Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope "
            "and component. Not all requests are tracked this way."
        ),
    ),
    "apiserver_request_duration_seconds": (
        "histogram",
        (
            "[STABLE] Response latency distribution in seconds for each verb, dry run value, group, version, resource, "
            "subresource, scope and component."
        ),
    ),
    "apiserver_request_total": (
        "counter",
        (
            "[STABLE] Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, "
            "component, and HTTP response code."
        ),
    ),
    "apiserver_resource_objects": (
        "gauge",
        (
            "[ALPHA] Number of stored objects at the time of last check split by kind. In case of a fetching error, the value "
            "will be -1."
        ),
    ),
    "apiserver_response_sizes": (
        "histogram",
        (
            "[STABLE] Response size distribution in bytes for each group, version, verb, resource, subresource, scope and "
            "component."
        ),
    ),
    "apiserver_storage_objects": (
        "gauge",
        (
            "[STABLE] Number of stored objects at the time of last check split by kind. In case of a fetching error, the value "
            "will be -1."
        ),
    ),
    "apiserver_watch_events_total": ("counter", "[BETA] Number of events sent in watch clients"),
    "k8s_tutor_cluster_time_seconds": ("gauge", "The cluster's own time in seconds since unix epoch."),
    "kubernetes_build_info": (
        "gauge",
        (
            "[ALPHA] A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, build "
            "date, Go version, and compiler from which Kubernetes was built, and platform on which it is running."
        ),
    ),
    "process_cpu_seconds_total": ("counter", "Total user and system CPU time spent in seconds."),
    "process_max_fds": ("gauge", "Maximum number of open file descriptors."),
    "process_open_fds": ("gauge", "Number of open file descriptors."),
    "process_resident_memory_bytes": ("gauge", "Resident memory size in bytes."),
    "process_start_time_seconds": ("gauge", "Start time of the process since unix epoch in seconds."),
    "process_virtual_memory_bytes": ("gauge", "Virtual memory size in bytes."),
}
BUILD = {
    "build_date": "buildDate",
    "compiler": "compiler",
    "git_commit": "gitCommit",
    "git_tree_state": "gitTreeState",
    "git_version": "gitVersion",
    "go_version": "goVersion",
    "major": "major",
    "minor": "minor",
    "platform": "platform",
}


def render(server: Backend, version: Json) -> bytes:
    """Return all metrics as text; ``version`` is what ``/version`` says."""
    return text(_samples(server, version), HELP).encode()


def _samples(server: Backend, version: Json) -> Iterator[Sample]:
    yield from server.requests.samples()
    # Requests are answered one at a time: the one that asks is the only one in flight.
    for kind, number in (("mutating", 0), ("readOnly", 1)):
        yield "apiserver_current_inflight_requests", {"request_kind": kind}, number
    store = server.rest.store
    for name in sorted(store.resources()):
        plural, _, group = name.partition(".")
        yield "apiserver_storage_objects", {"resource": name}, store.count(name)
        yield "apiserver_resource_objects", {"group": group, "resource": plural}, store.count(name)
    yield "kubernetes_build_info", {label: str(version[field]) for label, field in BUILD.items()}, 1
    yield "k8s_tutor_cluster_time_seconds", {}, server.clock.now()
    yield from _process(server)


def _process(server: Backend) -> Iterator[Sample]:
    usage = os.times()
    yield "process_cpu_seconds_total", {}, round(usage.user + usage.system, 2)
    yield "process_start_time_seconds", {}, round(time.time() - time.monotonic() + server.started, 2)
    if PROC.is_dir():
        import resource  # Unix only, as /proc

        pages = [int(number) for number in (PROC / "statm").read_text("ascii").split()[:2]]
        yield "process_max_fds", {}, resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        yield "process_open_fds", {}, len(list((PROC / "fd").iterdir()))
        yield "process_virtual_memory_bytes", {}, pages[0] * resource.getpagesize()
        yield "process_resident_memory_bytes", {}, pages[1] * resource.getpagesize()
