"""All ATen operators that are known; each family is a module that registers its own."""

from __future__ import annotations

from rfcalc.importers import torch_maps, torch_numbers, torch_products, torch_views
from rfcalc.importers.torch_table import HANDLERS, Call

FAMILIES = (torch_views, torch_maps, torch_products, torch_numbers)

__all__ = ["FAMILIES", "HANDLERS", "Call"]
