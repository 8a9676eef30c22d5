"""Takes a ResourceClaim back from pods that are gone or done, and its devices with the last of them (``syncClaim``).

A claim that was made for one pod goes with it. The finalizer keeps a claim that is deleted until nobody uses it.
"""

from collections.abc import Sequence

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers.pods import is_finished, is_terminating
from k8s_tutor.sim.machinery.meta import controller_of
from k8s_tutor.sim.registry.client import LocalClient
from k8s_tutor.sim.scheduler.devices.claims import CLAIMS, FINALIZER, allocation_of, consumers


def release(client: LocalClient, namespace: str, name: str) -> None:
    """Release a claim as far as it is no longer in use."""
    claim = client.get(CLAIMS, name, namespace)
    if claim is None:
        return
    users = [one for one in consumers(claim) if _is_in_use(client, namespace, one)]
    protected = FINALIZER in (claim["metadata"].get("finalizers") or ())
    if len(users) < len(consumers(claim)):
        claim = _keep(client, claim, users, deallocate=protected and not users)
        if protected and allocation_of(claim) is None:
            _unprotect(client, claim)
    elif protected and is_terminating(claim) and not users:
        if allocation_of(claim) is not None:
            claim = _keep(client, claim, (), deallocate=True)
        _unprotect(client, claim)
    if not users:
        _delete_with_pod(client, claim)


def _is_in_use(client: LocalClient, namespace: str, consumer: Json) -> bool:
    if consumer.get("apiGroup") or consumer["resource"] != "pods":
        return True
    pod = client.get("pods", consumer["name"], namespace)
    return pod is not None and pod["metadata"]["uid"] == consumer["uid"] and not _is_done(pod)


def _is_done(pod: Json) -> bool:
    return is_finished(pod) or (is_terminating(pod) and not pod["spec"].get("nodeName"))


def _keep(client: LocalClient, claim: Json, users: Sequence[Json], *, deallocate: bool) -> Json:
    def change(obj: Json) -> None:
        status = obj.setdefault("status", {})
        if users:
            status["reservedFor"] = list(users)
        else:
            status.pop("reservedFor", None)
        if deallocate:
            status.pop("allocation", None)

    meta = claim["metadata"]
    return client.change(CLAIMS, meta["namespace"], meta["name"], change, "status")


def _unprotect(client: LocalClient, claim: Json) -> None:
    def change(obj: Json) -> None:
        finalizers = [item for item in obj["metadata"].get("finalizers") or () if item != FINALIZER]
        obj["metadata"]["finalizers"] = finalizers

    meta = claim["metadata"]
    client.change(CLAIMS, meta["namespace"], meta["name"], change)


def _delete_with_pod(client: LocalClient, claim: Json) -> None:
    """Delete a claim that was made for a pod which is done; that of a deleted pod is left to the garbage collector."""
    meta, owner = claim["metadata"], controller_of(claim)
    if owner is None or owner.get("kind") != "Pod":
        return
    pod = client.get("pods", owner["name"], meta["namespace"])
    gone = pod is not None and (pod["metadata"]["uid"] != owner["uid"] or _is_done(pod))
    if gone and client.get(CLAIMS, meta["name"], meta["namespace"]) is not None:
        client.delete(CLAIMS, meta["name"], meta["namespace"])
