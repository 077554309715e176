"""A statement that nobody sends is read for nothing, and mended for nothing whenever its table changes."""

import re
from pathlib import Path

import pytest

from shared.runtime.sql import NAME

ROOT = Path(__file__).parents[3]
FOUND = [path for room in ("services", "shared", "cli") for path in sorted((ROOT / room).rglob("*"))]
STATEMENTS = {path: NAME.findall(path.read_text(encoding="utf-8")) for path in FOUND if path.suffix == ".sql"}
WORDS = {
    word
    for path in FOUND
    if path.suffix == ".py"
    for word in re.findall(r"""["'](\w+)["']""", path.read_text(encoding="utf-8"))
}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        pytest.param(path, name, id=f"{path.relative_to(ROOT)}: {name}")
        for path, names in STATEMENTS.items()
        for name in names
    ],
)
def test_every_statement_is_sent_by_somebody(path, name):
    assert name in WORDS
