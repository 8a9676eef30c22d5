"""What ``kubectl create NAME-OF-KIND`` makes: a file a kind, each with ``GENERATOR``.

A generator turns flags into an object; `base.Generator` sends and tells it.
"""
