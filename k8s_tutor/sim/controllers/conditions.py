"""Conditions of workloads: one of each type, with the time of its last change of status."""

from k8s_tutor.apimachinery.unstructured import Json


def get(status: Json, type_: str) -> Json | None:
    """Return the condition of a type, or None."""
    return next((item for item in status.get("conditions") or () if item["type"] == type_), None)


def is_true(status: Json, type_: str) -> bool:
    """Tell whether the condition is there and true."""
    found = get(status, type_)
    return found is not None and found["status"] == "True"


def remove(status: Json, type_: str) -> None:
    """Remove a condition, in place."""
    rest = [item for item in status.get("conditions") or () if item["type"] != type_]
    if rest:
        status["conditions"] = rest
    else:
        status.pop("conditions", None)


def set_moving(status: Json, new: Json) -> None:
    """Set a condition in place, as Deployment and ReplicaSet do: nothing if status and reason stay, else moved to the end."""
    old = get(status, new["type"])
    if old is not None and old["status"] == new["status"]:
        if old.get("reason") == new.get("reason"):
            return
        new = new | {"lastTransitionTime": old["lastTransitionTime"]}
    remove(status, new["type"])
    status["conditions"] = [*(status.get("conditions") or ()), new]


def set_in_place(status: Json, new: Json) -> bool:
    """Set a condition where it stands, as ``meta.SetStatusCondition``; returns whether anything changed."""
    conditions = status.setdefault("conditions", [])
    for index, old in enumerate(conditions):
        if old["type"] != new["type"]:
            continue
        if old["status"] == new["status"]:
            new = new | {"lastTransitionTime": old.get("lastTransitionTime")}
        conditions[index] = new
        return bool(old != new)
    conditions.append(new)
    return True
