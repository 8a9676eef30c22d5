"""``kubectl autoscale`` (kubectl, ``cmd/autoscale``)."""

import re
from typing import Any

from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.actions import create_object, dry_run, tell
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, raise_all
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import api, with_last_applied
from k8s_tutor.kubectl.infos import Info, select
from k8s_tutor.kubectl.options import DRY_RUN, FILENAME, OUTPUT, RECORD, SAVE_CONFIG, field_manager
from k8s_tutor.kubectl.recording import recorded

HPA = api("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
SCALABLE = {"Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"}


class Autoscale(Verb):
    """Makes an autoscaler."""

    name = "autoscale"
    usage = "autoscale (-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU] [--memory=MEMORY] [options]"
    short = "Auto-scale a deployment, replica set, stateful set, or replication controller"
    group = "Deploy Commands"
    required = ("max",)
    flags = (
        *FILENAME,
        *OUTPUT,
        DRY_RUN,
        field_manager("kubectl-autoscale"),
        RECORD,
        SAVE_CONFIG,
        Flag("min", "int32", default=-1, help="fewest pods"),
        Flag("max", "int32", default=-1, help="most pods"),
        Flag("cpu", help="target, as 70% of the request or as an amount like 500m"),
        Flag("memory", help="target, as 70% of the request or as an amount like 200Mi"),
        Flag(
            "cpu-percent",
            "int32",
            default=-1,
            deprecated="Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' "
            "for milliCPU).",
        ),
        Flag("name", help="of the autoscaler; that of the object if not given"),
    )

    def validate(self, call: Call) -> None:
        least, most = call.flag("min"), call.flag("max")
        if most < 1:
            raise CommandError(f"--max=MAXPODS is required and must be at least 1, max: {most}")
        if most < least:
            raise CommandError(f"--max=MAXPODS must be larger or equal to --min=MINPODS, max: {most}, min: {least}")
        if call.flag("cpu") and call.flag("cpu-percent") > 0:
            raise CommandError("--cpu-percent and --cpu are mutually exclusive")

    def run(self, call: Call) -> int:
        selection = select(call)
        found = 0
        for info in selection.infos():
            found += 1
            if info.resource.kind not in SCALABLE:
                where = f"{info.resource.group}/{info.resource.version}, Resource={info.resource.plural}"
                raise CommandError(
                    f"cannot autoscale a {info.resource.kind}: could not find scale subresource for {where} in discovery "
                    "information"
                )
            body = self._body(call, info)
            if call.flag("save-config"):
                body = with_last_applied(body)
            body = recorded(call, body)
            try:
                made = create_object(
                    call, HPA, "" if dry_run(call) == "client" else info.namespace, body, "kubectl-autoscale"
                )
            except ApiError as error:
                # kubectl tries autoscaling/v1 next, which knows nothing but a percentage of CPU.
                if call.flag("cpu") or call.flag("memory") or call.flag("cpu-percent") > 0:
                    raise
                why = "failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1"
                raise CommandError(f"{why}: empty input") from error
            tell(call, HPA, made, "autoscaled", typed=True)
        raise_all(selection.errors)
        if not found:
            raise CommandError("no objects passed to autoscale")
        return 0

    def _body(self, call: Call, info: Info) -> dict[str, Any]:
        target = {"apiVersion": info.resource.group_version, "kind": info.resource.kind, "name": info.name}
        spec: dict[str, Any] = {"scaleTargetRef": target, "maxReplicas": call.flag("max")}
        if call.flag("min") > 0:
            spec["minReplicas"] = call.flag("min")
        metrics = []
        if call.flag("cpu-percent") > 0:
            metrics.append(_metric("cpu", f"{call.flag('cpu-percent')}%"))
        metrics += [_metric(name, call.flag(name)) for name in ("cpu", "memory") if call.flag(name)]
        if metrics:
            spec["metrics"] = metrics
        metadata: dict[str, Any] = {"name": call.flag("name") or info.name}
        if call.explicit_namespace:
            metadata["namespace"] = info.namespace
        status = {"currentMetrics": None, "desiredReplicas": 0}
        return {"apiVersion": "autoscaling/v2", "kind": HPA.kind, "metadata": metadata, "spec": spec, "status": status}


def _metric(name: str, text: str) -> dict[str, Any]:
    if text.endswith("%"):
        if not text[:-1].isdigit():
            raise CommandError(f"invalid percentage value: {text[:-1]}")
        target: dict[str, Any] = {"type": "Utilization", "averageUtilization": int(text[:-1])}
    elif re.fullmatch(r"[0-9.]+[a-zA-Z]*", text):
        unit = {"cpu": "m", "memory": "Mi"}[name] if text.isdigit() else ""
        target = {"type": "AverageValue", "averageValue": text + unit}
    else:
        raise CommandError(f"invalid resource {name} value: {text}")
    return {"type": "Resource", "resource": {"name": name, "target": target}}


VERB = Autoscale
