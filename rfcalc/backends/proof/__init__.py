"""Every figure against torch."""
