"""``/metrics``: counters of requests, stored objects, time, memory, in Prometheus' text format."""

import os
import time

from k8s_tutor.sim.apiserver.backend import Backend


def render(server: Backend) -> bytes:
    """Return all metrics as text."""
    lines = [
        (
            "# HELP apiserver_request_total [STABLE] Counter of apiserver requests broken out for each verb, group, "
            "version, resource and HTTP response code."
        ),
        "# TYPE apiserver_request_total counter",
    ]
    for (verb, group, version, resource, code), count in sorted(server.requests.total.items()):
        labels = f'code="{code}",group="{group}",resource="{resource}",verb="{verb}",version="{version}"'
        lines.append(f"apiserver_request_total{{{labels}}} {count}")
    store = server.rest.store
    lines += [
        "# HELP apiserver_storage_objects [STABLE] Number of stored objects at the time of last check split by kind.",
        "# TYPE apiserver_storage_objects gauge",
    ]
    lines += [
        f'apiserver_storage_objects{{resource="{name}"}} {store.count(name)}' for name in sorted(store.resources())
    ]
    usage = os.times()
    lines += [
        "# TYPE process_cpu_seconds_total counter",
        f"process_cpu_seconds_total {usage.user + usage.system:.2f}",
        "# TYPE process_start_time_seconds gauge",
        f"process_start_time_seconds {time.time() - time.monotonic() + server.started:.3f}",
        "# TYPE k8s_tutor_cluster_time_seconds gauge",
        f"k8s_tutor_cluster_time_seconds {server.clock.now():.3f}",
    ]
    return ("\n".join(lines) + "\n").encode()
