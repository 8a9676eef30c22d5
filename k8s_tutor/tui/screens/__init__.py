"""Screens: the main one, and those that lie over it (lessons, pager, editor, help)."""
