"""The practice cluster: a Kubernetes-compatible control plane with simulated nodes, in one process."""
