"""Backends: the graph built and run in torch, or written for another program. The only folder that may import torch."""
