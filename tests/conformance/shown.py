"""Watch notifications as lines of what a person would see, and pairing them with recorded ones."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json

Seen = tuple[float, str, str, Json]  # seconds, kind, ADDED/MODIFIED/DELETED, object
HIDDEN = (
    "conditions",
    "startTime",
    "completionTime",
    "lastScheduleTime",
    "lastSuccessfulTime",
    "currentRevision",
    "updateRevision",
    "active",
    "uncountedTerminatedPods",
)
STATUSES = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
WORDS = (
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID"),
    (r"\b10\.\d+\.\d+\.\d+\b", "POD-IP"),
    (r"sha256:[0-9a-f]{64}", "sha256:DIGEST"),
    (r"in \d+(\.\d+)?(ms|µs|s)\b", "in DURATION"),
    (r"[0-9a-f]{64}", "CONTAINER-ID"),
    (r"(-HASH\d+)-[bcdfghjklmnpqrstvwxz2456789]{5}\b", r"\1-POD0"),
)


def _state(status: Json | None) -> str:
    for name, detail in (status or {}).items():
        if name == "running":
            return "running"
        if name == "waiting":
            return f"waiting:{detail.get('reason', '')}"
        signal = f"/signal {detail['signal']}" if detail.get("signal") else ""
        return f"terminated:{detail.get('reason', '')}/{detail['exitCode']}{signal}"
    return "-"


def _conditions(status: Json) -> dict[str, str]:
    return {
        c["type"]: c["status"] + (f"({c['reason']})" if c.get("reason") else "") for c in status.get("conditions") or ()
    }


def _pod(obj: Json) -> Json:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    out: Json = {"bound": bool(spec.get("nodeName")), "phase": status.get("phase"), "conditions": _conditions(status)}
    out |= {key: status[key] for key in ("reason", "message") if status.get(key)}
    for field in STATUSES:
        if status.get(field):
            out[field] = {
                c["name"]: {
                    "state": _state(c.get("state")),
                    "last": _state(c.get("lastState")),
                    "ready": c["ready"],
                    "started": c.get("started"),
                    "restarts": c["restartCount"],
                }
                for c in status[field]
            }
    return out


def _event(obj: Json) -> Json:
    about = obj["involvedObject"]
    return {
        "about": f"{about['kind']}/{about.get('name')}",
        "field": about.get("fieldPath"),
        "type": obj["type"],
        "reason": obj["reason"],
        "message": obj["message"],
        "count": obj.get("count"),
        "from": (obj.get("source") or {}).get("component") or obj.get("reportingComponent"),
    }


def _other(kind: str, obj: Json) -> Json:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    out: Json = {"replicas": spec["replicas"]} if "replicas" in spec else {}
    if kind == "Deployment":
        out["revision"] = (obj["metadata"].get("annotations") or {}).get("deployment.kubernetes.io/revision")
    counts = {key: value for key, value in status.items() if key not in HIDDEN}
    if "active" in status:
        counts["active"] = len(status["active"]) if isinstance(status["active"], list) else status["active"]
    out |= {"status": counts, "conditions": _conditions(status)}
    if kind == "Job" and spec.get("suspend"):
        out["suspend"] = True
    return out


def shows(kind: str, obj: Json) -> Json:
    """Return what a person sees of an object."""
    out: Json = {}
    if obj["metadata"].get("deletionTimestamp"):
        out["deleting"] = obj["metadata"].get("deletionGracePeriodSeconds")
    if kind == "Pod":
        return out | _pod(obj)
    if kind == "Event":
        return _event(obj)
    if kind == "Endpoints":
        return {"endpoints": sorted(_endpoint(e) for e in obj.get("endpoints") or ())}
    if kind == "ResourceQuota":
        status = obj.get("status", {})
        return out | {"hard": status.get("hard"), "used": status.get("used")}
    return out | _other(kind, obj)


def _endpoint(endpoint: Json) -> tuple[str, str]:
    return (endpoint.get("targetRef") or {}).get("name", ""), json.dumps(endpoint.get("conditions"), sort_keys=True)


class Names:
    """Generated names of a scenario become stable ones: ``web-HASH1-POD2``."""

    def __init__(self, seen: Iterable[Seen]) -> None:
        self._names: dict[str, str] = {}
        self._nodes: set[str] = set()
        self._count: Counter[str] = Counter()
        ordered = list(seen)
        for _, kind, _, obj in ordered:
            self._owner_of_pods(kind, obj)
        for _, kind, _, obj in ordered:
            self._pod_or_slice(kind, obj)
        self._longest = sorted(self._names, key=len, reverse=True)

    def _owner_of_pods(self, kind: str, obj: Json) -> None:
        owner, name = (obj["metadata"].get("ownerReferences") or [{}])[0], obj["metadata"]["name"]
        if kind == "Pod" and obj["spec"].get("nodeName"):
            self._nodes.add(obj["spec"]["nodeName"])
        if name in self._names or not owner:
            return
        for child, parent, word in (("ReplicaSet", "Deployment", "HASH"), ("Job", "CronJob", "MINUTE")):
            if kind == child and owner.get("kind") == parent:
                self._count[owner["name"]] += 1
                self._names[name] = f"{owner['name']}-{word}{self._count[owner['name']]}"

    def _pod_or_slice(self, kind: str, obj: Json) -> None:
        owner, name = (obj["metadata"].get("ownerReferences") or [{}])[0], obj["metadata"]["name"]
        if name in self._names:
            return
        if kind == "Pod" and owner and owner.get("kind") != "StatefulSet" and name.startswith(owner["name"]):
            index = (obj["metadata"].get("annotations") or {}).get("batch.kubernetes.io/job-completion-index")
            base = self._names.get(owner["name"], owner["name"]) + (f"-{index}" if index is not None else "")
            self._count[base] += 1
            self._names[name] = f"{base}-POD{self._count[base]}"
        elif kind == "Endpoints":
            self._names[name] = name.rsplit("-", 1)[0] + "-SLICE"

    def clean(self, value: Any) -> Any:
        """Return the value with stable names."""
        text = json.dumps(value, ensure_ascii=False)
        for name in self._longest:
            text = text.replace(name, self._names[name])
        for node in self._nodes:
            text = re.sub(rf"\b{re.escape(node)}\b", "NODE", text)
        for pattern, word in WORDS:
            text = re.sub(pattern, word, text)
        return json.loads(text)


def timeline(seen: Sequence[Seen], until: float) -> list[Json]:
    """Return one line for each change of what is shown."""
    names = Names(seen)
    last: dict[tuple[str, str], Any] = {}
    lines: list[Json] = []
    for at, kind, change, obj in seen:
        if not -1 <= at <= until or (kind == "Event" and change == "DELETED"):
            continue
        what: Any = "DELETED" if change == "DELETED" else shows(kind, obj)
        key = (kind, obj["metadata"]["name"])
        if last.get(key) != what:
            last[key] = what
            about = kind if kind == "Event" else f"{kind}/{names.clean(obj['metadata']['name'])}"
            lines.append({"t": round(at, 1), "object": about, "shows": names.clean(what)})
    return lines


def match(want: Iterable[Json], got: Iterable[Json]) -> tuple[list[Json], list[Json]]:
    """Pair equal lines whose times agree within 2 s + 25 %; returns what is left of both."""
    pool: dict[str, list[Json]] = defaultdict(list)
    for line in got:
        pool[_key(line)].append(line)
    missing = []
    for line in want:
        slack = 2 + 0.25 * max(line["t"], 0)
        same = [other for other in pool[_key(line)] if abs(other["t"] - line["t"]) <= slack]
        if same:
            pool[_key(line)].remove(min(same, key=lambda other: abs(other["t"] - line["t"])))
        else:
            missing.append(line)
    return missing, [line for rest in pool.values() for line in rest]


def _key(line: Json) -> str:
    shown = json.dumps([line["object"], line["shows"]], sort_keys=True, ensure_ascii=False)
    return re.sub(r"POD\d+", "POD", shown)
