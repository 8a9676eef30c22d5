"""The controllers of the practice cluster, one a file."""
