"""The formats of results, one a file; found by scanning this package."""
