"""The three kinds of patches that clients compute: JSON patch, JSON merge patch, strategic merge patch."""

from k8s_tutor.apimachinery.patches.errors import PatchError
from k8s_tutor.apimachinery.patches.json_patch import apply_json_patch
from k8s_tutor.apimachinery.patches.merge_patch import merge_patch
from k8s_tutor.apimachinery.patches.strategic import strategic_merge
from k8s_tutor.apimachinery.patches.strategic_diff import strategic_diff

__all__ = ["PatchError", "apply_json_patch", "merge_patch", "strategic_diff", "strategic_merge"]
