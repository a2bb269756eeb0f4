"""Reports of questions beyond the layer table; each room builds a Report from what analyses found."""
