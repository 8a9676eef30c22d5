"""What several kinds share about pods: rules of templates and specs, defaults, rows, allowed changes."""
