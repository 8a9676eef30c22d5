"""Tests of the practice cluster's scheduler."""
