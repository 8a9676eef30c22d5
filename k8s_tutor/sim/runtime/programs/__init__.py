"""Programs of simulated containers, a module a family; see ``registry``."""
