"""The same commands with the real kubectl and with ours, on the same cluster: same words, columns and exit codes."""

import asyncio
import shlex
from pathlib import Path

import pytest

from tests.conftest import Kubectl, ServerFactory
from tests.kubectl.conftest import Ours

MANIFEST = """
apiVersion: v1
kind: Namespace
metadata: {name: team, labels: {a: b}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: cm, namespace: team}
data: {a: "1", b: "line1\\nline2\\n"}
binaryData: {bin: AAEC}
---
apiVersion: v1
kind: Secret
metadata: {name: sec, namespace: team}
stringData: {user: admin}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: team}
spec: {type: NodePort, selector: {app: web}, ports: [{name: http, port: 80, targetPort: 80, nodePort: 30080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: team, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: nginx:1.27
        env: [{name: A, value: "1"}, {name: S, valueFrom: {secretKeyRef: {name: sec, key: user}}}]
        livenessProbe: {httpGet: {path: /healthz, port: 80}}
        volumeMounts: [{name: cfg, mountPath: /cfg, readOnly: true}]
      volumes: [{name: cfg, configMap: {name: cm}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: role, namespace: team}
rules: [{apiGroups: ["", apps], resources: [pods, deployments], verbs: [get, list]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: np, namespace: team}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {}}], ports: [{port: 80}]}]}
"""

COMMANDS = """
get pods,svc,cm,deploy -n team
get deploy web -n team -o yaml
get deploy web -n team -o json
get cm -n team -o yaml
get all -n team
get ns
get deploy -n team -o wide --show-labels
get deploy -n team -L app
get svc -n team -o custom-columns=N:.metadata.name,P:.spec.ports[*].port,X:.nope
get svc -n team -o jsonpath={.items[*].metadata.name}
get svc -n team -o go-template={{range.items}}{{.metadata.name}}{{end}}
get svc web -n team -o name
get pods -n empty
get nope
get pod a b -n team
get
get pods -o nope
get pods -l a=b,c --field-selector nope=x
get --raw /nope
describe deploy web -n team --show-events=false
describe cm cm -n team
describe secret sec -n team
describe svc web -n team
describe role role -n team
describe netpol np -n team
describe ns team
describe rs -n team --show-events=false
describe pod nope
api-resources
api-versions
explain pod.spec.containers.resources
explain deploy.spec --recursive --max-depth=1
explain pod.nope
auth can-i get pods --as jane -n team
auth can-i '*' '*'
auth whoami
create deployment x --image=nginx --dry-run=client -o yaml
create cm x --from-literal=a=1 --dry-run=client -o yaml
create role r --verb=get --resource=pods,deploy --dry-run=client -o yaml
create ns default
create deployment web -n team --image=x
run x --image=a --dry-run=client -o yaml --port=80 -- a b
run x
expose deploy web -n team --port=80 --name=y --dry-run=client -o yaml
autoscale deploy web -n team --max=3 --cpu=50% --dry-run=client -o yaml
set image deploy/web -n team nope=x
set env deploy/web -n team A=2 B=3 --dry-run=client -o yaml
set env deploy/web -n team --list
label deploy web -n team app=x
label deploy web -n team app=web
annotate deploy web -n team a=b --dry-run=client
scale deploy/nope --replicas=1
scale deploy/web
rollout history deploy/web -n team
rollout undo deploy/web -n team --to-revision=7
rollout resume deploy/web -n team
patch deploy web -n team -p {}
patch deploy web -n team --type=foo -p {}
delete pods
delete pod nope
delete deploy web -n team --dry-run=server
apply -f nope.yaml
apply -f objects.yaml
apply -f objects.yaml --dry-run=server
diff -f objects.yaml
wait --for=condition=Foo deploy/web -n team --timeout=0
logs
logs nope
exec web-x
port-forward nope 80
cp a b
taint nodes
top node
gt pods
get pods --nope
config get-contexts
config use-context nope
"""


@pytest.fixture
async def objects(tmp_path: Path) -> Path:
    file = tmp_path / "objects.yaml"
    file.write_text(MANIFEST)
    return file


async def test_ours_prints_what_the_real_one_prints(
    server: ServerFactory, kubectl: Kubectl, ours: Ours, objects: Path
) -> None:
    served = await server()
    applied = await ours(served, "apply", "-f", objects.name)
    assert applied.code == 0, applied.err
    await asyncio.sleep(0)
    await served.cluster.clock.settle()
    different = []
    for line in COMMANDS.strip().splitlines():
        words = shlex.split(line)
        real, mine = await kubectl(served, *words), await ours(served, *words)
        if real != mine:
            different.append(f"$ kubectl {line}\n--- real\n{real}\n--- ours\n{mine}")
    assert not different, "\n".join(different)


#: Lines whose two kubectls must agree, each with what stands before it; run in order on one cluster.
MORE = """
create cm x --from-literal=a=1 --dry-run=client -o json
create deployment x --image=a.b/c_d --image=e --dry-run=client -o jsonpath={.spec.template.spec.containers[1].name}
create deploy y --image=nginx --dry-run=client -o kyaml
get cm cm -n team -o kyaml
get cm cm -n team -o jsonpath={.nope} --allow-missing-template-keys=false --show-managed-fields
get cm -n team --subresource=status
get svc -n team -o go-template={{.items.x}}
create nope
create pod
create token default --bound-object-kind=Foo
create role r --verb=get --resource=nope
create svc clusterip c --tcp=x
create svc clusterip c --tcp=70000
create job j --from=deploy/web -n team
create cm x -f - --validate=foo
patch deploy web -n team --subresource=scale --type=merge -p {"spec":{"replicas":3}} --dry-run=server
expose deploy web -n team --port=x --name=y
expose deploy web -n team --port=80 --selector=a=b --name=y --load-balancer-ip=1.2.3.4 --dry-run=client -o yaml
set env deploy/web -n team 1BAD=1
set env deploy/web -n team A=1 A-
set env deploy/web -n team A=5 --overwrite=false
set env deploy/web -n team A=5 -c none
set env deploy/web -n team X
set env
set image deploy/web -n team web=
set image svc/web -n team a=b
set resources deploy/web -n team --requests=cpu=2 --limits=cpu=1
set sa svc/web -n team x
set selector svc web -n team a===
set subject deploy web -n team --user=a
label deploy web -n team k=a!b
label deploy web -n team --all -l a=b x=y
patch deploy web -n team -p {"spec":
autoscale deploy web -n team --max=3
rollout history svc/web -n team
rollout undo svc/web -n team
rollout undo deploy/web -n team --to-revision=-1
replace
delete --all
delete cm --all -l a=b
apply view-last-applied deploy web -n team -o foo
apply view-last-applied cm kube-root-ca.crt -n team
apply edit-last-applied deploy web -n team
edit deploy,svc -n team
events --for=nope/x
logs x --since-time=nope
logs x --since-time=2026-01-01
run x --image=x --image-pull-policy=Foo
get ns --as-user-extra=a=b
get ns --user=none
get ns --cluster=none
get pods --context=none
get pods --kubeconfig=none.yaml
taint node none a=b:NoSchedule a-
taint node none a=b:NoSchedule a:NoSchedule-
config set-credentials x --token=a --username=b
"""


async def test_refusals_and_formats_are_the_real_ones(
    server: ServerFactory, kubectl: Kubectl, ours: Ours, objects: Path
) -> None:
    served = await server()
    applied = await ours(served, "apply", "-f", objects.name)
    assert applied.code == 0, applied.err
    await served.cluster.clock.settle()
    await kubectl(served, "autoscale", "deploy", "web", "-n", "team", "--max=3")
    different = []
    for line in MORE.strip().splitlines():
        words = shlex.split(line) if '{"' not in line else line.split()
        real = await kubectl(served, *words)
        mine = await ours(served, *words)
        if real != mine:
            different.append(f"$ kubectl {line}\n--- real\n{real}\n--- ours\n{mine}")
    assert not different, "\n".join(different)
