"""YAML and JSON as Go writes them, shared with the practice cluster (``apimachinery/goyaml.py``)."""

from k8s_tutor.apimachinery.goyaml import double_quoted, escaped_html, looks_typed, to_json, to_yaml

__all__ = ["double_quoted", "escaped_html", "looks_typed", "to_json", "to_yaml"]
