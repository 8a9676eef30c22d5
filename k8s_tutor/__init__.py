"""k8s-tutor: learn, teach and grade Kubernetes in the terminal."""

__version__ = "0.1.0"
