"""Checks: data that says what must be true, kinds that look, a runner that judges.

A kind is one module in ``kinds/``; nothing here knows a lesson. See ``docs/pack-format.md`` for what each kind reads.
"""
