"""Kubernetes' JSONPath templates, as ``kubectl -o jsonpath``, ``wait --for=jsonpath`` and checks use them.

A template is text with expressions in braces: ``{.items[*].metadata.name}``, ``{range .items[*]}…{end}``, quoted text,
filters ``[?(@.type=="Ready")]``, slices ``[0:2]``, unions ``['a','b']``, recursive descent ``..name``. Mirrors client-go,
``util/jsonpath``: keys are found in document order sorted by name, missing keys give nothing unless strict.

``parsing`` reads a template into the nodes of ``template``; ``evaluating`` walks data along them.
"""

from k8s_tutor.apimachinery.jsonpath.evaluating import JSONPath, rendered
from k8s_tutor.apimachinery.jsonpath.parsing import relaxed
from k8s_tutor.apimachinery.jsonpath.template import JSONPathError

__all__ = ["JSONPath", "JSONPathError", "relaxed", "rendered"]
