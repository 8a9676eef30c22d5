"""The command line: ``program`` is the click group, ``commands/`` its commands, ``tutor`` what the bare call does."""
