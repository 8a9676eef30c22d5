"""Admission plug-ins, one a file, in upstream's order."""
