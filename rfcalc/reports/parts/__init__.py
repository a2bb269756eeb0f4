"""Pieces that several reports share."""
