"""Tests of the practice cluster's controllers."""
