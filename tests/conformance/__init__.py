"""Players of the recordings of a real Kubernetes 1.37.2 (``data/``), and floors under their figures.

``python -m tests.conformance [NAME…] [--misses N]`` plays them on fresh bare clusters, in virtual time where no outside
program takes part, prints passed / total by kind of record, and exits 1 where a figure is below its floor
(``floors.json``). What the data is and how it was made: ``docs/conformance.md``.
"""
