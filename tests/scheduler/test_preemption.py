"""Which pods have to go."""

from k8s_tutor.sim.scheduler.algorithm import Unschedulable
from k8s_tutor.sim.scheduler.podinfo import PodInfo
from k8s_tutor.sim.scheduler.preemption import Candidate, pick, split_by_budget
from tests.scheduler.places import Places


def found(places: Places, pod: PodInfo) -> Candidate:
    result = places.algorithm.schedule(pod)
    assert isinstance(result, Unschedulable)
    assert result.preempt is not None
    return result.preempt


async def test_as_few_as_possible_go_the_least_important_first(places: Places) -> None:
    places.node("n", cpu="3")
    for name, priority in (("a", 1), ("b", 2), ("c", 3)):
        places.run("n", name=name, priority=priority, requests={"cpu": "1"})
    candidate = found(places, places.pod(priority=10, requests={"cpu": "1"}))
    assert [victim.name for victim in candidate.victims] == ["a"]


async def test_the_message_names_node_and_number(places: Places) -> None:
    places.node("n", cpu="1")
    places.run("n", requests={"cpu": "1"})
    assert places.decide(places.pod(priority=10, requests={"cpu": "1"})) == (
        "0/1 nodes are available: 1 Insufficient cpu. "
        "preemption: found a potential placement for pod on node n, preempting 1 victims"
    )


async def test_not_by_a_pod_that_never_preempts(places: Places) -> None:
    places.node("n", cpu="1")
    places.run("n", requests={"cpu": "1"})
    refused = places.decide(places.pod(priority=10, preemptionPolicy="Never", requests={"cpu": "1"}))
    assert refused.endswith("preemption: not eligible due to preemptionPolicy=Never.")


async def test_the_node_with_the_least_important_victim(places: Places) -> None:
    for name, priority in (("high", 5), ("low", 1)):
        places.node(name, cpu="1")
        places.run(name, priority=priority, requests={"cpu": "1"})
    assert found(places, places.pod(priority=10, requests={"cpu": "1"})).node == "low"


async def test_ties_go_to_the_pods_that_started_last(places: Places) -> None:
    def candidate(name: str, start: str) -> Candidate:
        victim = places.pod()
        victim.pod["status"] = {"startTime": start}
        return Candidate(name, [victim], 0)

    old, new = candidate("old", "2027-01-01T00:00:00Z"), candidate("new", "2027-01-02T00:00:00Z")
    assert pick([old, new]).node == "new"


async def test_budgets_protect(places: Places) -> None:
    budget = {
        "metadata": {"namespace": "x"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}},
        "status": {"disruptionsAllowed": 1},
    }
    pods = [places.pod(labels={"app": "web"}), places.pod(labels={"app": "web"}), places.pod(labels={"app": "db"})]
    violating, free = split_by_budget(pods, [budget])
    assert (violating, free) == ([pods[1]], [pods[0], pods[2]])
