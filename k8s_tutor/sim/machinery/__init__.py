"""Machinery that knows no kind: store, watch, work queues, status errors."""
