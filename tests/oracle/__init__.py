"""The proof of the receptive fields: gradients of a torch network that shares no code with the analysis."""
