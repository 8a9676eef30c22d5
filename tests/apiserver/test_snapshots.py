"""Snapshot and restore of a whole cluster, as watchers see it."""

from typing import TYPE_CHECKING

from k8s_tutor.sim.controlplane.snapshots import Snapshots
from tests.conftest import ClusterFactory

if TYPE_CHECKING:
    from k8s_tutor.sim.machinery.store import Event


async def test_a_restore_is_seen_as_ordinary_changes(cluster: ClusterFactory) -> None:
    made = await cluster()
    client = made.client("admin", "test")
    for name in ("kept", "changed", "deleted"):
        client.create("configmaps", {"metadata": {"name": name, "namespace": "default"}, "data": {"a": "1"}})
    snapshots = Snapshots(made, None)
    identifier = snapshots.take()
    client.change("configmaps", "default", "changed", lambda obj: obj["data"].update(a="2"))
    client.delete("configmaps", "deleted", "default")
    client.create("configmaps", {"metadata": {"name": "new", "namespace": "default"}})
    await made.clock.settle()
    version = made.store.revision
    seen: list[Event] = []
    made.store.subscribe("configmaps", seen.append)
    assert await snapshots.restore(identifier)
    shown = {(event.type, event.obj["metadata"]["name"]) for event in seen}
    assert shown == {("MODIFIED", "changed"), ("ADDED", "deleted"), ("DELETED", "new")}
    assert all(event.entry.revision > version for event in seen)


async def test_the_clock_returns(cluster: ClusterFactory) -> None:
    made = await cluster()
    snapshots = Snapshots(made, None)
    identifier, then = snapshots.take(), made.clock.now()
    await made.clock.advance(1000)
    await snapshots.restore(identifier)
    assert made.clock.now() == then


async def test_controllers_work_after_a_restore(cluster: ClusterFactory) -> None:
    made = await cluster()
    client = made.client("admin", "test")
    snapshots = Snapshots(made, None)
    identifier = snapshots.take()
    await snapshots.restore(identifier)
    client.create("namespaces", {"metadata": {"name": "later"}})
    await made.clock.settle()
    assert client.get("serviceaccounts", "default", "later") is not None


async def test_reset_leaves_a_fresh_cluster(cluster: ClusterFactory) -> None:
    made = await cluster()
    client = made.client("admin", "test")
    client.create("namespaces", {"metadata": {"name": "mine"}})
    await Snapshots(made, None).reset()
    names = {obj["metadata"]["name"] for obj in client.list("namespaces")}
    assert names == {"default", "kube-node-lease", "kube-public", "kube-system"}
    assert client.get("serviceaccounts", "default", "default") is not None


async def test_an_unknown_snapshot(cluster: ClusterFactory) -> None:
    assert not await Snapshots(await cluster(), None).restore("7")
