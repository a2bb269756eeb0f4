"""Torch models, by torch.export."""
