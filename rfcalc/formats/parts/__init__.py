"""Pieces that several formats write."""
