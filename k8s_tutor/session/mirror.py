"""A live copy of what the cluster views show: one thread a resource follows it, and listeners hear of changes.

Resources are followed from the moment somebody asks for them. Changes are told at most every 50 ms, so that a rollout
of a hundred pods costs a handful of repaints.
"""

import threading
from collections.abc import Callable
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.client import ApiError, Client
from k8s_tutor.errors import TutorError

PATHS = {
    "namespaces": "/api/v1/namespaces",
    "nodes": "/api/v1/nodes",
    "pods": "/api/v1/pods",
    "services": "/api/v1/services",
    "events": "/api/v1/events",
    "endpointslices": "/apis/discovery.k8s.io/v1/endpointslices",
    "deployments": "/apis/apps/v1/deployments",
    "replicasets": "/apis/apps/v1/replicasets",
    "statefulsets": "/apis/apps/v1/statefulsets",
    "daemonsets": "/apis/apps/v1/daemonsets",
    "jobs": "/apis/batch/v1/jobs",
    "cronjobs": "/apis/batch/v1/cronjobs",
}
TOLD_EVERY = 0.05
RETRY_SECONDS = 1.0


class ClusterMirror:
    """Follows resources of one cluster.

    Args:
        client: to the cluster; used from the mirror's own threads.
        changed: called from a mirror thread after something changed.
    """

    def __init__(self, client: Client, changed: Callable[[], None]) -> None:
        self._client = client
        self._changed = changed
        self._objects: dict[str, dict[str, Json]] = {}
        self._followers: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._dirty = threading.Event()
        self._teller: threading.Thread | None = None

    def follow(self, *resources: str) -> None:
        """Begin to follow resources (keys of ``PATHS``) that are not followed yet."""
        for resource in resources:
            with self._lock:
                if resource in self._objects or self._closed.is_set():
                    continue
                self._objects[resource] = {}
            self._thread(self._run, resource)
        if self._teller is None:
            self._teller = self._thread(self._tell)

    def objects(self, resource: str) -> list[Json]:
        """Return the objects as last seen, by namespace and name."""
        with self._lock:
            found = list(self._objects.get(resource, {}).values())
        return sorted(found, key=lambda obj: (obj["metadata"].get("namespace", ""), obj["metadata"]["name"]))

    def now(self) -> float:
        """Return the cluster's time, seconds since the epoch."""
        return self._client.now().timestamp()

    def close(self) -> None:
        """Stop all threads."""
        self._closed.set()
        self._dirty.set()
        with self._lock:
            followers = list(self._followers.values())
        for follower in followers:
            follower.close()

    def _thread(self, work: Callable[..., None], *arguments: str) -> threading.Thread:
        thread = threading.Thread(target=work, args=arguments, daemon=True, name=f"mirror {' '.join(arguments)}")
        thread.start()
        return thread

    def _run(self, resource: str) -> None:
        while not self._closed.is_set():
            follower = self._client.follow(PATHS[resource])
            with self._lock:
                self._followers[resource] = follower
            try:
                for event in follower:
                    self._take(resource, event.type, event.object)
            except (ApiError, TutorError):
                pass  # the session tells of a lost cluster; the mirror only tries again
            if not self._closed.wait(RETRY_SECONDS):
                with self._lock:
                    self._objects[resource] = {}

    def _take(self, resource: str, kind: str, obj: Json) -> None:
        key = f"{obj['metadata'].get('namespace', '')}/{obj['metadata'].get('name', '')}"
        with self._lock:
            if kind == "DELETED":
                self._objects[resource].pop(key, None)
            else:
                self._objects[resource][key] = obj
        self._dirty.set()

    def _tell(self) -> None:
        while True:
            self._dirty.wait()
            if self._closed.is_set():
                return
            self._dirty.clear()
            self._changed()
            self._closed.wait(TOLD_EVERY)
