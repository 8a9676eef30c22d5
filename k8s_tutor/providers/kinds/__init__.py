"""The providers, one a file; found by scanning this package."""
