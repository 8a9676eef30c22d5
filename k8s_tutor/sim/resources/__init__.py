"""One strategy a kind: defaults, validation, columns, subresources."""
