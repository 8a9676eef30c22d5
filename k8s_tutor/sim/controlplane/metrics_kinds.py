"""The kinds of ``metrics.k8s.io``, served where the metrics add-on is installed (upstream: metrics-server)."""

from k8s_tutor.apimachinery.schema import describe
from k8s_tutor.sim.registry.scheme import Resource, Scheme
from k8s_tutor.sim.registry.strategy import Column, Strategy

GROUP, VERSION = "metrics.k8s.io", "v1beta1"
META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


class MetricsStrategy(Strategy):
    """Columns of the Table."""

    @property
    def columns(self) -> tuple[Column, ...]:  # type: ignore[override]
        """Name, cpu, memory, window."""
        name = Column("Name", "string", "name", describe(META, "name"))
        return (name, Column("cpu"), Column("memory"), Column("Window"))


def register(scheme: Scheme) -> None:
    """Serve the two resources."""
    for plural, kind, namespaced in (("nodes", "NodeMetrics", False), ("pods", "PodMetrics", True)):
        resource = Resource(
            plural=plural,
            group=GROUP,
            version=VERSION,
            kind=kind,
            singular="",
            namespaced=namespaced,
            verbs=("get", "list"),
            make_strategy=MetricsStrategy,
        )
        scheme.add(resource)
