"""Darknet's files of sections, as specs."""
