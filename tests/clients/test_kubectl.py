"""The real kubectl over everyday verbs, against a cluster process whose clock runs."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import Kubectl, Practice

WEB = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: nginx, image: 'nginx:1.27', ports: [{containerPort: 80}]}
"""


@pytest.fixture
def web(kubectl: Kubectl) -> str:
    """A Deployment that is ready."""
    assert kubectl("apply", "-f", "-", stdin=WEB) == "deployment.apps/web created\n"
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    return "deployment/web"


def test_a_deployment_s_life(kubectl: Kubectl, web: str) -> None:
    assert kubectl("apply", "-f", "-", stdin=WEB) == "deployment.apps/web unchanged\n"
    changed = WEB.replace("1.27", "1.28")
    assert "-        - image: nginx:1.27" not in kubectl("diff", "-f", "-", stdin=WEB)
    assert "nginx:1.28" in kubectl("diff", "-f", "-", stdin=changed, code=1)
    kubectl("apply", "-f", "-", stdin=changed)
    kubectl("rollout", "status", web, "--timeout=30s")
    assert kubectl("rollout", "history", web).count("<none>") == 2
    assert kubectl("rollout", "undo", web) == "deployment.apps/web rolled back\n"
    kubectl("rollout", "status", web, "--timeout=30s")
    assert kubectl("get", web, "-o", "jsonpath={..image}") == "nginx:1.27"
    assert kubectl("set", "image", web, "nginx=nginx:1.28") == "deployment.apps/web image updated\n"
    assert kubectl("scale", web, "--replicas=3") == "deployment.apps/web scaled\n"
    kubectl("rollout", "restart", web)
    kubectl("rollout", "status", web, "--timeout=30s")
    assert kubectl("wait", web, "--for=jsonpath={.status.readyReplicas}=3", "--timeout=30s").endswith("condition met\n")
    kubectl("autoscale", web, "--min=1", "--max=4", "--cpu=80%")
    assert kubectl("delete", web, "hpa/web").splitlines() == [
        line.format(kubectl("get", "sa", "default", "-o", "jsonpath={.metadata.namespace}"))
        for line in (
            'deployment.apps "web" deleted from {} namespace',
            'horizontalpodautoscaler.autoscaling "web" deleted from {} namespace',
        )
    ]


def test_looking_into_pods(kubectl: Kubectl, web: str, tmp_path: Path) -> None:
    assert kubectl("exec", web, "--", "echo", "hello") == "hello\n"
    assert kubectl("exec", "-i", web, "--", "cat", stdin="through") == "through"
    assert "command terminated with exit code 3" in kubectl("exec", web, "--", "sh", "-c", "exit 3", code=3)
    pod = kubectl("get", "pods", "-o", "jsonpath={.items[0].metadata.name}")
    (tmp_path / "here").write_text("copied\n")
    kubectl("cp", str(tmp_path / "here"), f"{pod}:/tmp/there")
    kubectl("cp", f"{pod}:/tmp/there", str(tmp_path / "back"))
    assert (tmp_path / "back").read_text() == "copied\n"
    assert "start worker process" in kubectl("logs", web)
    said = kubectl("describe", "pod", pod)
    assert "Started" in said
    assert "QoS Class:" in said
    assert "nginx" in kubectl("debug", pod, "--image=busybox:1.36", "--target=nginx", "-i", "--", "ps", code=None)
    table = kubectl("get", "pods", "-o", "wide", "--show-labels").splitlines()
    assert table[0].split()[:5] == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert all(line.split()[1:3] == ["1/1", "Running"] for line in table[1:])


def test_short_ways_of_making_things(kubectl: Kubectl, web: str) -> None:
    made = [
        ("configmap", "c", "--from-literal=a=b"),
        ("secret", "generic", "s", "--from-literal=a=b"),
        ("serviceaccount", "sa"),
        ("role", "r", "--verb=get", "--resource=pods"),
        ("rolebinding", "rb", "--role=r", "--serviceaccount=x:sa"),
        ("job", "j", "--image=busybox:1.36", "--", "true"),
        ("cronjob", "cj", "--image=busybox:1.36", "--schedule=* * * * *", "--", "true"),
        ("ingress", "i", "--rule=x.example/*=web:80"),
        ("quota", "q", "--hard=pods=20"),
        ("poddisruptionbudget", "pdb", "--selector=app=web", "--min-available=1"),
        ("service", "clusterip", "svc", "--tcp=80"),
    ]
    for words in made:
        assert kubectl("create", *words).endswith(" created\n")
    assert kubectl("expose", web, "--port=80") == "service/web exposed\n"
    assert kubectl(
        "run", "asks", "--image=busybox:1.36", "--restart=Never", "--", "wget", "-qO-", "http://web"
    ).endswith("created\n")
    kubectl("wait", "pod/asks", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=30s")
    assert "Welcome to nginx!" in kubectl("logs", "asks")
    kubectl("wait", "job/j", "--for=condition=Complete", "--timeout=30s")
    assert len(kubectl("create", "token", "sa").split(".")) == 3
    assert kubectl("auth", "can-i", "get", "pods") == "yes\n"
    assert kubectl("auth", "can-i", "get", "pods", "--as=nobody", code=1) == "no\n"
    assert kubectl("label", "pod", "asks", "a=b") == "pod/asks labeled\n"
    assert kubectl("annotate", "pod", "asks", "a=b") == "pod/asks annotated\n"
    assert "asks" in kubectl("events", "--for=pod/asks")
    assert kubectl("replace", "--force", "-f", "-", stdin=kubectl("get", "cm", "c", "-o", "yaml")).endswith(
        "replaced\n"
    )


def test_pages_about_the_cluster(kubectl: Kubectl, practice: Practice) -> None:
    assert kubectl("get", "--raw", "/readyz") == "ok"
    assert "is running at" in kubectl("cluster-info")
    version = json.loads(kubectl("version", "-o", "json"))
    assert version["serverVersion"]["minor"] == "37"
    assert "deployments" in kubectl("api-resources", "--api-group=apps", "-o", "name")
    assert "apps/v1" in kubectl("api-versions").split()
    assert "FIELD: containers" in kubectl("explain", "pod.spec.containers")
    assert "CPU(cores)" in kubectl("top", "nodes")
    node = kubectl("get", "nodes", "-o", "jsonpath={.items[-1].metadata.name}")
    assert kubectl("cordon", node).endswith("cordoned\n")
    assert "SchedulingDisabled" in kubectl("get", "node", node)
    kubectl("uncordon", node)
    assert kubectl("taint", "node", node, "a=b:PreferNoSchedule").endswith("tainted\n")
    kubectl("taint", "node", node, "a-")


def test_watching(practice: Practice, kubectl_program: Path, kubectl: Kubectl, namespace: str) -> None:
    command = [str(kubectl_program), "-n", namespace, "get", "configmaps", "-w", "-o", "name"]
    command += ["--kubeconfig", str(practice.kubeconfig)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "configmap/kube-root-ca.crt\n"
        kubectl("create", "configmap", "news")
        assert process.stdout.readline() == "configmap/news\n"
        process.terminate()


def test_applying_on_the_server(kubectl: Kubectl) -> None:
    note = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: note}\ndata: {a: '1'}\n"
    assert kubectl("apply", "--server-side", "-f", "-", stdin=note).endswith("serverside-applied\n")
    kubectl("patch", "configmap", "note", "--type=json", "-p", '[{"op":"replace","path":"/data/a","value":"2"}]')
    conflict = kubectl("apply", "--server-side", "-f", "-", stdin=note, code=1)
    assert 'conflict with "kubectl-patch"' in conflict
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=note)
    assert kubectl("get", "cm", "note", "-o", "jsonpath={.data.a}") == "1"
    pruned = kubectl("apply", "-f", "-", "--dry-run=server", stdin=note)
    assert pruned.endswith("(server dry run)\n")
    assert kubectl("kustomize", "--help").startswith("Build a set")
