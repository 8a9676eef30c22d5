"""Our kubectl: the command language of the course, over `k8s_tutor.client`, with kubectl's words, columns and codes."""

from k8s_tutor.kubectl.main import run

__all__ = ["run"]
