"""One module a check kind: a subclass of ``k8s_tutor.checks.kind.CheckKind`` with a ``name``."""
