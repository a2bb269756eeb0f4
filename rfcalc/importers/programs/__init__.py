"""What importers of programs share: tensors as layers and layouts, and the steps that programs are made of."""
