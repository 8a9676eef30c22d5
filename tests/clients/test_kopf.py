"""kopf: an operator over a custom resource, run as its users run it, in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.conftest import HERE, Kubectl, Practice, until

OPERATOR = HERE / "operator_of_lamps.py"
CRD = """apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: lamps.light.example}
spec:
  group: light.example
  scope: Namespaced
  names: {plural: lamps, singular: lamp, kind: Lamp}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns:
    - {name: Lit, type: string, jsonPath: .status.lit}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {watts: {type: integer}}}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
"""
LAMP = "apiVersion: light.example/v1\nkind: Lamp\nmetadata: {name: desk}\nspec: {watts: 40}\n"


@pytest.fixture
def operator(practice: Practice, kubectl: Kubectl, namespace: str, tmp_path: Path) -> Iterator[Path]:
    """The operator, watching the test's namespace; yields its log."""
    kubectl("apply", "--server-side", "-f", "-", stdin=CRD)
    kubectl("wait", "crd/lamps.light.example", "--for=condition=Established", "--timeout=20s")
    log = tmp_path / "operator.log"
    command = [sys.executable, "-m", "kopf", "run", str(OPERATOR), "-n", namespace, "--standalone"]
    environment = {"KUBECONFIG": str(practice.kubeconfig), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output, env=environment) as process:
        yield log
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()


def test_a_lamp_s_life(operator: Path, kubectl: Kubectl) -> None:
    def shown(path: str) -> str:
        return kubectl("get", "lamp", "desk", "-o", f"jsonpath={{{path}}}")

    kubectl("create", "-f", "-", stdin=LAMP)
    until(lambda: shown(".status.lit") == "with 40 W")
    assert shown(".metadata.finalizers") == '["kopf.zalando.org/KopfFinalizerMarker"]'
    until(lambda: kubectl("get", "configmap", "desk-bulb", "-o", "jsonpath={.data.watts}", code=None) == "40")
    kubectl("patch", "lamp", "desk", "--type=merge", "-p", '{"spec":{"watts":60}}')
    until(lambda: shown(".status.lit") == "with 60 W")
    until(lambda: int(shown(".status.ticks") or 0) >= 2)
    until(lambda: "bulb" in kubectl("get", "events", "-o", "jsonpath={.items[*].message}"))
    kubectl("delete", "lamp", "desk", "--timeout=30s")
    until(lambda: "desk-bulb" not in kubectl("get", "configmaps", "-o", "name"))
    said = operator.read_text()
    assert "the lamp desk goes out" in said
    assert "Traceback" not in said
