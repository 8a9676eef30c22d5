"""The scheduler: which node a pod goes to, and in what words it is refused (upstream: ``pkg/scheduler``)."""
