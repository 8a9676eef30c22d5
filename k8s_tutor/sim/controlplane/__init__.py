"""What makes the control plane seen: bootstrap objects, components that start and stop, etcd members, traces."""
