"""Course packs: their models, the loader, translations, and the progress of a learner.

Data only; it knows no cluster. What a pack looks like: ``docs/pack-format.md``; the JSON Schemas lie in ``schemas/``.
"""
