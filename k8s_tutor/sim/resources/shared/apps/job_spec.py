"""The specification of a Job, of Jobs and in CronJobs (upstream: ``apis/batch/validation``)."""

import itertools
from typing import Any

from k8s_tutor.apimachinery import names
from k8s_tutor.apimachinery.unstructured import Json
from k8s_tutor.sim.resources.shared.check import At
from k8s_tutor.sim.resources.shared.indexes import IndexTextError, parse_indexes
from k8s_tutor.sim.resources.shared.internal import internal
from k8s_tutor.sim.resources.shared.pods.pod_defaults import default_template
from k8s_tutor.sim.resources.shared.pods.pod_template import check_template

MODES = ("NonIndexed", "Indexed")
ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
REPLACEMENT = ("Failed", "TerminatingOrFailed")
_STATUSES = ("False", "True", "Unknown")
_MANY = 100_000
_FEW = 10_000
_INDEXED_ONLY = "requires indexed completion mode"


def default_job_template(spec: Json) -> None:
    """Fill the defaults of a Job's spec that CronJobs' templates get too."""
    default_template(spec.setdefault("template", {}))
    for rule in (spec.get("podFailurePolicy") or {}).get("rules") or ():
        for pattern in rule.get("onPodConditions") or ():
            if not pattern.get("status"):
                pattern["status"] = "True"


def check_job_spec(v: At) -> None:
    """Check a Job's spec but for its selector."""
    v.not_negative(
        "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished",
        "backoffLimitPerIndex", "maxFailedIndexes",
    )  # fmt: skip
    if v.get("managedBy") is not None:
        check_domain_path(v, "managedBy")
        if len(v.text("managedBy")) > 63:
            v.too_long("managedBy", 63)
    _check_mode(v)
    if v.get("podFailurePolicy") is not None:
        _check_failure_policy(v)
    if v.get("successPolicy") is not None:
        if v.get("completionMode") != "Indexed":
            v.invalid("successPolicy", _INDEXED_ONLY, internal("batch.SuccessPolicy", v.get("successPolicy")))
        else:
            _check_success_policy(v)
    replacement = v.get("podReplacementPolicy")
    if replacement is not None:
        v.one_of("podReplacementPolicy", ("Failed",) if v.get("podFailurePolicy") is not None else REPLACEMENT)
    check_template(v.at("template"))
    _check_restart(v)


def _check_restart(v: At) -> None:
    spec = v.at("template").at("spec")
    policy = spec.text("restartPolicy")
    if policy in ("Always", ""):
        spec.required("restartPolicy", 'valid values: "OnFailure", "Never"')
    elif policy not in ("OnFailure", "Never"):
        spec.unsupported("restartPolicy", ("OnFailure", "Never"))
    elif v.get("podFailurePolicy") is not None and policy != "Never":
        spec.invalid("restartPolicy", 'only "Never" is supported when podFailurePolicy is specified')


def declared_job_spec(v: At) -> None:
    """Check what upstream generates from field tags."""
    if v.get("maxFailedIndexes") is not None and v.get("backoffLimitPerIndex") is None:
        v.required("backoffLimitPerIndex", "when maxFailedIndexes is specified")


def _check_mode(v: At) -> None:
    mode = v.get("completionMode")
    if mode is not None and mode not in MODES:
        v.unsupported("completionMode", MODES)
    failed, completions, parallelism = v.get("maxFailedIndexes"), v.get("completions"), v.get("parallelism")
    per_index = v.get("backoffLimitPerIndex")
    if mode in (None, "NonIndexed"):
        for name in ("backoffLimitPerIndex", "maxFailedIndexes"):
            if v.get(name) is not None:
                v.invalid(name, _INDEXED_ONLY)
    if mode != "Indexed":
        return
    if completions is None:
        v.required("completions", "when completion mode is Indexed")
    if parallelism is not None and parallelism > _MANY:
        v.invalid("parallelism", f"must be less than or equal to {_MANY} when completion mode is Indexed")
    if completions is not None and failed is not None and failed > completions:
        v.invalid("maxFailedIndexes", "must be less than or equal to completions")
    if failed is not None and failed > _MANY:
        v.invalid("maxFailedIndexes", f"must be less than or equal to {_MANY}")
    if completions is not None and completions > _MANY and per_index is not None:
        if failed is None:
            v.required("maxFailedIndexes", f"must be specified when completions is above {_MANY}")
        for name in ("parallelism", "maxFailedIndexes"):
            if v.get(name) is not None and v.get(name) > _FEW:
                detail = f"when completions are above {_MANY} and used with backoff limit per index"
                v.invalid(name, f"must be less than or equal to {_FEW} {detail}")


def _quoted(values: tuple[str, ...]) -> str:
    return f"valid values: [{' '.join(f'{chr(34)}{value}{chr(34)}' for value in values)}]"


def _check_failure_policy(v: At) -> None:
    policy = v.at("podFailurePolicy")
    rules = policy.get("rules") or ()
    if len(rules) > 20:
        policy.too_many("rules", len(rules), 20)
    pod = (v.get("template") or {}).get("spec") or {}
    known = {item.get("name") for field in ("containers", "initContainers") for item in pod.get(field) or ()}
    for rule in policy.each("rules"):
        action = rule.text("action")
        if not action:
            rule.required("action", _quoted(ACTIONS))
        elif action == "FailIndex":
            if v.get("backoffLimitPerIndex") is None:
                rule.invalid("action", "requires the backoffLimitPerIndex to be set")
        elif action not in ACTIONS:
            rule.unsupported("action", ACTIONS)
        codes, conditions = rule.get("onExitCodes"), rule.get("onPodConditions")
        if codes is not None:
            _check_codes(rule.at("onExitCodes"), known)
        if conditions:
            _check_conditions(rule)
        if codes is not None and conditions:
            _plain(rule, "specifying both OnExitCodes and OnPodConditions is not supported")
        if codes is None and not conditions:
            _plain(rule, "specifying one of OnExitCodes and OnPodConditions is required")


def _plain(v: At, detail: str) -> None:
    v.add("FieldValueInvalid", "", f"Invalid value: {detail}")


def _check_codes(v: At, known: set[Any]) -> None:
    operator, values = v.text("operator"), v.get("values") or []
    if not operator:
        v.required("operator", _quoted(("In", "NotIn")))
    elif operator not in ("In", "NotIn"):
        v.unsupported("operator", ("In", "NotIn"))
    if v.get("containerName") is not None and v.get("containerName") not in known:
        v.invalid("containerName", "must be one of the container or initContainer names in the pod template")
    if not values:
        v.invalid("values", "at least one value is required")
    elif len(values) > 255:
        v.too_many("values", len(values), 255)
    seen: set[int] = set()
    for item in v.each("values"):
        if operator == "In" and item.value == 0:
            item.invalid("", "must not be 0 for the In operator")
        if item.value in seen:
            item.duplicate()
        seen.add(item.value)
    if any(first > second for first, second in itertools.pairwise(values)):
        v.invalid("values", "must be ordered")


def _check_conditions(rule: At) -> None:
    patterns = rule.get("onPodConditions")
    if len(patterns) > 20:
        rule.too_many("onPodConditions", len(patterns), 20)
    for pattern in rule.each("onPodConditions"):
        pattern.judge("type", names.is_qualified_name)
        if not pattern.text("status"):
            pattern.required("status", _quoted(_STATUSES))
        else:
            pattern.one_of("status", _STATUSES)


def _check_success_policy(v: At) -> None:
    policy, completions = v.at("successPolicy"), v.number("completions")
    rules = policy.get("rules") or ()
    if not rules:
        policy.required("rules", "at least one rules must be specified when the successPolicy is specified")
    if len(rules) > 20:
        policy.too_many("rules", len(rules), 20)
    for rule in policy.each("rules"):
        count, indexes, total = rule.get("succeededCount"), rule.get("succeededIndexes"), 0
        if count is None and indexes is None:
            rule.required("", "at least one of succeededCount or succeededIndexes must be specified")
        if indexes is not None:
            if len(indexes) > 64 * 1024:
                rule.too_long("succeededIndexes", 64 * 1024)
            try:
                total = parse_indexes(indexes, completions)
            except IndexTextError as error:
                rule.invalid("succeededIndexes", f"error parsing succeededIndexes: {error}")
        if count is None:
            continue
        rule.not_negative("succeededCount")
        if count > completions:
            detail = f"must be less than or equal to {completions} (the number of specified completions)"
            rule.invalid("succeededCount", detail)
        if indexes is not None and count > total:
            what = "the number of indexes in the specified succeededIndexes field"
            rule.invalid("succeededCount", f"must be less than or equal to {total} ({what})")


def check_domain_path(v: At, name: str) -> None:
    """Check a value such as ``example.com/path`` (upstream: ``IsDomainPrefixedPath``)."""
    text = v.text(name)
    if not text:
        v.required(name)
        return
    domain, slash, path = text.partition("/")
    if not slash or not domain or not path:
        v.invalid(name, 'must be a domain-prefixed path (such as "acme.io/foo")')
    for complaint in names.is_dns1123_subdomain(domain) if slash and domain and path else ():
        v.invalid(name, complaint, domain)
    if slash and domain and path:
        for complaint in names.is_http_path(path):
            v.invalid(name, complaint, path)
