"""The scheduler: which node a pod goes to, and in what words it is refused (upstream: ``pkg/scheduler``)."""

from k8s_tutor.sim.scheduler.scheduler import Scheduler

__all__ = ["Scheduler"]
