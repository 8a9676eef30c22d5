"""Replays recorded API conversations: same status, same body (blanked), same warnings."""

import json
import re
import urllib.parse
from collections.abc import Iterator
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from tests.conformance.normal import blanked, difference, numbers
from tests.conformance.recordings import Score, records
from tests.conformance.serving import Served, served

IN_ORDER = ("sequence", "policy")  # files whose records build on one another
SETTLE = 0.3
SUFFIX = "[bcdfghjklmnpqrstvwxz2456789]{5}"


class Conversation:
    """One recorded conversation with a cluster; generated names and uids of the recording become those given here."""

    def __init__(self, cluster: Served) -> None:
        self._cluster = cluster
        self._names: dict[str, str] = {}
        self._uids: dict[str, str] = {}
        self._kept: dict[str, str] = {}

    def play(self, record: Json) -> tuple[str, str]:
        """Play a record; returns its class (``201``, ``422`` …) and the first difference, or an empty text."""
        ordered = record["group"] in IN_ORDER
        if ordered:
            record = self._renamed(record)
        status, body, warnings = self._send(record)
        if ordered and record["method"] != "GET":
            self._cluster.advance(SETTLE)
        want = record["answer"] or []  # an empty body was recorded as text, and as no lines
        self._learn(record, want, body)
        if self._names:
            want = self._renamed(want)
        asked = numbers(record.get("request"))
        pair = [_ungenerated(record, _unordered(record, blanked(value, asked))) for value in (want, body)]
        found = "" if status == record["status"] else f"status: want {record['status']} got {status}"
        found = found or difference(*pair)
        if not found and sorted(record.get("warnings", [])) != sorted(warnings):
            found = f"warnings: want {record.get('warnings', [])} got {warnings}"
        return f"{record['status'] // 100}xx", found

    def _renamed(self, value: Any) -> Any:
        text = json.dumps(value)
        for recorded, here in self._names.items():
            text = text.replace(recorded, here)
        return json.loads(text)

    def _send(self, record: Json) -> tuple[int, Any, list[str]]:
        path, request = record["path"], record.get("request")
        for name, value in self._kept.items():
            path = path.replace("{" + name + "}", urllib.parse.quote(value))
        if request is not None and record["label"].startswith("uid of "):
            owner = self._uids.get(record["label"].removeprefix("uid of "), "none")
            request["metadata"]["ownerReferences"][0]["uid"] = owner
        headers = {"Accept": record.get("accept") or "application/json", "User-Agent": "corpus/1"}
        headers |= record.get("headers", {})
        if "token" in record:
            headers["Authorization"] = f"Bearer {record['token']}"
        data = None
        if request is not None:
            headers["Content-Type"] = record["content_type"]
            data = (request if isinstance(request, str) else json.dumps(request)).encode()
        status, answered, raw = self._cluster.request(record["method"], path, data, headers)
        warnings = [re.sub(r'^299 - "(.*)"$', r"\1", text) for text in answered.get_all("Warning") or []]
        body = _decoded(raw)
        meta = body.get("metadata") if isinstance(body, dict) else None
        if isinstance(meta, dict):
            if record["method"] == "POST" and "name" in meta:
                self._uids[meta["name"]] = meta.get("uid", "")
            if "keep" in record:
                self._kept[record["keep"]] = meta.get(record["keep"], "")
        return status, body, warnings

    def _learn(self, record: Json, want: Any, body: Any) -> None:
        names = [(doc.get("metadata") or {}).get("name") if isinstance(doc, dict) else None for doc in (want, body)]
        if record["method"] == "POST" and _prefix(record) and all(names):
            self._names[str(names[0])] = str(names[1])


def _decoded(raw: bytes) -> Any:
    for read in (json.loads, lambda text: [json.loads(line) for line in text.splitlines() if line.strip()]):
        try:
            return read(raw)
        except ValueError:
            continue
    return raw.decode("utf-8", "replace")


def _prefix(record: Json) -> str:
    request = record.get("request")
    meta = request.get("metadata") if isinstance(request, dict) else None
    prefix = meta.get("generateName") if isinstance(meta, dict) else None
    return prefix if isinstance(prefix, str) else ""


def _ungenerated(record: Json, value: Any) -> Any:
    prefix = json.dumps(_prefix(record))[1:-1]
    if not prefix:
        return value
    return json.loads(re.sub(re.escape(prefix) + SUFFIX, lambda _: prefix + "XXXXX", json.dumps(value)))


def _unordered(record: Json, answer: Any) -> Any:
    """A custom resource's schema errors come in no fixed order (upstream walks a map)."""
    causes = answer.get("details", {}).get("causes") if isinstance(answer, dict) else None
    if causes and record["status"] == 422 and ".example.com/" in record["path"]:
        answer["details"]["causes"] = sorted(causes, key=lambda cause: json.dumps(cause, sort_keys=True))
        answer["message"] = "".join(sorted(answer.get("message", "")))
    return answer


def replay(name: str) -> Iterator[Score]:
    """Replay one file on a fresh cluster; a score for each class of answers."""
    scores: dict[str, Score] = {}
    with served(nodes=0) as cluster:
        conversation = Conversation(cluster)
        for record in records(name):
            kind, found = conversation.play(record)
            score = scores.setdefault(kind, Score(f"{name} {kind}"))
            score.add(not found, f"{record['id']} {record['label']} {record['method']} {record['path']}: {found}")
    yield from (scores[kind] for kind in sorted(scores))
