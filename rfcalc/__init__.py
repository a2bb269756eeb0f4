"""rfcalc: exact receptive fields, MACs, parameters and memory of convolutional networks, from a specification."""
