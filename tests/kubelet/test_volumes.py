"""Volumes of all kinds, as the container sees them."""

import base64

import pytest

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.auth.identity import Identity
from k8s_tutor.sim.auth.pki import make_ca
from tests.kubelet.conftest import Node, shell

MOUNT = [{"name": "v", "mountPath": "/v"}]


def config_map(name: str = "c", **data: str) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


async def test_a_config_map_is_files_with_links_and_modes(node: Node) -> None:
    node.create("configmaps", config_map(a="1", b="2"))
    volume = {"name": "v", "configMap": {"name": "c", "defaultMode": 0o400, "items": [{"key": "a", "path": "deep/x"}]}}
    await node.run(shell("sleep 600", volumeMounts=MOUNT), volumes=[volume])
    assert await node.exec("cat", "/v/deep/x") == "1"
    assert await node.exec("ls", "/v") == "deep\n"
    assert (await node.exec("readlink", "/v/deep")).strip() == "..data/deep"
    assert (await node.exec("stat", "-L", "-c", "%a", "/v/deep/x")).strip() == "400"


async def test_fs_group_may_read_what_only_the_owner_could(node: Node) -> None:
    node.create("configmaps", config_map(a="1"))
    volume = {"name": "v", "configMap": {"name": "c", "defaultMode": 0o400}}
    security = {"runAsUser": 1000, "fsGroup": 2000}
    await node.run(shell("sleep 600", volumeMounts=MOUNT), volumes=[volume], securityContext=security)
    assert await node.exec("cat", "/v/a") == "1"
    assert (await node.exec("stat", "-L", "-c", "%a %g", "/v/a")).strip() == "440 2000"


async def test_a_changed_config_map_reaches_files_after_a_while_but_not_a_sub_path(node: Node) -> None:
    node.create("configmaps", config_map(a="old"))
    mounts = [*MOUNT, {"name": "v", "mountPath": "/single", "subPath": "a"}]
    await node.run(shell("sleep 6000", volumeMounts=mounts), volumes=[{"name": "v", "configMap": {"name": "c"}}])
    assert await node.exec("cat", "/v/a", "/single") == "oldold"
    node.client.change("configmaps", "default", "c", lambda one: one["data"].update(a="new"))
    await node.clock.advance(50)
    assert await node.exec("cat", "/v/a") == "old"
    await node.clock.advance(45)
    assert await node.exec("cat", "/v/a", "/single") == "newold"


async def test_a_missing_secret_holds_the_pod_until_it_comes(node: Node) -> None:
    volume = {"name": "v", "secret": {"secretName": "s"}}
    await node.run(shell("sleep 600", volumeMounts=MOUNT), volumes=[volume], seconds=8)
    event = node.events("FailedMount")[0]
    assert event["message"] == 'MountVolume.SetUp failed for volume "v" : secret "s" not found'
    assert event["count"] == 5  # at 0, 0.5, 1.5, 3.5 and 7.5 s
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "data": {"k": base64.b64encode(b"x").decode()},
    }
    node.create("secrets", secret)
    await node.clock.advance(10)
    assert await node.exec("cat", "/v/k") == "x"


async def test_an_optional_source_may_be_missing(node: Node) -> None:
    volume = {"name": "v", "configMap": {"name": "none", "optional": True}}
    await node.run(shell("sleep 600", volumeMounts=MOUNT), volumes=[volume])
    assert await node.exec("ls", "/v") == ""


@pytest.mark.parametrize(("volume", "message"), [
    ({"configMap": {"name": "c", "items": [{"key": "z", "path": "z"}]}},
     "configmap references non-existent config key: z"),
    ({"nfs": {"server": "10.1.1.1", "path": "/"}}, "mount failed: exit status 32"),
    ({"csi": {"driver": "d.example.com"}}, "driver name d.example.com not found in the list of registered CSI drivers"),
    ({"hostPath": {"path": "/none", "type": "Directory"}}, "hostPath type check failed: /none is not a directory"),
])  # fmt: skip
async def test_what_cannot_be_mounted_says_why(node: Node, volume: Json, message: str) -> None:
    node.create("configmaps", config_map(a="1"))
    await node.run(shell("sleep 600", volumeMounts=MOUNT), volumes=[{"name": "v"} | volume])
    assert message in node.messages("FailedMount")[0]
    assert node.status()["phase"] == "Pending"


async def test_an_empty_dir_is_shared_and_survives_a_restart(node: Node) -> None:
    writer = shell("[ -e /v/x ] || { echo 1 > /v/x; exit 1; }; sleep 600", volumeMounts=MOUNT)
    reader = shell("sleep 600", "reader", volumeMounts=MOUNT)
    await node.run(writer, reader, volumes=[{"name": "v", "emptyDir": {}}], seconds=5)
    assert node.container_status()["restartCount"] == 1
    assert await node.exec("cat", "/v/x", container="reader") == "1\n"


async def test_an_empty_dir_over_its_limit_evicts_the_pod(node: Node) -> None:
    volume = {"name": "v", "emptyDir": {"sizeLimit": "1Mi"}}
    await node.run(
        shell("head -c 2000000 /dev/zero > /v/big; sleep 600", volumeMounts=MOUNT), volumes=[volume], seconds=20
    )
    assert node.status()["phase"] == "Running"  # volumes are counted once a minute only
    await node.clock.advance(30)
    status = node.status()
    assert (status["phase"], status["reason"]) == ("Failed", "Evicted")
    assert status["message"] == 'Usage of EmptyDir volume "v" exceeds the limit "1Mi". '
    assert node.messages("Evicted") == [status["message"]]


async def test_host_paths_belong_to_the_node(node: Node) -> None:
    volume = {"name": "v", "hostPath": {"path": "/data/logs", "type": "DirectoryOrCreate"}}
    await node.run(shell("echo hi > /v/a; sleep 600", volumeMounts=MOUNT), volumes=[volume])
    await node.run(shell("sleep 600", volumeMounts=MOUNT), volumes=[volume], name="q")
    assert await node.exec("cat", "/v/a", pod="q") == "hi\n"


async def test_a_claims_data_outlives_the_pod(node: Node) -> None:
    capacity = {"storage": "1Gi"}
    node.create("persistentvolumes", {
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv", "namespace": ""},
        "spec": {"capacity": capacity, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/mnt/pv"},
                 "storageClassName": ""},
    })  # fmt: skip
    node.create("persistentvolumeclaims", {
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "claim"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": capacity}, "volumeName": "pv",
                 "storageClassName": ""},
    })  # fmt: skip

    def bind(claim: Json) -> None:
        claim["status"] = {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": capacity}

    node.client.change("persistentvolumeclaims", "default", "claim", bind, "status")
    volume = {"name": "v", "persistentVolumeClaim": {"claimName": "claim"}}
    await node.run(
        shell("echo kept > /v/a; exit 0", volumeMounts=MOUNT), volumes=[volume], restartPolicy="Never", seconds=6
    )
    node.client.delete("pods", "p", "default", grace=0)
    await node.clock.advance(3)
    await node.run(shell("sleep 600", volumeMounts=MOUNT), volumes=[volume], name="q")
    assert await node.exec("cat", "/v/a", pod="q") == "kept\n"


async def test_a_claim_that_is_missing_fails_the_mount(node: Node) -> None:
    volume = {"name": "v", "persistentVolumeClaim": {"claimName": "absent"}}
    await node.run(shell("sleep 600", volumeMounts=MOUNT), volumes=[volume])
    assert node.messages("FailedMount")[0] == (
        "Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[], failed to process "
        "volumes=[v]: error processing PVC default/absent: failed to fetch PVC from API server: "
        'persistentvolumeclaims "absent" not found'
    )


async def test_the_downward_api_shows_labels_and_limits(node: Node) -> None:
    items = [
        {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
        {"path": "cpu", "resourceFieldRef": {"containerName": "main", "resource": "limits.cpu", "divisor": "1m"}},
    ]
    volume = {"name": "v", "downwardAPI": {"items": items}}
    await node.run(shell("sleep 600", volumeMounts=MOUNT, resources={"limits": {"cpu": "250m"}}), volumes=[volume])
    assert await node.exec("cat", "/v/labels") == 'app="p"'
    assert await node.exec("cat", "/v/cpu") == "250"


async def test_the_service_account_is_mounted_and_read_only(node: Node) -> None:
    await node.run(shell("sleep 600"))
    where = "/var/run/secrets/kubernetes.io/serviceaccount"
    assert await node.exec("cat", f"{where}/namespace") == "default"
    assert "Read-only file system" in await node.exec("sh", "-c", f"echo x > {where}/new")


async def test_an_image_volume_shows_the_images_files(node: Node) -> None:
    volume = {"name": "v", "image": {"reference": "busybox:1.36"}}
    await node.run(shell("sleep 600", volumeMounts=MOUNT), volumes=[volume])
    assert "passwd" in await node.exec("ls", "/v/etc")


def bundle(name: str, text: str, signer: str = "", **labels: str) -> Json:
    spec = {"trustBundle": text} | ({"signerName": signer} if signer else {})
    return {"kind": "ClusterTrustBundle", "metadata": {"name": name, "labels": labels}, "spec": spec}


async def test_trust_bundles_of_a_signer_are_put_together(node: Node, identity: Identity) -> None:
    other = make_ca("other").certificate
    for name, text in (("one", identity.ca_pem), ("two", identity.ca_pem + other)):
        node.client.create("clustertrustbundles.certificates.k8s.io", bundle(f"a.b:s:{name}", text, "a.b/s", x="y"))
    source = {"signerName": "a.b/s", "labelSelector": {"matchLabels": {"x": "y"}}, "path": "ca.pem"}
    volume = {"name": "v", "projected": {"sources": [{"clusterTrustBundle": source}]}}
    await node.run(shell("sleep 600", volumeMounts=MOUNT), volumes=[volume], securityContext={"runAsUser": 1000})
    assert (await node.exec("grep", "-c", "BEGIN", "/v/ca.pem")).strip() == "2"
    assert (await node.exec("stat", "-L", "-c", "%a %u", "/v/ca.pem")).strip() == "600 1000"


async def test_a_missing_trust_bundle_holds_the_pod(node: Node) -> None:
    source = {"clusterTrustBundle": {"name": "nope", "path": "ca.pem"}}
    volume = {"name": "v", "projected": {"sources": [source]}}
    await node.run(shell("sleep 600", volumeMounts=MOUNT), volumes=[volume], seconds=2)
    assert "while getting ClusterTrustBundle" in node.events("FailedMount")[0]["message"]
