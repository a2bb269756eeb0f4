"""How large an input may be. Everything is counted before it is expanded."""

MAX_LAYERS = 100_000  # after expansion; --max-layers
MOST_BYTES = 16 * 2**20  # of a file
MOST_VALUES = 2_000_000  # scalars, lists and mappings of a file, aliases counted as what they stand for
MOST_NESTED = 100  # lists and mappings within each other
MOST_BLOCKS = 50  # blocks, residuals and branches within each other
MOST_FILES = 10  # that extend each other
MOST_PROBLEMS = 100  # reported at once
LONGEST_NAME = 300  # characters, of a layer
LONGEST_EXPRESSION = 200  # characters
