"""Subresources that are created rather than updated: what POST to ``binding``, ``eviction`` and ``token`` does."""
