"""Checks made by hand, and contexts over manifests, for tests."""

from typing import Any

from k8s_tutor.checks.context import CheckContext
from k8s_tutor.checks.manifests import parse_manifests
from k8s_tutor.checks.objects import ManifestObjects
from k8s_tutor.course.model import Check, Mark, Text


def check(check_id: str, kind: str, spec: dict[str, Any], **more: Any) -> Check:
    """Make a check."""
    text = Text({"en": check_id, "ru": check_id})
    return Check(check_id, kind, text, text, spec, source=Mark("checks.yaml", 3, 5), **more)


def offline(text: str, namespace: str = "lesson", **more: Any) -> CheckContext:
    """Make a context over a learner's manifests."""
    return CheckContext(None, namespace, ManifestObjects([one.object for one in parse_manifests(text)]), **more)
