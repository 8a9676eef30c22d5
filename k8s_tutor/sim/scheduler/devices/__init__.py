"""Devices for pods: dynamic resource allocation (upstream: ``plugins/dynamicresources`` and its structured allocator).

Drivers publish devices in ResourceSlices (``pools``); claims ask for some of them (``wanted``), by CEL (``selectors``),
under constraints (``constraints``), or for a share of a device (``capacity``, ``counters``). ``allocator`` searches what
is free (``allocated``) for each node; ``plugin`` is the scheduler's part, from refusal to reservation.
"""
