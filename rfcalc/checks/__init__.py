"""Checks of a design: lint rules, budgets, the baseline. One rule per file in `rules/`."""
