"""Everything that people read and that is written in both languages, wherever in the house it stands."""

import ast
import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

from shared.web.words import Words

ROOT = Path(__file__).parents[3]
ROOMS = ("services", "shared")


def sources() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if "local" not in path.parts]


def _says_something(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return '"es":' in text or "Words(" in text or "ES =" in text or " ES:" in text


def modules() -> list[ModuleType]:
    names = (path.relative_to(ROOT).with_suffix("") for path in sources() if _says_something(path))
    return [importlib.import_module(".".join(name.parts)) for name in names]


def catalogues() -> dict[str, tuple[Mapping[str, object], Mapping[str, object]]]:
    """By their names, every pair of mappings under "en" and "es"."""
    found = {}
    for module in modules():
        for name, value in vars(module).items():
            if name.isupper() and isinstance(value, Mapping) and set(value) == {"en", "es"}:
                english, spanish = value["en"], value["es"]
                if isinstance(english, Mapping) and isinstance(spanish, Mapping):
                    found[f"{module.__name__}.{name}"] = (english, spanish)
    return found


def beside() -> dict[str, list[Words]]:
    """By their names, every table of Words."""
    found = {}
    for module in modules():
        for name, value in vars(module).items():
            words = list(_words(value)) if name.isupper() else []
            if words:
                found[f"{module.__name__}.{name}"] = words
    return found


def _words(value: object) -> Iterator[Words]:
    if isinstance(value, Words):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _words(one)


def lines(value: object) -> Iterator[str]:
    """The sentences of a catalogue's entry, which may be several."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from lines(one)
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from lines(one)


def sentences_in(path: Path) -> Iterator[str]:
    """String literals of a module that are written for a reader: no docstring, no key, no statement."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in silent
            and " " in node.value
        ):
            yield node.value
