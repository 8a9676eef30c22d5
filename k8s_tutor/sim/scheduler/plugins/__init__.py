"""The default profile's plug-ins, one a file; ``profile.py`` lists them in upstream's order with their weights."""
