"""``/metrics``: what was asked, how long it took, what is going on, in families that Prometheus reads."""

import asyncio
import re

from k8s_tutor.sim.machinery.prometheus import Histogram, text
from tests.apiserver.api import CONFIGMAPS, call, configmap
from tests.conftest import Server, ServerFactory


async def found(served: Server, pattern: str) -> list[str]:
    """Return the lines of ``/metrics`` that fit."""
    return [line for line in (await call(served, "GET", "/metrics")).body.splitlines() if re.match(pattern, line)]


async def test_requests_are_counted_by_what_they_are(server: ServerFactory) -> None:
    served = await server()
    await call(served, "POST", f"{CONFIGMAPS}?dryRun=All", configmap("c"))
    await call(served, "GET", f"{CONFIGMAPS}/c")
    await call(served, "GET", CONFIGMAPS)
    (made,) = await found(served, r'apiserver_request_total\{code="201"')
    assert made == (
        'apiserver_request_total{code="201",verb="POST",dry_run="All",group="",version="v1",resource="configmaps",'
        'subresource="",scope="resource",component="apiserver"} 1'
    )
    assert len(await found(served, r'apiserver_request_total\{code="404",verb="GET".*scope="resource"')) == 1
    listed = 'verb="LIST",dry_run="",group="",version="v1",resource="configmaps",subresource="",scope="namespace"'
    buckets = await found(served, rf"apiserver_request_duration_seconds_bucket\{{{listed}")
    assert buckets[-1].endswith('le="+Inf"} 1')
    assert len(await found(served, r'apiserver_response_sizes_count\{verb="LIST"')) == 1
    assert await found(served, r"# TYPE apiserver_request_duration_seconds histogram")
    assert len(await found(served, "# TYPE apiserver_request_duration_seconds")) == 1


async def test_watches_are_going_on_until_they_end(server: ServerFactory) -> None:
    served = await server()
    await call(served, "POST", CONFIGMAPS, configmap("c"))
    watching = asyncio.create_task(call(served, "GET", f"{CONFIGMAPS}?watch=true&timeoutSeconds=1"))
    await asyncio.sleep(0.3)
    (going,) = await found(served, r'apiserver_longrunning_requests\{verb="WATCH"')
    assert going.endswith(" 1")
    await watching
    (going,) = await found(served, r'apiserver_longrunning_requests\{verb="WATCH"')
    assert going.endswith(" 0")
    (sent,) = await found(served, r'apiserver_watch_events_total\{group="",version="v1",resource="configmaps"\}')
    assert int(sent.split()[-1]) >= 1


async def test_stored_objects_build_and_process(server: ServerFactory) -> None:
    served = await server()
    await call(served, "POST", CONFIGMAPS, configmap("c"))
    assert await found(served, r'apiserver_storage_objects\{resource="configmaps"\} \d')
    assert await found(served, r'kubernetes_build_info\{.*git_version="v1.37.2"')
    assert await found(served, r"process_cpu_seconds_total \d")


def test_a_histogram_counts_what_is_not_greater() -> None:
    made = Histogram((0.5, 1))
    for value in (0.5, 0.7, 3):
        made.observe(value)
    shown = text(made.samples("x", {"a": 'q"'}), {"x": ("histogram", "Meaning.")})
    assert shown == (
        "# HELP x Meaning.\n# TYPE x histogram\n"
        'x_bucket{a="q\\"",le="0.5"} 1\nx_bucket{a="q\\"",le="1"} 2\nx_bucket{a="q\\"",le="+Inf"} 3\n'
        'x_sum{a="q\\""} 4.2\nx_count{a="q\\""} 3\n'
    )
