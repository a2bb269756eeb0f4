"""All ATen operators that are known; each family is a module that registers its own."""

from __future__ import annotations

from rfcalc.importers.torch import maps as torch_maps
from rfcalc.importers.torch import numbers as torch_numbers
from rfcalc.importers.torch import products as torch_products
from rfcalc.importers.torch import views as torch_views
from rfcalc.importers.torch.table import HANDLERS, Call

FAMILIES = (torch_views, torch_maps, torch_products, torch_numbers)

__all__ = ["FAMILIES", "HANDLERS", "Call"]
