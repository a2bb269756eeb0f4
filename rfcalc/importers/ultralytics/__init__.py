"""Ultralytics' files of rows, as specs."""
