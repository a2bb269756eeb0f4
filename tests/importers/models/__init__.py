"""Small models in plain torch, as people write them; each file is imported by its path, as a user's file would be."""
