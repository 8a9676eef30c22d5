"""Programs for maintainers: benchmarks and generators; none of it is in the wheel."""
