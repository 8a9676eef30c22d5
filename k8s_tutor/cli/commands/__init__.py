"""The commands, one a file; the file name is the command (a trailing underscore avoids a Python word)."""
