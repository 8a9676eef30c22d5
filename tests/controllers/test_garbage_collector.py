"""Owners and dependents that are knotted together, in virtual time."""

from collections.abc import Awaitable, Callable

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.cluster import Cluster
from tests.controllers.test_small_controllers import config_map, ready

Make = Callable[..., Awaitable[Cluster]]


def owned_by(owner: Json) -> Callable[[Json], None]:
    def change(obj: Json) -> None:
        obj["metadata"]["ownerReferences"] = config_map("", owner, blockOwnerDeletion=True)["metadata"][
            "ownerReferences"
        ]

    return change


@pytest.mark.parametrize("size", [2, 3, 5])
async def test_a_circle_of_owners_that_block_is_deleted(cluster: Make, size: int) -> None:
    client, clock, _ = await ready(cluster, nodes=0)
    made = [client.create("configmaps", config_map(f"c{number}")) for number in range(size)]
    for number in range(size):
        client.change("configmaps", "x", f"c{number}", owned_by(made[number - 1]))
    await clock.advance(1)
    client.delete("configmaps", "c0", "x", propagation="Foreground")
    await clock.advance(5)
    assert [
        obj["metadata"]["name"] for obj in client.list("configmaps", "x") if obj["metadata"]["name"][0] == "c"
    ] == []
