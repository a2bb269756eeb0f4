"""What an output position or channel reads of an input."""
