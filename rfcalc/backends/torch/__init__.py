"""A graph built in torch."""
