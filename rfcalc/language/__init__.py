"""The spec language: its reader, its JSON Schema, and the writer of explicit specs."""
