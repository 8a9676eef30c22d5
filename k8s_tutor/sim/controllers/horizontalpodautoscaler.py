"""The HorizontalPodAutoscaler controller (upstream: ``pkg/controller/podautoscaler``): looks at each every 15 s."""

from k8s_tutor.apimachinery.labels import Selector, from_label_selector, from_map
from k8s_tutor.apimachinery.times import rfc3339
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.controllers.autoscaling_metrics import MetricError, Proposal, Usage, propose
from k8s_tutor.sim.controllers.autoscaling_rate import History, decide
from k8s_tutor.sim.controllers.base import Controller
from k8s_tutor.sim.controllers.pods import condition, is_ready
from k8s_tutor.sim.machinery.recorder import Recorder
from k8s_tutor.sim.machinery.status import ApiError
from k8s_tutor.sim.machinery.store import Event

SCALERS = "horizontalpodautoscalers.autoscaling"
PERIOD = 15.0
NOT_TO_ZERO = "the HPA controller did not scale the workload to zero"
_SOURCES = {
    "Resource": ("resource", "FailedGetResourceMetric"),
    "ContainerResource": ("containerResource", "FailedGetContainerResourceMetric"),
}
_OTHER = {"Pods": "FailedGetPodsMetric", "Object": "FailedGetObjectMetric", "External": "FailedGetExternalMetric"}


class HorizontalController(Controller):
    """Scales workloads by what their pods use."""

    name = "horizontal-pod-autoscaler"

    def setup(self) -> None:
        self.events = Recorder(self.clock, self.client, self.name)
        self._history: dict[str, History] = {}
        self._selectors: dict[str, tuple[str, str, Selector]] = {}
        self._late: list[tuple[str, str]] = []
        self.watch(SCALERS, self._changed)

    def _changed(self, event: Event) -> None:
        if event.type == "DELETED":
            self._history.pop(event.obj["metadata"]["uid"], None)
            self._selectors.pop(event.obj["metadata"]["uid"], None)
        elif event.old is None or event.old.obj["spec"] != event.obj["spec"]:
            self.enqueue(event.obj)

    def reconcile(self, namespace: str, name: str) -> None:
        stored = self.client.get(SCALERS, name, namespace)
        if stored is None:
            return
        self.queue.add_after((namespace, name), PERIOD)
        scaler = clone(stored)
        scaler.setdefault("status", {})
        self._scale(scaler)
        if scaler["status"] != (stored.get("status") or {}):
            scaler = self.client.update_status(SCALERS, scaler)
        for reason, text in self._late:
            self.events.event(scaler, "Warning", reason, text)
        self._late.clear()

    def _finish(self, scaler: Json, current: int, desired: int, metrics: list[Json] | None) -> None:
        """Write a whole new status but for conditions and the time of the last change."""
        old = scaler["status"]
        status: Json = {"currentReplicas": current, "desiredReplicas": desired}
        status |= {key: old[key] for key in ("lastScaleTime", "conditions") if key in old}
        status["observedGeneration"] = scaler["metadata"].get("generation", 1)
        if metrics:
            status["currentMetrics"] = metrics
        scaler["status"] = status

    def _condition(self, scaler: Json, type_: str, status: str, reason: str, message: str) -> None:
        conditions = scaler["status"].setdefault("conditions", [])
        new = {"type": type_, "status": status, "reason": reason, "message": message}
        for item in conditions:
            if item["type"] == type_:
                if item["status"] != status:
                    item["lastTransitionTime"] = rfc3339(self.clock.now())
                item.update(new)
                return
        conditions.append(new | {"lastTransitionTime": rfc3339(self.clock.now())})

    # -- the target

    def _target(self, scaler: Json) -> tuple[str, Json]:
        """Return the target's resource and object."""
        reference = scaler["spec"]["scaleTargetRef"]
        resource = self.kit.rest.scheme.for_kind(reference.get("apiVersion", "v1"), reference["kind"])
        if resource is None:
            raise MetricError(f'no matches for kind "{reference["kind"]}" in group "{_group(reference)}"')
        target = self.client.get(resource.name, reference["name"], scaler["metadata"]["namespace"])
        if target is None:
            raise MetricError(f'{resource.name} "{reference["name"]}" not found')
        return resource.name, target

    def _scale(self, scaler: Json) -> None:
        try:
            resource, target = self._target(scaler)
        except MetricError as error:
            self.events.event(scaler, "Warning", "FailedGetScale", str(error))
            text = f"the HPA controller was unable to get the target's current scale: {error}"
            self._condition(scaler, "AbleToScale", "False", "FailedGetScale", text)
            return
        text = "the HPA controller was able to get the target's current scale"
        self._condition(scaler, "AbleToScale", "True", "SucceededGetScale", text)
        spec, status = scaler["spec"], scaler["status"]
        current = int(target["spec"].get("replicas", 1))
        history = self._history.setdefault(scaler["metadata"]["uid"], History([(self.clock.now(), current)]))
        least, most = spec.get("minReplicas", 1), spec["maxReplicas"]
        desired, reason = current, ""
        metrics: list[Json] | None = None
        if current == 0 and not self._may_rise_from_zero(scaler):
            text = "scaling is disabled since the replica count of the target is zero"
            self._condition(scaler, "ScalingActive", "False", "ScalingDisabled", text)
        elif current > most:
            desired, reason = most, "Current number of replicas above Spec.MaxReplicas"
        elif 0 < current < least:
            desired, reason = least, "Current number of replicas below Spec.MinReplicas"
        else:
            found, metrics = self._by_metrics(scaler, history, target, current)
            if found is None:
                self._finish(scaler, current, status.get("desiredReplicas", 0), metrics)
                return
            desired, reason = found
        if desired != current and not self._resize(scaler, resource, target, desired, reason, history):
            self._finish(scaler, current, status.get("desiredReplicas", 0), metrics)
            return
        self._finish(scaler, current, desired, metrics)

    def _may_rise_from_zero(self, scaler: Json) -> bool:
        """A target at zero is left alone, unless it was scaled there by a metric that still says something."""
        spec = scaler["spec"]
        outside = any(metric["type"] in {"Object", "External"} for metric in spec.get("metrics") or ())
        scaled = condition(scaler, "ScaledToZero")
        was_scaled = scaled is not None and scaled["status"] == "True"
        return was_scaled and (outside or spec.get("minReplicas", 1) != 0)

    def _resize(self, scaler: Json, resource: str, target: Json, desired: int, reason: str, history: History) -> bool:
        """Scale the target; tells whether that was possible."""
        meta, current = target["metadata"], int(target["spec"].get("replicas", 1))

        def change(obj: Json) -> None:
            obj["spec"]["replicas"] = desired

        try:
            self.client.change(resource, meta["namespace"], meta["name"], change, "scale")
        except ApiError as error:
            text = f"New size: {desired}; reason: {reason}; error: {error.message}"
            self.events.event(scaler, "Warning", "FailedRescale", text)
            text = f"the HPA controller was unable to update the target scale: {error.message}"
            self._condition(scaler, "AbleToScale", "False", "FailedUpdateScale", text)
            return False
        text = f"the HPA controller was able to update the target scale to {desired}"
        self._condition(scaler, "AbleToScale", "True", "SucceededRescale", text)
        self.events.event(scaler, "Normal", "SuccessfulRescale", f"New size: {desired}; reason: {reason}")
        history.scaled(self.clock.now(), current, desired)
        self._condition(scaler, "ScaledToZero", "False", "NotScaledToZero", NOT_TO_ZERO)
        scaler["status"]["lastScaleTime"] = rfc3339(self.clock.now())
        return True

    # -- metrics

    def _select(self, scaler: Json, target: Json) -> list[Json] | None:
        """Return the target's pods; None if another autoscaler selects them too."""
        namespace, name = scaler["metadata"]["namespace"], scaler["metadata"]["name"]
        selector = _selector(target)
        self._selectors[scaler["metadata"]["uid"]] = (namespace, name, selector)
        pods = self.client.list("pods", namespace, lambda pod: selector.matches(pod["metadata"].get("labels")))
        rivals = sorted(
            f"{where}/{other}"
            for where, other, theirs in self._selectors.values()
            if where == namespace and any(theirs.matches(pod["metadata"].get("labels")) for pod in pods)
        )
        if len(rivals) < 2:
            return pods
        text = f"pods by selector {selector} are controlled by more than one HPA (e.g. [{' '.join(rivals[:2])}])"
        self.events.event(scaler, "Warning", "AmbiguousSelector", text)
        self._condition(scaler, "ScalingActive", "False", "AmbiguousSelector", text)
        self._late.append(("FailedComputeMetricsReplicas", text))
        return None

    def _by_metrics(
        self, scaler: Json, history: History, target: Json, current: int
    ) -> tuple[tuple[int, str] | None, list[Json] | None]:
        """Return the size that the metrics lead to and why (None if they give no number), and what they are now."""
        spec = scaler["spec"]
        namespace = scaler["metadata"]["namespace"]
        pods = self._select(scaler, target)
        if pods is None:
            return None, None
        proposals: list[Proposal] = []
        errors: list[tuple[str, str]] = []
        statuses: list[Json] = []
        for metric in spec.get("metrics") or ():
            try:
                proposal = self._propose(metric, namespace, pods, current)
            except MetricError as error:
                field, reason = _SOURCES.get(
                    metric["type"], ("", _OTHER.get(metric["type"], "InvalidMetricSourceType"))
                )
                self.events.event(scaler, "Warning", reason, str(error))
                errors.append((reason, str(error)))
                statuses.append({"type": ""})
            else:
                field = _SOURCES[metric["type"]][0]
                named = {"name": metric[field]["name"], "current": proposal.status}
                if metric[field].get("container"):
                    named["container"] = metric[field]["container"]
                statuses.append({"type": metric["type"], field: named})
                proposals.append(proposal)
        best = max(proposals, key=lambda item: item.replicas, default=None)
        if best is None or (errors and best.replicas < current):
            self._no_number(scaler, errors, len(statuses))
            return None, statuses
        text = f"the HPA was able to successfully calculate a replica count from {best.name}"
        self._condition(scaler, "ScalingActive", "True", "ValidMetricFound", text)
        reason = f"{best.name} above target" if best.replicas > current else "All metrics below target"
        bounds = (spec.get("minReplicas", 1), spec["maxReplicas"])
        decision = decide(history, spec.get("behavior"), current, best.replicas, bounds, self.clock.now())
        self._condition(scaler, "AbleToScale", "True", *decision.able)
        limited = "False" if decision.limited[0] == "DesiredWithinRange" else "True"
        self._condition(scaler, "ScalingLimited", limited, *decision.limited)
        return (decision.replicas, reason), statuses

    def _no_number(self, scaler: Json, errors: list[tuple[str, str]], total: int) -> None:
        reason, first = errors[0]
        text = f"the HPA was unable to compute the replica count: {first}"
        self._condition(scaler, "ScalingActive", "False", reason, text)
        text = f"invalid metrics ({len(errors)} invalid out of {total}), first error is: "
        source = "container resource" if "Container" in reason else "resource"
        named = (
            f"failed to get {first.split()[3]} {source} metric value: " if first.startswith("failed to get ") else ""
        )
        self._late.append(("FailedComputeMetricsReplicas", text + named + first))

    def _propose(self, metric: Json, namespace: str, pods: list[Json], current: int) -> Proposal:
        if metric["type"] not in _SOURCES:
            what = {"Pods": "pods", "Object": "object", "External": "external"}.get(metric["type"], "unknown")
            api = "external" if what == "external" else "custom"
            raise MetricError(
                f"unable to get metric: unable to fetch metrics from {api} metrics API: no known available metric "
                "versions found"
            )
        field = _SOURCES[metric["type"]][0]
        return propose(metric[field], lambda name: self._usage(namespace, name), pods, current, self.clock.now())

    def _usage(self, namespace: str, resource: str) -> Usage | None:
        """Return what the metrics API would say; a bare cluster has none."""
        if self.kit.shape.bare:
            return None
        found: dict[str, dict[str, int]] = {}
        for name in self.kit.components.names():
            if not name.startswith("kubelet/"):
                continue
            for part in self.kit.components.parts(name):
                for (where, pod_name), containers in part.usage().items():  # type: ignore[attr-defined]
                    pod = self.client.get("pods", pod_name, where) if where == namespace else None
                    if pod is not None and is_ready(pod) and containers:
                        found[pod_name] = {
                            key: round(one.cpu_millicores) if resource == "cpu" else one.memory_bytes
                            for key, one in containers.items()
                        }
        return found


def _group(reference: Json) -> str:
    return str(reference.get("apiVersion", "")).rpartition("/")[0]


def _selector(target: Json) -> Selector:
    selector = target["spec"].get("selector") or {}
    if "matchLabels" in selector or "matchExpressions" in selector:
        return from_label_selector(selector)
    return from_map(selector)
