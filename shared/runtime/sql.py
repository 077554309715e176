"""Named statements: SQL lives in .sql files, each statement under a line `-- name: lock_referral`."""

import re
from functools import cache
from pathlib import Path

NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


@cache
def load(module_file: str, name: str) -> dict[str, str]:
    """The statements of the file `name` beside `module_file`, by their names."""
    text = Path(module_file).with_name(name).read_text(encoding="utf-8")
    _, *parts = NAME.split(text)
    names, bodies = parts[::2], parts[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"{name} names a statement twice")
    return {name: body.strip().rstrip(";") for name, body in zip(names, bodies, strict=True)}
