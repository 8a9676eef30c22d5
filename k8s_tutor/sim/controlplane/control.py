"""The practice cluster's own small API under ``/k8s-tutor/v1``: clock, snapshots, components, nodes, etcd, trace.

For providers and lessons that declare a need for it; not a part of Kubernetes. ``docs/practice-cluster-control.md``
describes it. Same token, only for ``system:masters``.
"""

import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import orjson

from k8s_tutor.apimachinery.times import rfc3339_micro
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.apiserver.http.message import Request, Response
from k8s_tutor.sim.controlplane.snapshots import Snapshots
from k8s_tutor.sim.machinery.status import ApiError, bad_request

if TYPE_CHECKING:
    from k8s_tutor.sim.apiserver.server import ApiServer

Done = Json | None
Handle = Callable[[list[str], Json], Awaitable[Done] | Done]
VERSION = "v1.37.2"
MAX_RATE = 60.0
KUBELET = "kubelet/"


class Control:
    """Answers ``/k8s-tutor/v1``.

    Args:
        server: the API server.
        snapshots: the cluster's snapshots.
        name: the cluster's name.
    """

    prefix = "/k8s-tutor/"

    def __init__(self, server: "ApiServer", snapshots: Snapshots, name: str) -> None:
        self._server = server
        self._cluster = server.cluster
        self._snapshots = snapshots
        self._name = name
        self._routes: dict[tuple[str, str], Handle] = {
            ("GET", "status"): self._status,
            ("GET", "clock"): self._clock,
            ("PUT", "clock"): self._set_clock,
            ("POST", "clock/advance"): self._advance,
            ("POST", "settle"): self._settle,
            ("GET", "snapshots"): self._list_snapshots,
            ("POST", "snapshots"): self._take_snapshot,
            ("POST", "snapshots/*/restore"): self._restore,
            ("DELETE", "snapshots/*"): self._drop_snapshot,
            ("POST", "reset"): self._reset,
            ("GET", "components"): self._components,
            ("PUT", "components/*"): self._set_component,
            ("PUT", "nodes/*"): self._set_node,
            ("POST", "nodes"): self._add_node,
            ("GET", "etcd"): self._etcd,
            ("PUT", "etcd/*"): self._set_member,
            ("GET", "trace"): self._trace,
        }

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        parts = request.path.removeprefix(self.prefix).strip("/").split("/")
        if parts[0] != "v1":
            raise ApiError(404, "NotFound", "the server could not find the requested resource", {})
        handle, values = self._find(request.method, parts[1:])
        body = orjson.loads(request.body) if request.body else {}
        if not isinstance(body, dict):
            raise bad_request("the body must be a JSON object")
        done = handle(values, body)
        value = await done if isinstance(done, Awaitable) else done
        return Response(200, orjson.dumps(value or {}))

    def _find(self, method: str, parts: list[str]) -> tuple[Handle, list[str]]:
        path = "/".join(parts)
        found = self._routes.get((method, path))
        if found is not None:
            return found, []
        for (wanted, pattern), handle in self._routes.items():
            steps = pattern.split("/")
            if wanted != method or "*" not in steps:
                continue
            if steps[-1] == "*":  # the last may hold slashes: kubelet/node1
                fits = parts[: len(steps) - 1] == steps[:-1] and len(parts) >= len(steps)
                if fits:
                    return handle, ["/".join(parts[len(steps) - 1 :])]
            elif len(steps) == len(parts) and all(s in {"*", p} for s, p in zip(steps, parts, strict=True)):
                return handle, [p for s, p in zip(steps, parts, strict=True) if s == "*"]
        raise ApiError(404, "NotFound", "the server could not find the requested resource", {})

    # -- state and time

    def _status(self, _: list[str], __: Json) -> Json:
        clock, shape = self._cluster.clock, self._cluster.shape
        return {
            "name": self._name,
            "version": VERSION,
            "nodes": shape.nodes,
            "bare": shape.bare,
            "port": self._server.port,
            "pid": os.getpid(),
            "now": rfc3339_micro(clock.now()),
            "rate": clock.rate,
            "start_latency": self._cluster.start_latency,
        }

    def _clock(self, _: list[str], __: Json) -> Json:
        return {"now": rfc3339_micro(self._cluster.clock.now()), "rate": self._cluster.clock.rate}

    def _set_clock(self, _: list[str], body: Json) -> Json:
        self._cluster.clock.set_rate(_number(body, "rate", 0, MAX_RATE))
        return self._clock([], {})

    async def _advance(self, _: list[str], body: Json) -> Json:
        await self._cluster.clock.advance(_number(body, "seconds", 0, 366 * 86400))
        self._cluster.store.commit()
        return self._clock([], {})

    async def _settle(self, _: list[str], __: Json) -> Json:
        await self._cluster.clock.settle()
        return self._clock([], {})

    # -- snapshots

    def _list_snapshots(self, _: list[str], __: Json) -> Json:
        return {"items": [{"id": name, "created": created} for name, created in self._snapshots.list()]}

    def _take_snapshot(self, _: list[str], __: Json) -> Json:
        return {"id": self._snapshots.take()}

    async def _restore(self, values: list[str], _: Json) -> Json:
        if not await self._snapshots.restore(values[0]):
            raise _unknown("snapshots", values[0])
        return self._clock([], {})

    def _drop_snapshot(self, values: list[str], _: Json) -> Json:
        if not self._snapshots.drop(values[0]):
            raise _unknown("snapshots", values[0])
        return {}

    async def _reset(self, _: list[str], __: Json) -> Json:
        await self._snapshots.reset()
        return self._clock([], {})

    # -- components and nodes

    def _components(self, _: list[str], __: Json) -> Json:
        components = self._cluster.components
        return {"items": [{"name": name, "running": components.running(name)} for name in components.names()]}

    def _set_component(self, values: list[str], body: Json) -> Json:
        name = values[0]
        if name not in self._cluster.components.names():
            raise _unknown("components", name)
        self._cluster.set_component(name, running=_flag(body, "running"))
        return {"name": name, "running": self._cluster.components.running(name)}

    def _set_node(self, values: list[str], body: Json) -> Json:
        name = f"{KUBELET}{values[0]}"
        if name not in self._cluster.components.names():
            raise _unknown("nodes", values[0])
        running = _flag(body, "running")
        self._cluster.set_node(values[0], running=running)
        return {"name": values[0], "running": running}

    def _add_node(self, _: list[str], body: Json) -> Json:
        from k8s_tutor.sim.shape import NodeShape

        name = body.get("name")
        if not isinstance(name, str) or not name:
            raise bad_request("name must be a text")
        if f"{KUBELET}{name}" in self._cluster.components.names():
            raise ApiError(409, "AlreadyExists", f'nodes "{name}" already exists')
        self._cluster.add_node(NodeShape(name))
        self._cluster.components.start(f"{KUBELET}{name}")
        return {"name": name, "running": True}

    # -- etcd and the way of a request

    def _etcd(self, _: list[str], __: Json) -> Json:
        return self._cluster.etcd.describe()

    def _set_member(self, values: list[str], body: Json) -> Json:
        etcd = self._cluster.etcd
        if values[0] == "size":
            etcd.resize(int(_number(body, "members", 1, 5)))
        elif not etcd.set_running(values[0], running=_flag(body, "running")):
            raise _unknown("etcd", values[0])
        return etcd.describe()

    def _trace(self, _: list[str], __: Json) -> Json:
        return {"items": self._cluster.trace.items()}


def _unknown(what: str, name: str) -> ApiError:
    return ApiError(404, "NotFound", f'{what} "{name}" not found', {"name": name, "kind": what})


def _number(body: Json, key: str, low: float, high: float) -> float:
    value = body.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise bad_request(f"{key} must be a number between {low:g} and {high:g}")
    return float(value)


def _flag(body: Json, key: str) -> bool:
    value = body.get(key)
    if not isinstance(value, bool):
        raise bad_request(f"{key} must be true or false")
    return value
