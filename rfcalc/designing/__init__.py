"""Sizing: designs whose receptive field is the size of the structures that the task is about."""
