"""Fields behind gates that are off."""

from k8s_tutor.apimachinery.encoding import JUDGED, EmptyMap, encoded
from k8s_tutor.apimachinery.gates import without_disabled
from k8s_tutor.apimachinery.schema import type_for
from k8s_tutor.apimachinery.schema.types import Type


def _type(group: str, kind: str) -> Type:
    found = type_for(group, "v1", kind)
    assert found is not None
    return found


def test_fields_that_are_off_are_dropped_wherever_they_are() -> None:
    volume = {
        "name": "v",
        "secret": {"secretName": "s", "defaultUser": 5, "items": [{"key": "a", "path": "b", "user": 1}]},
    }
    pod = {"spec": {"schedulingGroup": {}, "containers": [], "volumes": [volume]}}
    job = {"spec": {"template": {"spec": {"evictionResponders": [{"name": "x"}], "restartPolicy": "Never"}}}}
    assert without_disabled(pod, _type("", "Pod"))["spec"] == {
        "containers": [],
        "volumes": [{"name": "v", "secret": {"secretName": "s", "items": [{"key": "a", "path": "b"}]}}],
    }
    assert without_disabled(job, _type("batch", "Job")) == {"spec": {"template": {"spec": {"restartPolicy": "Never"}}}}
    assert volume["secret"]["defaultUser"] == 5, "the request itself is left alone"  # type: ignore[index]


def test_what_has_nothing_that_is_off_is_not_copied() -> None:
    pod = {"spec": {"containers": [{"name": "c", "lifecycle": {"preStop": {"sleep": {"seconds": 1}}}}]}}
    assert without_disabled(pod, _type("", "Pod")) is pod


def test_a_lifecycle_of_nothing_but_a_stop_signal_goes_with_it() -> None:
    pod = {"spec": {"containers": [{"name": "c", "lifecycle": {"stopSignal": "SIGUSR1"}}]}}
    assert without_disabled(pod, _type("", "Pod")) == {"spec": {"containers": [{"name": "c"}]}}


def test_judged_objects_tell_empty_maps_from_empty_structs() -> None:
    pod = {"metadata": {"labels": {}}, "spec": {"containers": [{"name": "c", "lifecycle": {}}], "volumes": []}}
    found = encoded(pod, _type("", "Pod"), form=JUDGED)
    assert isinstance(found["metadata"]["labels"], EmptyMap)
    assert not isinstance(found["spec"]["containers"][0]["lifecycle"], EmptyMap)
    assert found["spec"]["volumes"] == []


def test_a_judged_object_shares_nothing_with_the_stored_one() -> None:
    kind = _type("", "Pod")
    sent = {"metadata": {"labels": {}}, "spec": {"containers": [{"name": "c"}], "nodeSelector": {"a": "b"}}}
    old = encoded({"metadata": {}, "spec": {"containers": [{"name": "c"}], "nodeSelector": {"a": "b"}}}, kind)
    new = encoded(without_disabled(sent, kind, old), kind, form=JUDGED, old=old)
    assert isinstance(new["metadata"]["labels"], EmptyMap)
    assert new["spec"]["containers"] == old["spec"]["containers"]
    assert new["spec"]["containers"][0] is not old["spec"]["containers"][0]
    assert new["spec"]["nodeSelector"] is not old["spec"]["nodeSelector"]
