"""``make bench``: the project's speed and memory goals, measured and printed as one table.

Each figure is a function of ``measures`` that returns its runs; nothing here fails a build: figures are read by people.
"""
