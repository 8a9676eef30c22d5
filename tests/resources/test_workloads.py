"""Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs and CronJobs."""

import copy
from typing import Any

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.apps import cron
from tests.resources.judging import changed, complaints, made, strategy, template


def workload(kind: str, **spec: Any) -> Json:
    version = "batch/v1" if kind == "Job" else "apps/v1"
    body = {"selector": {"matchLabels": {"app": "web"}}, "template": template()} | spec
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "web", "namespace": "default"}, "spec": body}


def test_defaults_of_a_deployment() -> None:
    spec = made("deployments.apps", workload("Deployment"))["spec"]
    assert (spec["replicas"], spec["revisionHistoryLimit"], spec["progressDeadlineSeconds"]) == (1, 10, 600)
    assert spec["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
    }
    assert spec["template"]["spec"]["restartPolicy"] == "Always"


def test_a_selector_must_select_its_template() -> None:
    wrong = workload("Deployment", selector={"matchLabels": {"app": "other"}})
    assert complaints("deployments.apps", wrong) == [
        'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'
    ]


def test_surge_and_unavailable_are_not_both_zero() -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "0%"}}
    (found,) = complaints("deployments.apps", workload("Deployment", strategy=rolling))
    assert found.endswith("may not be 0 when `maxSurge` is 0")


def test_recreate_has_no_rolling_parameters() -> None:
    rolling = {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}
    (found,) = complaints("deployments.apps", workload("Deployment", strategy=rolling))
    assert found == "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"


@pytest.mark.parametrize("resource", ["deployments.apps", "replicasets.apps", "daemonsets.apps"])
def test_selectors_are_fixed(resource: str) -> None:
    kind = {"deployments.apps": "Deployment", "replicasets.apps": "ReplicaSet", "daemonsets.apps": "DaemonSet"}[
        resource
    ]
    old = made(resource, workload(kind))
    new = copy.deepcopy(old)
    new["spec"]["selector"]["matchLabels"] = {"tier": "x"}
    new["spec"]["template"]["metadata"]["labels"] = {"tier": "x"}
    (found,) = changed(resource, old, new)
    assert found == 'spec.selector: Invalid value: {"matchLabels":{"tier":"x"}}: field is immutable'


def test_a_template_must_always_restart() -> None:
    bad = workload("ReplicaSet", template=template(restartPolicy="Never"))
    assert complaints("replicasets.apps", bad) == [
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'
    ]


def test_what_may_change_of_a_stateful_set() -> None:
    old = made("statefulsets.apps", workload("StatefulSet", serviceName="web"))
    new = copy.deepcopy(old)
    new["spec"]["replicas"] = 3
    assert changed("statefulsets.apps", old, new) == []
    new["spec"]["serviceName"] = "other"
    (found,) = changed("statefulsets.apps", old, new)
    assert found == 'spec.serviceName: Invalid value: "other": field is immutable'


def test_the_template_generation_of_a_daemon_set_counts_template_changes() -> None:
    key = "deprecated.daemonset.template.generation"
    old = made("daemonsets.apps", workload("DaemonSet"))
    assert old["metadata"]["annotations"][key] == "1"
    new = copy.deepcopy(old)
    new["spec"]["template"]["spec"]["containers"][0]["image"] = "nginx:1.28"
    strategy("daemonsets.apps").prepare_update(None, new, old)  # type: ignore[arg-type]
    assert new["metadata"]["annotations"][key] == "2"


def job(**spec: Any) -> Json:
    made_of = workload("Job", template=template(restartPolicy="Never")) | {}
    made_of["spec"] = {"template": made_of["spec"]["template"]} | spec
    return made_of


def test_a_job_labels_itself_and_its_pods() -> None:
    obj = made("jobs.batch", job())
    labels = obj["spec"]["template"]["metadata"]["labels"]
    assert labels["batch.kubernetes.io/job-name"] == labels["job-name"] == "web"
    assert labels["app"] == "web"
    assert obj["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": "u-1"}}
    assert obj["metadata"]["labels"] == labels
    assert (obj["spec"]["completions"], obj["spec"]["parallelism"], obj["spec"]["backoffLimit"]) == (1, 1, 6)


def test_an_indexed_job_needs_completions() -> None:
    (found,) = complaints("jobs.batch", job(completionMode="Indexed", parallelism=2))
    assert found == "spec.completions: Required value: when completion mode is Indexed"


def test_a_jobs_template_is_fixed() -> None:
    old = made("jobs.batch", job())
    new = copy.deepcopy(old)
    new["spec"]["template"]["spec"]["containers"][0]["image"] = "other"
    (found,) = changed("jobs.batch", old, new)
    assert found.startswith("spec.template: Invalid value: ")
    assert found.endswith("field is immutable")


def cron_job(**spec: Any) -> Json:
    body = {"schedule": "*/5 * * * *", "jobTemplate": {"spec": job()["spec"]}} | spec
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "c", "namespace": "default"},
        "spec": body,
    }


def test_cron_jobs() -> None:
    assert complaints("cronjobs.batch", cron_job()) == []
    spec = made("cronjobs.batch", cron_job())["spec"]
    assert (spec["concurrencyPolicy"], spec["suspend"]) == ("Allow", False)
    assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (3, 1)
    assert complaints("cronjobs.batch", cron_job(schedule="* * *")) == [
        'spec.schedule: Invalid value: "* * *": expected exactly 5 fields, found 3: [* * *]'
    ]
    (zone,) = complaints("cronjobs.batch", cron_job(timeZone="Nowhere/Town"))
    assert zone == 'spec.timeZone: Invalid value: "Nowhere/Town": unknown time zone Nowhere/Town'


@pytest.mark.parametrize("text", ["@daily", "0 9-17/2 * jan-mar mon", "TZ=UTC 1 2 3 4 *", "@every 90s", "? ? * * 0"])
def test_schedules_that_parse(text: str) -> None:
    cron.parse(text)


@pytest.mark.parametrize("text", ["", "61 * * * *", "* * * * * *", "@fortnightly", "a * * * *", "5-1 * * * *"])
def test_schedules_that_do_not(text: str) -> None:
    with pytest.raises(cron.CronError):
        cron.parse(text)


def test_rows() -> None:
    obj = made("deployments.apps", workload("Deployment", replicas=3))
    obj["status"] = {"readyReplicas": 1, "updatedReplicas": 2, "availableReplicas": 1}
    assert strategy("deployments.apps").row(obj, 0)[:4] == ["web", "1/3", 2, 1]
    assert strategy("deployments.apps").row(obj, 0)[5:] == ["web", "nginx:1.27", "app=web"]


def test_claim_templates_of_a_set_are_shown_as_the_server_holds_them() -> None:
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    spec = {"selector": {"matchLabels": {"app": "web"}}, "serviceName": "web", "template": template()}
    old = made(
        "statefulsets.apps",
        {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {"name": "s"},
            "spec": spec | {"volumeClaimTemplates": [claim]},
        },
    )
    new = copy.deepcopy(old)
    new["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"] = {}
    found = changed("statefulsets.apps", old, new)
    assert len(found) == 1
    assert found[0].startswith('spec.volumeClaimTemplates: Invalid value: [{"name":"data","Spec":{"AccessModes":')
