"""Hashes of pod templates, equal to those of real controllers."""

from typing import Any

from k8s_tutor.apimachinery import schema
from k8s_tutor.apimachinery.hashing import compute_hash, fnv1a, for_hash
from k8s_tutor.apimachinery.schema.types import Type


def template_type() -> Type:
    found = schema.type_named("io.k8s.api.core.v1.PodTemplateSpec")
    assert found is not None
    return found


def template(**container: Any) -> dict[str, Any]:
    defaults = {
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "Always",
    }
    return {
        "metadata": {"labels": {"app": "a"}},
        "spec": {
            "containers": [{"name": "nginx", "image": "nginx", **defaults, **container}],
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "securityContext": {},
            "schedulerName": "default-scheduler",
        },
    }


def test_the_hash_a_real_cluster_gives() -> None:
    """``kubectl create deployment``-like template: 1.37.2 names its ReplicaSet ``…-8d87b9f87``."""
    assert compute_hash(template(), template_type()) == "8d87b9f87"
    assert compute_hash(template(), template_type(), 0) != "8d87b9f87"


def test_fnv() -> None:
    assert fnv1a(b"") == 0x811C9DC5
    assert fnv1a(b"a") == 0xE40C292C


def test_what_is_hashed() -> None:
    text = for_hash(
        template(
            resources={"limits": {"cpu": "100m", "memory": "512Mi"}},
            livenessProbe={"httpGet": {"port": "http"}, "periodSeconds": 5},
        ),
        template_type(),
    )
    assert "Labels:(map[string]string)map[app:a] Annotations:(map[string]string)<nil>" in text
    assert (
        "cpu:{i:(resource.int64Amount){value:(int64)100 scale:(resource.Scale)-3} "
        "d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string)100m Format:(resource.Format)DecimalSI}"
    ) in text
    assert "memory:{i:(resource.int64Amount){value:(int64)536870912 scale:(resource.Scale)0}" in text
    assert (
        "LivenessProbe:(*v1.Probe){ProbeHandler:(v1.ProbeHandler){Exec:(*v1.ExecAction)<nil> "
        "HTTPGet:(*v1.HTTPGetAction){Path:(string) Port:(intstr.IntOrString){Type:(intstr.Type)1 IntVal:(int32)0 "
        "StrVal:(string)http}"
    ) in text
    assert "DeprecatedServiceAccount:(string) " in text
    assert "TerminationGracePeriodSeconds:(*int64)30" in text
