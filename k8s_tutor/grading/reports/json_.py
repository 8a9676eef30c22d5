"""The documented JSON (``grading/schemas/result.schema.json``), from which every other format could be made."""

import json
from typing import ClassVar

from k8s_tutor.grading.report import Report
from k8s_tutor.grading.result import ClassResult


class JsonReport(Report):
    """See the module."""

    name: ClassVar[str] = "json"
    suffix: ClassVar[str] = ".json"

    def render(self, graded: ClassResult) -> str:
        return json.dumps(graded.as_json(), ensure_ascii=False, indent=1) + "\n"
