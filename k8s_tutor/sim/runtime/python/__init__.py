"""The small Python of simulated containers: a walk over the syntax tree, in cluster time."""
