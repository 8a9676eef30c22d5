"""``kubectl expose`` (kubectl, ``cmd/expose``): a Service for what is there."""

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.client import ApiError
from k8s_tutor.kubectl.actions import create_object, dry_run, parse_labels, tell
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.errors import CommandError, raise_all
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.base import api, with_last_applied
from k8s_tutor.kubectl.infos import Info, select
from k8s_tutor.kubectl.options import DRY_RUN, FILENAME, OUTPUT, RECORD, SAVE_CONFIG, field_manager
from k8s_tutor.kubectl.recording import recorded
from k8s_tutor.kubectl.text import go_list

SERVICE = api("", "v1", "services", "Service")
EXPOSABLE = {"Pod", "Service", "ReplicationController", "Deployment", "ReplicaSet"}


class Expose(Verb):
    """Makes a service."""

    name = "expose"
    usage = "expose (-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type] [options]"
    short = "Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service"
    group = "Basic Commands (Beginner)"
    flags = (
        *FILENAME,
        *OUTPUT,
        DRY_RUN,
        field_manager("kubectl-expose"),
        RECORD,
        SAVE_CONFIG,
        Flag("port", help="port of the service; of the object if not given"),
        Flag("target-port", help="port of the containers, number or name"),
        Flag("protocol", help="TCP, UDP or SCTP"),
        Flag("type", help="ClusterIP, NodePort, LoadBalancer or ExternalName"),
        Flag("name", help="of the service; that of the object if not given"),
        Flag("selector", help="labels of the pods; those of the object if not given"),
        Flag("labels", short="l", help="labels of the service"),
        Flag("external-ip", help="an address the service is reached at too"),
        Flag("load-balancer-ip", help="address of the load balancer"),
        Flag("session-affinity", help="None or ClientIP"),
        Flag("cluster-ip", help="an address, or None"),
        Flag("overrides", help="JSON that is merged over the made object"),
        Flag("override-type", default="merge", help="merge or strategic"),
    )

    def run(self, call: Call) -> int:
        selection = select(call, selectors=False)
        failures = selection.errors
        for info in selection.infos():
            if info.resource.kind not in EXPOSABLE:
                raise CommandError(f"cannot expose a {info.resource.kind}.{info.resource.group}".rstrip("."))
            try:
                self._expose(call, info)
            except ApiError as error:
                failures.append(error)
        raise_all(failures)
        return 0

    def _expose(self, call: Call, info: Info) -> None:
        body = self._service(call, info)
        if call.flag("overrides"):
            import json

            from k8s_tutor.kubectl.changes import patched_locally

            body = patched_locally(SERVICE, body, json.loads(call.flag("overrides")), "application/merge-patch+json")
        if call.flag("save-config"):
            body = with_last_applied(body)
        body = recorded(call, body)
        made = create_object(call, SERVICE, "" if dry_run(call) == "client" else info.namespace, body, "kubectl-expose")
        tell(call, SERVICE, made, "exposed", typed=dry_run(call) == "client")

    def _service(self, call: Call, info: Info) -> Json:
        name = call.flag("name") or info.name
        spec: Json = {"selector": self._selector(call, info)}
        ports = self._ports(call, info)
        if ports:
            spec["ports"] = ports
        for flag, key in (
            ("type", "type"),
            ("session-affinity", "sessionAffinity"),
            ("cluster-ip", "clusterIP"),
        ):
            if call.flag(flag):
                spec[key] = call.flag(flag)
        if call.flag("session-affinity") not in {"", "None", "ClientIP"}:
            raise CommandError(f"unknown session affinity: {call.flag('session-affinity')}")
        if call.flag("external-ip"):
            spec["externalIPs"] = [call.flag("external-ip")]
        if call.flag("load-balancer-ip") and call.flag("type") == "LoadBalancer":
            spec["loadBalancerIP"] = call.flag("load-balancer-ip")
        metadata: Json = {"name": name}
        labels = self._given(call.flag("labels")) if call.flag("labels") else info.object["metadata"].get("labels")
        if labels:
            metadata["labels"] = labels
        if call.explicit_namespace:
            metadata["namespace"] = info.namespace
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": spec,
            "status": {"loadBalancer": {}},
        }

    def _given(self, text: str) -> dict[str, str]:
        return parse_labels(text.split(","), "label")[0]

    def _selector(self, call: Call, info: Info) -> dict[str, str]:
        if call.flag("selector"):
            return self._given(call.flag("selector"))
        why = "couldn't retrieve selectors via --selector flag or introspection: "
        kind, spec = info.resource.kind, info.object.get("spec", {})
        if kind == "Pod":
            labels = info.object["metadata"].get("labels")
            if not labels:
                raise CommandError(why + "the pod has no labels and cannot be exposed")
            return dict(labels)
        if kind in {"Service", "ReplicationController"}:
            if not spec.get("selector"):
                raise CommandError(why + "the service has no pod selector set")
            return dict(spec["selector"])
        selector = spec.get("selector") or {}
        if selector.get("matchExpressions"):
            expressions = " ".join(
                f"{{Key:{one['key']} Operator:{one['operator']} Values:{go_list(one.get('values'))}}}"
                for one in selector["matchExpressions"]
            )
            raise CommandError(f'{why}couldn\'t convert expressions - "[{expressions}]" to map-based selector format')
        return dict(selector.get("matchLabels") or {})

    def _ports(self, call: Call, info: Info) -> list[Json]:
        declared = self._declared(info)
        wanted = call.flag("port").split(",") if call.flag("port") else [str(number) for number, _ in declared]
        headless = call.flag("cluster-ip") == "None"
        if not wanted:
            if headless:
                return []
            raise CommandError("couldn't find port via --port flag or introspection")
        protocols = dict(declared)
        made: list[Json] = []
        for at, word in enumerate(wanted):
            if not word.isdigit():
                raise CommandError(f'strconv.Atoi: parsing "{word}": invalid syntax')
            number = int(word)
            target = call.flag("target-port")
            protocol = call.flag("protocol") or protocols.get(number) or "TCP"
            port: Json = {"port": number, "protocol": protocol}
            port["targetPort"] = int(target) if target.isdigit() else target or number
            if len(wanted) > 1:
                port["name"] = f"port-{at + 1}"
            made.append(port)
        return made

    def _declared(self, info: Info) -> list[tuple[int, str]]:
        spec = info.object.get("spec", {})
        if info.resource.kind == "Service":
            return [(port["port"], port.get("protocol", "TCP")) for port in spec.get("ports") or ()]
        pod = spec if info.resource.kind == "Pod" else (spec.get("template") or {}).get("spec") or {}
        found = [
            (port["containerPort"], port.get("protocol", "TCP"))
            for container in pod.get("containers") or ()
            for port in container.get("ports") or ()
        ]
        return list(dict.fromkeys(found))


VERB = Expose
