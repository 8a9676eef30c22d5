"""Probes: one worker a probe, on its own timer; results by container (upstream: ``pkg/kubelet/prober``)."""
