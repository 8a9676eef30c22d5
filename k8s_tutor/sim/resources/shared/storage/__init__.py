"""Rules of volumes, their sources, persistent volumes and claims."""
