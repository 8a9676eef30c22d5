"""A kustomize, for ``apply -k`` and ``kubectl kustomize``: layers of manifests, each changing what lies below it.

A kustomization's resources and generators give `Resource` objects (`building`), its patches and transformers change
them (`patching`, `transforming`), names are followed by those who use them (`referring`). Fields that are not supported
here are refused with their name rather than left out.
"""

from k8s_tutor.kubectl.kustomize.building import build

__all__ = ["build"]
