"""What validating and mutating webhook configurations have in common.

Upstream: ``pkg/apis/admissionregistration/validation``.
"""

from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared import table
from k8s_tutor.sim.resources.shared.admission import admission_rules
from k8s_tutor.sim.resources.shared.admission.expressions import Expressions
from k8s_tutor.sim.resources.shared.admission.registration import RegistrationStrategy
from k8s_tutor.sim.resources.shared.admission.webhook_clients import check_client
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.label_checks import check_selector

_VERSIONS = ("v1", "v1beta1")
_SIDE_EFFECTS = ("None", "NoneOnDryRun")
_MAX_TIMEOUT = 30
_MIN_SEGMENTS = 3
# Webhooks about these could lock everybody out.
_EXCLUDED = (
    "selfsubjectreviews.authentication.k8s.io",
    "tokenreviews.authentication.k8s.io",
    "localsubjectaccessreviews.authorization.k8s.io",
    "selfsubjectaccessreviews.authorization.k8s.io",
    "selfsubjectrulesreviews.authorization.k8s.io",
    "subjectaccessreviews.authorization.k8s.io",
)


def check_full_name(v: At, field: str) -> None:
    """Require a name of at least three segments."""
    if not v.need(field):
        return
    complaints = names.is_dns1123_subdomain(v.text(field))
    if complaints:
        v.invalid(field, ",".join(complaints))
    elif v.text(field).count(".") + 1 < _MIN_SEGMENTS:
        v.invalid(field, "should be a domain with at least three segments separated by dots")


def check_review_versions(v: At, field: str, *, recognized: bool = True) -> None:
    """Check the versions of AdmissionReview (or ConversionReview) that a webhook understands."""
    versions = v.get(field) or []
    if not versions:
        v.required(field, f"must specify one of {', '.join(_VERSIONS)}")
        return
    seen: set[str] = set()
    for version in v.each(field):
        if version.value in seen:
            version.invalid("", "duplicate version")
            continue
        seen.add(version.value)
        version.judge("", names.is_dns1035_label)
    if recognized and not seen.intersection(_VERSIONS):
        v.invalid(field, f"must include at least one of {', '.join(_VERSIONS)}")


def _expressions(webhooks: list[Json] | None) -> frozenset[str]:
    return frozenset(
        (condition.get("expression") or "").strip()
        for webhook in webhooks or ()
        for condition in webhook.get("matchConditions") or ()
    )


def _excluded_warnings(obj: Json) -> list[str]:
    """Warn about rules for resources that no webhook is asked about."""
    found = []
    for number, webhook in enumerate(obj.get("webhooks") or ()):
        for index, rule in enumerate(webhook.get("rules") or ()):
            groups, resources = rule.get("apiGroups") or (), rule.get("resources") or ()
            if "*" in groups or "*" in resources:
                continue
            named = dict.fromkeys(f"{name}.{group}" for group in groups for name in resources)
            found += [
                f"webhooks[{number}].rules[{index}]: {name} is excluded from admission webhooks; this rule will have no "
                "effect"
                for name in named
                if name in _EXCLUDED
            ]
    return found


class WebhookConfigurationStrategy(RegistrationStrategy):
    """A kind that lists webhooks.

    Class attributes:
        mutating: whether the webhooks may change objects.
    """

    mutating = False

    def generation_changes(self, new: Json, old: Json) -> bool:
        return bool(new.get("webhooks") != old.get("webhooks"))

    def warnings(self, obj: Json, old: Json | None) -> list[str]:
        return [*super().warnings(obj, old), *_excluded_warnings(obj)]

    def default(self, obj: Json) -> None:
        for webhook in obj.get("webhooks") or ():
            if webhook.get("failurePolicy") is None:
                webhook["failurePolicy"] = "Fail"
            admission_rules.default_matching(webhook)
            if webhook.get("timeoutSeconds") is None:
                webhook["timeoutSeconds"] = 10
            if self.mutating and webhook.get("reinvocationPolicy") is None:
                webhook["reinvocationPolicy"] = "Never"
            service = (webhook.get("clientConfig") or {}).get("service")
            if service is not None and service.get("port") is None:
                service["port"] = 443
            admission_rules.default_rules(webhook.get("rules"))

    def check(self, v: At, old: Json | None) -> None:
        expressions = Expressions(kept=_expressions((old or {}).get("webhooks")))
        seen: set[str] = set()
        for webhook in v.each("webhooks"):
            self._check_webhook(webhook, expressions)
            check_review_versions(webhook, "admissionReviewVersions", recognized=old is None)
            name = webhook.text("name")
            if name and name in seen:
                webhook.duplicate("name")
            seen.add(name)

    def _check_webhook(self, v: At, expressions: Expressions) -> None:
        check_full_name(v, "name")
        for rule in v.each("rules"):
            admission_rules.check_rule(rule)
        v.one_of_if("failurePolicy", admission_rules.FAILURE_POLICIES)
        v.one_of_if("matchPolicy", admission_rules.MATCH_POLICIES)
        if v.get("sideEffects") is None:
            v.required("sideEffects", f"must specify one of {', '.join(_SIDE_EFFECTS)}")
        else:
            v.one_of("sideEffects", _SIDE_EFFECTS)
        if v.get("timeoutSeconds") is not None and not 1 <= v.number("timeoutSeconds") <= _MAX_TIMEOUT:
            v.invalid("timeoutSeconds", "the timeout value must be between 1 and 30 seconds")
        check_selector(v.at("namespaceSelector"))
        check_selector(v.at("objectSelector"))
        if self.mutating:
            v.one_of_if("reinvocationPolicy", admission_rules.REINVOCATION_POLICIES)
        check_client(v.at("clientConfig"))
        admission_rules.check_conditions(v, expressions)

    def row(self, obj: Json, now: float) -> list[Any]:
        return [obj["metadata"]["name"], len(obj.get("webhooks") or ()), table.created(obj, now)]
