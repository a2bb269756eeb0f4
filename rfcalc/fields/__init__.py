"""How the support of a unit is found: forward and free of the size, or backward from one unit at a given size."""
