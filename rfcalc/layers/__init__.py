"""The contract, kinds of settings, and the vocabulary of layers by family."""
