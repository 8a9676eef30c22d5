"""Jobs' indexes, policies and back-off, as pure functions."""

from typing import Any

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.controllers import job_indexes
from k8s_tutor.sim.controllers.job_policies import Backoff, is_failed, judge_failure, judge_success, restarts_exceeded


@pytest.mark.parametrize(
    ("indexes", "text"), [(set(), ""), ({0}, "0"), ({0, 1}, "0,1"), ({0, 1, 2}, "0-2"), ({1, 3, 4, 5, 9}, "1,3-5,9")]
)
def test_indexes(indexes: set[int], text: str) -> None:
    assert job_indexes.spell(indexes) == text
    assert job_indexes.parse(text, 10) == indexes


def test_indexes_beyond_the_completions_do_not_count() -> None:
    assert job_indexes.parse("0-9", 4) == {0, 1, 2, 3}
    assert job_indexes.first_pending(2, 5, {0, 2}) == [1, 3]


def pod(code: int = 0, phase: str = "Failed", at: int = 0, **meta: Any) -> Json:
    ended = {"exitCode": code, "finishedAt": f"2027-01-15T08:00:{at:02}Z"}
    status = {"phase": phase, "containerStatuses": [{"name": "main", "state": {"terminated": ended}}]}
    return {"metadata": {"name": "j-1", "namespace": "x", **meta}, "spec": {"containers": []}, "status": status}


def test_failure_policy_takes_the_first_rule_that_matches() -> None:
    policy = {
        "rules": [
            {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]},
            {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42], "containerName": "main"}},
            {"action": "Count", "onExitCodes": {"operator": "NotIn", "values": [1]}},
        ]
    }
    assert judge_failure(policy, pod(42)).message == (
        "Container main for pod x/j-1 failed with exit code 42 matching FailJob rule at index 1"
    )
    assert judge_failure(policy, pod(2)).action == "Count"
    assert judge_failure(policy, pod(1)).action == ""
    disrupted = pod(137)
    disrupted["status"]["conditions"] = [{"type": "DisruptionTarget", "status": "True"}]
    assert not judge_failure(policy, disrupted).counts


def test_success_policy() -> None:
    policy = {"rules": [{"succeededIndexes": "0-2", "succeededCount": 2}, {"succeededCount": 4}]}
    assert judge_success(policy, 5, {0}) == ""
    assert judge_success(policy, 5, {0, 2}) == "Matched rules at index 0"
    assert judge_success(policy, 5, {0, 3, 4}) == ""
    assert judge_success({"rules": [{"succeededCount": 3}]}, 5, {0, 3, 4}) == "Matched rules at index 0"


def test_backoff_doubles_and_is_forgotten_after_a_success() -> None:
    record = Backoff().after([], [pod(1, at=0)])
    ended = record.last or 0.0
    assert record.remaining(ended + 4) == 6
    record = record.after([], [pod(1, at=30)])
    assert record.remaining(ended + 30) == 20
    assert Backoff(30, ended).remaining(ended) == 600
    assert record.after([pod(0, "Succeeded", at=40)], []).remaining(ended + 40) == 0


def test_a_pod_being_deleted_fails_unless_only_failed_ones_are_replaced() -> None:
    going = pod(phase="Running", deletionTimestamp="2027-01-15T08:00:00Z")
    assert is_failed(going, only_failed=False)
    assert not is_failed(going, only_failed=True)


def test_restarts_in_place_count_against_the_limit() -> None:
    job = {"spec": {"backoffLimit": 2, "template": {"spec": {"restartPolicy": "OnFailure"}}}}
    running = {"status": {"phase": "Running", "containerStatuses": [{"name": "a", "restartCount": 2}]}}
    assert restarts_exceeded(job, [running])
    assert not restarts_exceeded(job | {"spec": job["spec"] | {"backoffLimit": 3}}, [running])
