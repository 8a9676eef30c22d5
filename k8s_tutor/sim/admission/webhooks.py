"""MutatingAdmissionWebhook and ValidatingAdmissionWebhook: other people's admission, asked over HTTPS.

Mirrors ``apiserver/pkg/admission/plugin/webhook``. The storage is one synchronous pass: an answer that is not there yet is
asked for, and the pass ends with ``Pending``; the request begins anew when it has come (see ``machinery/pending``).
Of what kubelets and the scheduler write, the statuses of pods and nodes, bindings and the last deletion of a pod are reviewed;
events, leases and what they reserve are not.
"""

import base64
import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import orjson

from k8s_tutor.apimachinery.patches import PatchError, apply_json_patch
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.admission.expressions import Failed, evaluate, values
from k8s_tutor.sim.admission.plugin import Plugin, become
from k8s_tutor.sim.admission.policy_matching import matches, namespace_of
from k8s_tutor.sim.admission.webhook_calling import Target
from k8s_tutor.sim.admission.webhook_review import Answer, CallFailed, denial, failure, review, verified
from k8s_tutor.sim.machinery.pending import Pending, Reviews
from k8s_tutor.sim.machinery.status import ApiError, bad_request
from k8s_tutor.sim.registry.attributes import Attributes

GROUP = "admissionregistration.k8s.io"
HARMLESS = frozenset(("None", "NoneOnDryRun"))
TIMEOUT = 10
TOKEN_VOLUME = re.compile(rb"kube-api-access-\w+")  # its suffix is made anew in every pass
Sent = tuple[str, str, bytes] | CallFailed
FRESH = frozenset(("uid", "creationTimestamp", "managedFields", "resourceVersion"))


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook of a configuration."""

    configuration: str
    spec: Json

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.spec["name"])

    @property
    def fails_open(self) -> bool:
        """A webhook that cannot be asked does not count."""
        return self.spec.get("failurePolicy") == "Ignore"


class _Webhooks(Plugin):
    """What both have in common: which webhooks a request concerns, and their answers."""

    operations = frozenset(("CREATE", "UPDATE", "DELETE", "CONNECT"))
    of_others = True
    of_users = True
    configurations: ClassVar[str] = ""
    mutating: ClassVar[bool] = False

    def concerned(self, attributes: Attributes) -> Iterator[Hook]:
        """Yield the webhooks that want to see a request, in order of their configurations' names."""
        if not self.store.count(self.configurations) or attributes.resource.group == GROUP:
            return
        reviews = self._reviews(attributes)
        if reviews is None:
            return
        namespace = namespace_of(self.store, attributes)
        for entry in sorted(self.store.entries(self.configurations), key=lambda e: str(e.obj["metadata"]["name"])):
            for spec in entry.obj.get("webhooks") or ():
                hook = Hook(entry.obj["metadata"]["uid"], spec)
                if self._wanted(hook, attributes, namespace):
                    yield hook

    def answers(self, hooks: list[Hook], attributes: Attributes, turn: int = 0) -> list[Answer | CallFailed]:
        """Return what webhooks say.

        Raises:
            Pending: they are being asked.
        """
        reviews = self._reviews(attributes)
        if reviews is None:
            return []
        keys = [_key(hook, attributes, turn, own=reviews.own) for hook in hooks]
        missing = [(key, hook) for key, hook in zip(keys, hooks, strict=True) if key not in reviews.answers]
        if missing:
            raise self._ask(missing, attributes, reviews)
        reviews.used.extend(keys)
        return [reviews.answers[key] for key in keys]

    def judge(self, hook: Hook, answer: Answer | CallFailed, attributes: Attributes) -> Answer | None:
        """Return an answer that allows the request, None for a failure that does not count.

        Raises:
            ApiError: denied, or the webhook could not be asked and must be.
        """
        if isinstance(answer, CallFailed):
            if hook.fails_open:
                return None
            raise failure(hook.name, answer)
        attributes.ctx.warnings.extend(answer.warnings)
        if not answer.allowed:
            raise denial(hook.name, answer.result)
        return answer

    def _reviews(self, attributes: Attributes) -> Reviews | None:
        """Return where the request's answers are; None for those who are not reviewed."""
        ctx = attributes.ctx
        if ctx.reviews is None and self.rest.webhooks is not None:
            if not ctx.user.name.startswith("system:serviceaccount:") or attributes.resource.plural == "events":
                return None
            ctx.reviews = self.rest.controllers_reviews
        return ctx.reviews if self.rest.webhooks is not None else None

    def _wanted(self, hook: Hook, attributes: Attributes, namespace: Json | None) -> bool:
        spec = hook.spec
        rules = spec.get("rules")
        keys = ("namespaceSelector", "objectSelector")
        if not rules or not matches(
            {key: spec.get(key) for key in keys} | {"resourceRules": rules}, attributes, namespace
        ):
            return False
        given = values(attributes, namespace, None)
        failed: Failed | None = None
        for condition in spec.get("matchConditions") or ():
            done = evaluate(condition["expression"], given)
            if isinstance(done, Failed):
                failed = done
            elif done is not True:
                return False
        if failed is None:
            return True
        if hook.fails_open:
            return False
        raise failure(hook.name, CallFailed(f"match conditions could not be evaluated: {failed}"))

    def _ask(self, missing: list[tuple[Hashable, Hook]], attributes: Attributes, reviews: Reviews) -> Pending:
        """Begin to ask the webhooks, all at once."""
        asked = reviews.underway.get(missing[0][0])
        if asked is not None:
            return asked
        pending = Pending()
        left = len(missing)

        async def ask(key: Hashable, hook: Hook, sent: Sent) -> None:
            nonlocal left
            try:
                reviews.answers[key] = await self._call(hook, sent)
            finally:
                reviews.underway.pop(key, None)
                left -= 1
                if not left:
                    pending.finish()

        for key, hook in missing:
            if attributes.ctx.dry_run and hook.spec.get("sideEffects") not in HARMLESS:
                raise bad_request(f'admission webhook "{hook.name}" does not support dry run')
            reviews.underway[key] = pending
            self.store.clock.spawn(ask(key, hook, _sent(hook, attributes)))
        return pending

    async def _call(self, hook: Hook, sent: Sent) -> Answer | CallFailed:
        caller = self.rest.webhooks
        if isinstance(sent, CallFailed) or caller is None:
            return sent if isinstance(sent, CallFailed) else CallFailed("no way to call it")
        uid, version, text = sent
        try:
            body = await caller.call(_target(hook), text, hook.spec.get("timeoutSeconds") or TIMEOUT)
            return verified(body, uid, version, mutating=self.mutating)
        except CallFailed as error:
            return error


class MutatingAdmissionWebhook(_Webhooks):
    """Lets webhooks change the object, one after the other; those that wish see it again if a later one changed it."""

    name = "MutatingAdmissionWebhook"
    configurations = f"mutatingwebhookconfigurations.{GROUP}"
    mutating = True

    def admit(self, attributes: Attributes) -> None:
        again: dict[tuple[str, str], bool] = {}
        for hook in self.concerned(attributes):
            if self._mutated(hook, attributes, 0):
                again = dict.fromkeys(again, True)
            if hook.spec.get("reinvocationPolicy") == "IfNeeded":
                again[hook.configuration, hook.name] = False
        if any(again.values()):
            for hook in self.concerned(attributes):
                if again.get((hook.configuration, hook.name)):
                    self._mutated(hook, attributes, 1)

    def _mutated(self, hook: Hook, attributes: Attributes, turn: int) -> bool:
        """Let one webhook change the object; tells whether it did."""
        answer = self.judge(hook, self.answers([hook], attributes, turn)[0], attributes)
        obj = attributes.obj
        if answer is None or not answer.patch:
            return False
        if obj is None:
            text = f'admission webhook "{hook.name}" attempted to modify the object, which is not supported for this operation'
            raise _internal(text)
        before = attributes.encoded(obj)
        try:
            patched = apply_json_patch(before, answer.patch)
        except PatchError as error:
            raise _internal(str(error)) from None
        if attributes.kind is not None:
            obj.clear()
            obj.update(patched)
            return bool(patched != before)
        conformed = attributes.resource.conform(patched)
        if conformed.type_error:
            raise _internal(conformed.type_error)
        changed = bool(attributes.resource.encode(conformed.obj) != before)
        become(obj, conformed.obj)
        attributes.resource.strategy.default(obj)
        attributes.mutated = attributes.mutated or changed
        return changed


class ValidatingAdmissionWebhook(_Webhooks):
    """Asks webhooks, all at the same time, whether the object may be."""

    name = "ValidatingAdmissionWebhook"
    configurations = f"validatingwebhookconfigurations.{GROUP}"

    def validate(self, attributes: Attributes) -> None:
        hooks = list(self.concerned(attributes))
        for hook, answer in zip(hooks, self.answers(hooks, attributes) if hooks else (), strict=True):
            self.judge(hook, answer, attributes)
        reviews = attributes.ctx.reviews
        if reviews is not None and not reviews.own:
            for key in reviews.used:  # the pass is through: the next request of the kind is asked about anew
                reviews.answers.pop(key, None)
            reviews.used.clear()


def _key(hook: Hook, attributes: Attributes, turn: int, *, own: bool) -> Hashable:
    """Return what stands for one question; one request asks each webhook once (a turn, a version of the object)."""
    old = attributes.old["metadata"]["resourceVersion"] if attributes.old else ""
    meta = (attributes.obj or attributes.old or {}).get("metadata") or {}
    who = meta.get("generateName") or attributes.name
    head = (hook.configuration, hook.name, turn, attributes.operation, attributes.resource.name, attributes.namespace)
    if own:
        return (*head, who, old)
    return (*head, who, old, attributes.ctx.user.name, _content(attributes.obj))


def _content(obj: Json | None) -> bytes:
    """Return an object without what differs each time that it is made."""
    if obj is None:
        return b""
    meta = {key: value for key, value in obj["metadata"].items() if key not in FRESH}
    if meta.get("generateName"):
        meta.pop("name", None)
    return TOKEN_VOLUME.sub(b"", orjson.dumps(obj | {"metadata": meta}, option=orjson.OPT_SORT_KEYS))


def _sent(hook: Hook, attributes: Attributes) -> Sent:
    """Return the review as it is now: UID, version and text."""
    try:
        uid, sent = review(attributes, hook.spec.get("admissionReviewVersions") or [])
    except CallFailed as error:
        return error
    return uid, sent["apiVersion"], orjson.dumps(sent)


def _target(hook: Hook) -> Target:
    config = hook.spec["clientConfig"]
    authorities = base64.b64decode(config.get("caBundle") or "").decode("utf-8", "replace")
    service = config.get("service")
    if not service:
        return Target(config["url"], authorities)
    port, path = service.get("port") or 443, (service.get("path") or "").lstrip("/")
    url = f"https://{service['name']}.{service['namespace']}.svc:{port}/{path}"
    return Target(url, authorities, service)


def _internal(why: str) -> ApiError:
    return ApiError(500, "InternalError", f"Internal error occurred: {why}", {"causes": [{"message": why}]})
