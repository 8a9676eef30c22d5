"""What Kubernetes 1.37 serves: the types of all built-in kinds, discovery, OpenAPI, and a fresh cluster's objects.

Everything is generated from Kubernetes' own sources (``tools/generate_schemas.py``) and loaded when first asked for.
"""

from k8s_tutor.apimachinery.schema.documents import discovery, openapi_v2, openapi_v3, openapi_v3_index
from k8s_tutor.apimachinery.schema.tables import describe, kinds, type_for, type_named
from k8s_tutor.apimachinery.schema.types import ANY, ATOMIC, LIST, MAP, STRUCT, Field, Type

__all__ = [
    "ANY",
    "ATOMIC",
    "LIST",
    "MAP",
    "STRUCT",
    "Field",
    "Type",
    "describe",
    "discovery",
    "kinds",
    "openapi_v2",
    "openapi_v3",
    "openapi_v3_index",
    "type_for",
    "type_named",
]
