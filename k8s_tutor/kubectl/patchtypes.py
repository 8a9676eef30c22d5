"""The content types of patches, as the API server names them (apimachinery, ``types.PatchType``)."""

STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"
