"""The version, stated once."""

__version__ = "0.1.0"

# What every JSON begins with. The version of the schema changes when a key is dropped or gets another meaning.
SCHEMA_VERSION = 1
HEAD: dict[str, int | str] = {"schema_version": SCHEMA_VERSION, "rfcalc_version": __version__}
