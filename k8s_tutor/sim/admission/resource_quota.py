"""ResourceQuota: a create or update that would use more than is allowed is refused, else it is charged.

Mirrors ``apiserver/pkg/admission/plugin/resourcequota``; runs last, so that nothing refused is charged.
"""

from k8s_tutor.apimachinery.quantity import Quantity
from k8s_tutor.apimachinery.unstructured import Json, clone
from k8s_tutor.sim.admission.plugin import Plugin
from k8s_tutor.sim.machinery.status import ApiError, forbidden
from k8s_tutor.sim.registry import quota
from k8s_tutor.sim.registry.attributes import Attributes
from k8s_tutor.sim.registry.strategy import RequestContext, UserInfo

Amounts = dict[str, Quantity]
QUOTAS = "resourcequotas"
SERVER = UserInfo("system:apiserver", ("system:masters", "system:authenticated"))
UPDATES = frozenset(("pods", "services", "persistentvolumeclaims"))
UNCOUNTED = frozenset(("events", "localsubjectaccessreviews.authorization.k8s.io"))


class ResourceQuota(Plugin):
    """Charges quotas."""

    name = "ResourceQuota"

    def validate(self, attributes: Attributes) -> None:
        namespace, resource, obj = attributes.namespace, attributes.resource.name, attributes.obj
        if not namespace or obj is None or resource in UNCOUNTED or attributes.subresource not in {"", "resize"}:
            return
        if attributes.operation == "UPDATE" and resource not in UPDATES:
            return
        quotas = [entry.obj for entry in self.store.entries(QUOTAS, namespace)]
        if not quotas:
            return
        charges = [(found, self._charge(attributes, found, obj)) for found in quotas]
        for found, used in charges:
            if used is not None and not attributes.ctx.dry_run:
                new = clone(found)
                new.setdefault("status", {})["used"] = quota.printed(used)
                ctx = RequestContext(SERVER, "kube-apiserver", subresource="status")
                self.rest.fields.track(ctx, self.rest.resource(QUOTAS), new, found)
                self.store.put(QUOTAS, (namespace, found["metadata"]["name"]), new)

    def _charge(self, attributes: Attributes, found: Json, obj: Json) -> Amounts | None:
        """Return the quota's new use, None if this does not concern it.

        Raises:
            ApiError: 403.
        """
        resource, name = attributes.resource.name, found["metadata"]["name"]
        status = found.get("status") or {}
        hard = quota.parsed(status.get("hard"))
        if not quota.matches(found, resource, obj):
            return None
        relevant = quota.matching_resources(resource, hard)
        if resource == "pods":
            lacking = quota.missing(obj["spec"], relevant)
            if lacking:
                text = "; ".join(f"{key} for: {','.join(sorted(set(lacking[key])))}" for key in sorted(lacking))
                raise self._refuse(attributes, f"failed quota: {name}: must specify {text}")
        used = quota.parsed(status.get("used"))
        unknown = [key for key in relevant if key not in used]
        if unknown:
            raise self._refuse(attributes, f"status unknown for quota: {name}, resources: {','.join(sorted(unknown))}")
        delta = self._delta(attributes, found, obj)
        asked = {key: amount for key, amount in delta.items() if key in hard and amount}
        if not asked:
            return None
        new = quota.add(used, asked)
        exceeded = sorted(key for key in asked if hard[key] < new[key])
        if exceeded:
            raise self._refuse(
                attributes,
                f"exceeded quota: {name}, requested: {_text(asked, exceeded)}, used: {_text(used, exceeded)}, "
                f"limited: {_text(hard, exceeded)}",
            )
        return new

    def _delta(self, attributes: Attributes, found: Json, obj: Json) -> Amounts:
        now = self.store.clock.now()
        resource = attributes.resource.name
        asked = quota.usage(resource, obj, now)
        old = attributes.old
        if attributes.operation != "UPDATE" or old is None or not quota.matches(found, resource, old):
            return asked
        before = quota.usage(resource, old, now)
        delta = {key: amount - before[key] if key in before else amount for key, amount in asked.items()}
        return {key: amount for key, amount in delta.items() if amount > quota.ZERO}

    def _refuse(self, attributes: Attributes, why: str) -> ApiError:
        return forbidden(attributes.resource.plural, attributes.resource.group, attributes.name, why)


def _text(amounts: Amounts, names: list[str]) -> str:
    return ",".join(f"{name}={amounts[name]}" for name in names)
