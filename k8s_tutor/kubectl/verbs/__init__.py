"""The verbs: a file each, found by its name; ``VERB`` is the class."""
