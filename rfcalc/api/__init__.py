"""The functions of the Python API: they take networks in whatever form people have them, and call what the commands call."""
