"""Custom resources: pruning, defaulting and validation by a CRD's structural schema.

Mirrors ``k8s.io/apiextensions-apiserver/pkg/apiserver/schema`` and ``…/validation``.  A schema is the plain dict of
``openAPIV3Schema``; ``type_of`` makes a Type of it, so that server-side apply and managed fields run the same code as for
built-in kinds.
"""

from k8s_tutor.apimachinery.structural.compiling import CompiledRule, compile_rules
from k8s_tutor.apimachinery.structural.errors import OMIT, FieldError
from k8s_tutor.apimachinery.structural.preparing import apply_defaults, prune
from k8s_tutor.apimachinery.structural.types import type_of
from k8s_tutor.apimachinery.structural.validating import BLOCKING, rule_warnings, validate

__all__ = [
    "BLOCKING",
    "OMIT",
    "CompiledRule",
    "FieldError",
    "apply_defaults",
    "compile_rules",
    "prune",
    "rule_warnings",
    "type_of",
    "validate",
]
