"""``kubectl set env`` (kubectl, ``cmd/set``: ``set_env.go``)."""

import re
from typing import Any

from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.client import ApiError
from k8s_tutor.kubectl import setting
from k8s_tutor.kubectl.command import Call, Verb
from k8s_tutor.kubectl.describing.containers import field_resolver, resource_value
from k8s_tutor.kubectl.errors import CommandError, raise_all
from k8s_tutor.kubectl.flags import Flag
from k8s_tutor.kubectl.generators.sources import check_env_name
from k8s_tutor.kubectl.infos import resolve
from k8s_tutor.kubectl.podspecs import pod_spec
from k8s_tutor.kubectl.text import quoted


class Env(Verb):
    """Changes environment variables."""

    name = "env"
    usage = "set env RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N [options]"
    short = "Update environment variables on a pod template"
    flags = (
        *setting.FLAGS,
        Flag("containers", short="c", default="*", help="names of containers, * for all"),
        Flag("env", "array", short="e", help="a variable to set"),
        Flag("from", help="configmap/NAME or secret/NAME whose keys become variables"),
        Flag("prefix", help="put before names of --from"),
        Flag("keys", "list", help="keys to take of --from"),
        Flag("list", "bool", help="print the variables"),
        Flag("resolve", "bool", help="with --list: look values of references up"),
        Flag("overwrite", "bool", default=True, help="replace variables that are there"),
    )

    def complete(self, call: Call) -> None:
        self.resources: list[str] = []
        specs: list[str] = []
        for word in call.arguments:
            is_env = "=" in word or (word.endswith("-") and len(word) > 1)
            if is_env:
                specs.append(word)
            elif specs:
                raise CommandError(
                    f"all resources must be specified before environment changes: {' '.join(call.arguments)}"
                )
            else:
                self.resources.append(word)
        self.setting: list[Json] = []
        self.removing: list[str] = []
        for spec in [*specs, *call.flag("env")]:
            self._read(call, spec)
        if {one["name"] for one in self.setting} & set(self.removing):
            raise CommandError("can not both modify and remove the same environment variable in the same command")

    def _read(self, call: Call, spec: str) -> None:
        name, equals, value = spec.partition("=")
        if spec == "-":
            lines = (str(line).split("#", 1)[0].rstrip("\n") for line in call.streams.stdin or ())
            self.setting += [{"name": part[0], "value": part[2]} for line in lines if (part := line.partition("="))[1]]
        elif equals:
            check_env_name(name)
            self.setting.append({"name": name, "value": value})
        elif spec.endswith("-"):
            self.removing.append(spec[:-1])
        else:
            raise CommandError(f"unknown environment variable: {spec}")

    def validate(self, call: Call) -> None:
        setting.check_common(call)
        if not self.resources and not call.flag("filename") and not call.flag("kustomize"):
            raise CommandError("one or more resources must be specified as <resource> <name> or <resource>/<name>")
        if call.flag("list") and call.flag("output"):
            raise CommandError("--list and --output may not be specified together")
        if call.flag("keys") and not call.flag("from"):
            raise CommandError("when specifying --keys, a configmap or secret must be provided with --from")

    def run(self, call: Call) -> int:
        if call.flag("from"):
            self.setting += self._from(call)
        if call.flag("list"):
            return self._list(call)
        infos = setting.fetch(call, self.resources)
        self.pattern, self.overwrite, self.warn = call.flag("containers"), call.flag("overwrite"), call.warn
        return setting.change(call, infos, self._edit, "env updated", "env update to pod template:")

    def _edit(self, body: Json) -> None:
        chosen = self._chosen(body, self.pattern)
        if not chosen:
            self.warn(
                f"{body.get('kind')}/{body['metadata'].get('name')} does not have any containers matching "
                f"{quoted(self.pattern)}"
            )
        for container in chosen:
            env = [one for one in container.get("env") or [] if one["name"] not in self.removing]
            for wanted in self.setting:
                there = next((one for one in env if one["name"] == wanted["name"]), None)
                if there is None:
                    env.append(dict(wanted))
                    continue
                if not self.overwrite and there != wanted:
                    raise CommandError(
                        f"'{there['name']}' already has a value ({there.get('value', '')}), and --overwrite is false"
                    )
                there.clear()
                there.update(wanted)
            container["env"] = env
            if not env:
                del container["env"]

    def _chosen(self, body: Json, pattern: str) -> list[Json]:
        spec = pod_spec(body)
        everything = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
        wanted = re.compile(pattern.replace("*", ".*"))
        return [one for one in everything if wanted.fullmatch(one["name"])]

    def _from(self, call: Call) -> list[Json]:
        kind, _, name = call.flag("from").partition("/")
        resource = resolve(call, kind)
        if resource.kind not in {"ConfigMap", "Secret"}:
            raise CommandError("unsupported resource specified in --from")
        found = call.client.get(resource.path(call.namespace, name))
        reference = "configMapKeyRef" if resource.kind == "ConfigMap" else "secretKeyRef"
        keys = call.flag("keys") or sorted(found.get("data") or {})
        made: list[Json] = []
        for key in sorted(found.get("data") or {}):
            if key in keys:
                name_of = re.sub(r"[^A-Za-z0-9_]", "_", key).upper()
                if name_of != key:
                    call.warn(f"key {key} transferred to {name_of}")
                variable = call.flag("prefix") + name_of
                made.append({"name": variable, "valueFrom": {reference: {"name": name, "key": key}}})
        return made

    def _list(self, call: Call) -> int:
        selection = setting.objects(call, self.resources)
        for info in selection.infos(latest=not call.flag("local")):
            for container in self._chosen(info.object, call.flag("containers")):
                call.out(f"# {info.resource.kind} {info.name}, container {container['name']}")
                for variable in container.get("env") or ():
                    self._show(call, info.object, container, variable)
        raise_all(selection.errors)
        return 0

    def _show(self, call: Call, body: Json, container: Json, variable: Json) -> None:
        source = variable.get("valueFrom")
        if not source:
            call.out(f"{variable['name']}={variable.get('value', '')}")
            return
        if call.flag("resolve"):
            try:
                call.out(f"{variable['name']}={self._resolved(call, body, container, source)}")
                return
            except (ApiError, CommandError) as error:
                call.err(f"error retrieving reference for {variable['name']}: {error}")
        call.out(f"# {variable['name']} from {_reference(source)}")

    def _resolved(self, call: Call, body: Json, container: Json, source: Json) -> str:
        import base64

        if source.get("fieldRef"):
            path = source["fieldRef"].get("fieldPath", "")
            if not path.startswith("metadata."):
                raise CommandError(f"unsupported fieldPath: {path}")
            return field_resolver(body)(source["fieldRef"])
        if source.get("resourceFieldRef"):
            return resource_value(source["resourceFieldRef"], container)
        namespace = body["metadata"].get("namespace", "")
        for key, plural in (("configMapKeyRef", "configmaps"), ("secretKeyRef", "secrets")):
            reference = source.get(key)
            if reference:
                found: Any = call.client.get(f"/api/v1/namespaces/{namespace}/{plural}/{reference['name']}")
                value = (found.get("data") or {}).get(reference["key"])
                if value is None:
                    raise CommandError(f"key {reference['key']} not found in {plural[:-1]} {reference['name']}")
                return base64.b64decode(value).decode("utf-8", "replace") if plural == "secrets" else str(value)
        raise CommandError("invalid valueFrom")


def _reference(source: Json) -> str:
    if source.get("configMapKeyRef"):
        return f"configmap {source['configMapKeyRef']['name']}, key {source['configMapKeyRef']['key']}"
    if source.get("secretKeyRef"):
        return f"secret {source['secretKeyRef']['name']}, key {source['secretKeyRef']['key']}"
    if source.get("fieldRef"):
        return f"field path {source['fieldRef']['fieldPath']}"
    if source.get("resourceFieldRef"):
        reference = source["resourceFieldRef"]
        container = f"{reference['containerName']}/" if reference.get("containerName") else ""
        return f"resource field {container}{reference['resource']}"
    return "invalid valueFrom"
