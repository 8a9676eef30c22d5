"""Helm: the life of a release, with hooks, a test, custom resources and everything charts usually hold."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import HERE, Kubectl, Practice

CHART = HERE / "chart"
KINDS = {
    "ConfigMap",
    "Secret",
    "Stall",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "Deployment",
    "Service",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "Ingress",
}


class Helm:
    """Helm in the test's namespace."""

    def __init__(self, program: Path, practice: Practice, namespace: str) -> None:
        self.program = program
        self.practice = practice
        self.namespace = namespace

    def __call__(self, *arguments: str, code: int | None = 0) -> str:
        return self.practice.run(self.program, "--namespace", self.namespace, *arguments, code=code)

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "-o", "json"))


@pytest.fixture
def release(helm: Path, practice: Practice, namespace: str) -> Helm:
    """The chart, installed and waited for as ``shop``."""
    run = Helm(helm, practice, namespace)
    run("install", "shop", str(CHART), "--wait", "--timeout", "60s")
    return run


def test_install_waits_until_all_is_ready(release: Helm, kubectl: Kubectl) -> None:
    assert kubectl("get", "deployment", "shop", "-o", "jsonpath={.status.readyReplicas}") == "2"
    assert kubectl("logs", "job/shop-migrate") == "migrated hello\n"
    assert kubectl("get", "stalls", "shop", "-o", "jsonpath={.spec.goods}") == '["pears","hello"]'
    status = release.json("status", "shop")
    assert status["info"]["status"] == "deployed"
    assert status["info"]["notes"] == "The shop shop says hello.\n"
    assert [one["name"] for one in release.json("list")] == ["shop"]


def test_upgrade_history_and_rollback(release: Helm, kubectl: Kubectl) -> None:
    release("upgrade", "shop", str(CHART), "--set", "greeting=bye", "--wait", "--timeout", "60s")
    assert release.json("get", "values", "shop") == {"greeting": "bye"}
    assert kubectl("get", "configmap", "shop", "-o", "jsonpath={.data.greeting}") == "bye"
    release("rollback", "shop", "1", "--wait", "--timeout", "60s")
    assert kubectl("get", "configmap", "shop", "-o", "jsonpath={.data.greeting}") == "hello"
    history = release.json("history", "shop")
    assert [(one["revision"], one["status"]) for one in history] == [
        (1, "superseded"),
        (2, "superseded"),
        (3, "deployed"),
    ]
    assert "Rollback to 1" in history[2]["description"]


def test_the_chart_s_own_test_runs_in_the_cluster(release: Helm) -> None:
    said = release("test", "shop", "--logs", "--timeout", "60s")
    assert "Phase:          Succeeded" in said
    assert "Welcome to nginx!" in said


def test_uninstall_takes_everything_but_the_definition(release: Helm, kubectl: Kubectl) -> None:
    assert release("uninstall", "shop", "--wait", "--timeout", "60s") == 'release "shop" uninstalled\n'
    mine = "app.kubernetes.io/instance=shop"
    kubectl("wait", "--for=delete", "pod", "-l", mine, "--timeout=60s")  # they end in the background
    assert kubectl("get", "all,cm,secret,ingress,pdb,hpa,role,rolebinding,stalls", "-l", f"{mine}", "-o", "name") in {
        "",
        "job.batch/shop-migrate\n",
    }
    assert "stalls.market.example" in kubectl("get", "crd", "-o", "name")
    assert release.json("list") == []


def test_a_failing_upgrade_is_a_failed_revision(release: Helm) -> None:
    said = release("upgrade", "shop", str(CHART), "--set", "replicas=-1", code=1)
    assert "spec.replicas: Invalid value: -1: must be greater than or equal to 0" in said
    assert [one["status"] for one in release.json("history", "shop")] == ["deployed", "failed"]


def test_template_and_a_dry_run_on_the_server_agree(
    helm: Path, practice: Practice, namespace: str, kubectl: Kubectl
) -> None:
    run = Helm(helm, practice, namespace)
    kubectl("apply", "--server-side", "-f", str(CHART / "crds"))
    printed = run("template", "shop", str(CHART), "--no-hooks")
    tried = run.json("install", "shop", str(CHART), "--dry-run=server")["manifest"]
    for text in (printed, tried):
        assert {line.removeprefix("kind: ") for line in text.splitlines() if line.startswith("kind: ")} == KINDS
    assert run.json("list") == []
    assert kubectl("get", "deployments", "-o", "name") == ""
