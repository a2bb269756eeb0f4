"""Latency, memory and rooflines, measured."""
