"""What a check may look at while it judges."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from k8s_tutor.checks.objects import LiveObjects, Object, ObjectQuery, Objects
from k8s_tutor.checks.recorder import Recorder
from k8s_tutor.client import Client


@dataclass
class CheckContext:
    """One exercise on one cluster (or, with no client, a learner's manifests).

    Attributes:
        client: the cluster; None offline.
        namespace: the exercise's namespace.
        objects: where objects are read from.
        recorder: the recorded watch; None where nothing was recorded.
        answers: what the learner answered, by check id.
        workdir: the learner's working folder.
        started: cluster time (epoch seconds) when the start state stood; 0 where it is not known.
    """

    client: Client | None
    namespace: str
    objects: Objects
    recorder: Recorder | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    workdir: Path | None = None
    started: float = 0.0

    @classmethod
    def live(cls, client: Client, namespace: str, **more: Any) -> "CheckContext":
        """Make the context of a cluster."""
        return cls(client, namespace, LiveObjects(client), **more)

    def begin_round(self) -> None:
        """Forget what was read in the last round."""
        if isinstance(self.objects, LiveObjects):
            self.objects.forget()

    def find(self, query: ObjectQuery) -> list[Object]:
        """Return the objects that a query selects."""
        return self.objects.find(query, self.namespace)

    def now(self) -> float:
        """Cluster time, epoch seconds, as the server's Date tells it; 0 offline."""
        if self.client is None:
            return 0.0
        self.client.request("GET", "/version")
        return self.client.now().timestamp()
