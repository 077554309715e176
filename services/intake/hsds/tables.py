"""A directory package as tables of rows that know their file and line, whatever form it came in.

CSV is read row by row as it is asked for. JSON names the same things nested in each other; it is taken apart into the
same tables, each thing once, its fullest telling kept. Names of contact persons are never read. A file that can't be
read to its end is no package: what it would have said is not known, and half of it is worse than none.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from shared.runtime.errors import Permanent

# Table -> the file names that it has had in the versions of the standard, and in Ohana.
FILES: Mapping[str, tuple[str, ...]] = {
    "organization": ("organizations.csv", "organization.csv"),
    "service": ("services.csv", "service.csv"),
    "location": ("locations.csv", "location.csv"),
    "service_at_location": ("service_at_location.csv", "services_at_location.csv", "service_at_locations.csv"),
    "address": ("addresses.csv", "address.csv", "physical_addresses.csv"),
    "phone": ("phones.csv", "phone.csv"),
    "schedule": ("schedules.csv", "schedule.csv"),
    "regular_schedule": ("regular_schedules.csv", "regular_schedule.csv"),
    "holiday_schedule": ("holiday_schedules.csv", "holiday_schedule.csv"),
    "language": ("languages.csv", "language.csv"),
    "required_document": ("required_documents.csv", "required_document.csv"),
    "service_capacity": ("service_capacity.csv", "service_capacities.csv"),
    "accessibility": ("accessibility.csv", "accessibility_for_disabilities.csv"),
    "category": ("categories.csv", "taxonomy.csv"),
    "service_taxonomy": ("service_taxonomy.csv", "services_taxonomy.csv"),
    "taxonomy_term": ("taxonomy_terms.csv", "taxonomy_term.csv"),
    "attribute": ("attributes.csv", "attribute.csv"),
}
# Columns without which a file tells nothing that we could use; of several names one is enough.
NEEDED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "organization": (("id",), ("name",)),
    "service": (("id",), ("name",), ("organization_id", "location_id")),
    "location": (("id",),),
    "address": (("location_id",), ("address_1",)),
    "phone": (("number", "vanity_number"),),
    "service_at_location": (("service_id",), ("location_id",)),
}
SERVICE_CATEGORIES = "service_categories.json"  # Ohana's: {service: [category, ...]}
NESTED: Mapping[str, str] = {
    "organization": "organization",
    "organizations": "organization",
    "service": "service",
    "services": "service",
    "location": "location",
    "locations": "location",
    "service_at_location": "service_at_location",
    "service_at_locations": "service_at_location",
    "addresses": "address",
    "phones": "phone",
    "schedules": "schedule",
    "languages": "language",
    "required_documents": "required_document",
    "capacities": "service_capacity",
    "accessibility": "accessibility",
    "attributes": "attribute",
    "taxonomy_term": "taxonomy_term",
    "taxonomy_terms": "taxonomy_term",
}
LARGEST_CELL = 1_000_000  # characters; a missing closing quote would swallow the rest of the file
MOST_ROWS = 200_000  # of one file: a whole state's 211 has a tenth of that
LARGEST_JSON = 200_000_000  # bytes; it is read whole, and takes ten times as much memory
NOTHING = "Nothing was loaded."
PACKED = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf")


# What a spreadsheet would run instead of showing it. A figure below zero, a list's dash or +1 to call is none.
FORMULA = re.compile(r"\s*(=|@\w+\(|[+-]@?([A-Z][A-Z0-9.]*\(|\w+\|))")
SHOWN = 60  # characters of a value in a message


class NotAPackage(Permanent):
    """Nothing here that we can read as a directory; the message says what would be."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be used, and what to do. `skipped`: the whole row; else only this field of it."""

    file: str
    line: int
    says: str
    skipped: bool = True
    field: str = ""
    value: str = ""

    def __str__(self) -> str:
        value = "empty" if not self.value else f"“{self.value}”"
        column = f", {self.field} {value}" if self.field else ""
        return f"{self.file}, line {self.line}{column}: {self.says}"


@dataclass(frozen=True, slots=True)
class Row:
    file: str
    line: int  # in JSON the number of the item in its file
    values: Mapping[str, str]

    def get(self, *names: str) -> str:
        """The first of these columns that says something, trimmed; empty where none does."""
        for name in names:
            if found := (self.values.get(name) or "").strip():
                return found
        return ""

    def problem(self, says: str, *, field: str = "", skipped: bool = True) -> Problem:
        value = " ".join(self.get(field).split()).encode("utf-8", "replace").decode() if field else ""
        shown = value if len(value) <= SHOWN else value[: SHOWN - 1] + "…"
        return Problem(self.file, self.line, says, skipped, field, shown)


class Package(Protocol):
    """What is known of one package; `problems` grows while it is read."""

    @property
    def name(self) -> str: ...
    @property
    def problems(self) -> list[Problem]: ...
    def rows(self, table: str) -> Iterator[Row]: ...


def open_package(path: Path) -> Package:
    """CSV where there is an organizations.csv (also one folder further in), else JSON. Raises NotAPackage."""
    if not path.exists():
        raise NotAPackage(f"There is nothing at {path}. Name the folder or file of the package.")
    if path.is_dir():
        for folder in (path, path / "csv", path / "data"):
            if any((folder / name).is_file() for name in FILES["organization"]):
                return CsvPackage(folder, _name(folder))
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    for file in files:
        _require_readable(file)
    package = JsonPackage(files, _name(path if path.is_dir() else path.parent))
    if not package.tables.get("organization"):
        wanted = "organizations.csv (HSDS or Ohana), or JSON files with organizations"
        raise NotAPackage(f"{path} holds no directory: we look for {wanted}.")
    return package


def _require_readable(file: Path) -> None:
    """Nothing is unpacked here: what a few kilobytes become is for whoever runs the command to see first."""
    with file.open("rb") as begun:
        packed = begun.read(8).startswith(PACKED)
    if packed:
        raise NotAPackage(f"{file} is packed. Unpack it, and name the folder.")
    if file.stat().st_size > LARGEST_JSON:
        most = f"{LARGEST_JSON // 1_000_000} MB"
        raise NotAPackage(f"{file} has more than {most}, and JSON is read whole. Take the CSV files, or split it.")


def _name(folder: Path) -> str:
    whole = folder.resolve()
    return whole.parent.name if whole.name in ("csv", "data", "json") else whole.name


@dataclass
class CsvPackage:
    folder: Path
    name: str
    problems: list[Problem] = field(default_factory=list)

    def rows(self, table: str) -> Iterator[Row]:
        for name in FILES[table]:
            if (self.folder / name).is_file():
                yield from self._file(self.folder / name, NEEDED.get(table, ()))
                return
        if table == "service_taxonomy" and (self.folder / SERVICE_CATEGORIES).is_file():
            yield from self._pairs(self.folder / SERVICE_CATEGORIES)

    def _file(self, path: Path, needed: tuple[tuple[str, ...], ...]) -> Iterator[Row]:
        """Every row of one file. Raises NotAPackage, with what to do, where it can't be read to its end."""
        csv.field_size_limit(LARGEST_CELL)
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            try:
                heads = [head.strip() for head in next(reader, [])]
                _require_columns(path, heads, needed)
                line = reader.line_num + 1
                for number, cells in enumerate(reader):
                    if number >= MOST_ROWS:
                        raise NotAPackage(
                            f"{path.name} has more than {MOST_ROWS:,} rows. Split the directory by city, and load each "
                            f"part with a --source of its own. {NOTHING}"
                        )
                    if cells and (row := self._row(path.name, line, heads, cells)) is not None:
                        yield row
                    line = reader.line_num + 1
            except UnicodeDecodeError:
                raise NotAPackage(
                    f"{path.name} is not UTF-8 from about line {reader.line_num + 1} on: save it as “CSV UTF-8” and "
                    f"load it again. {NOTHING}"
                ) from None
            except csv.Error as error:
                raise NotAPackage(
                    f"{path.name} can't be read from line {reader.line_num} on ({error}): look for a quote that is not "
                    f"closed. {NOTHING}"
                ) from None

    def _row(self, file: str, line: int, heads: list[str], cells: list[str]) -> Row | None:
        if len(cells) != len(heads):
            says = f"has {len(cells)} cells where the heading has {len(heads)}: check its quotes and commas."
            self.problems.append(Problem(file, line, says))
            return None
        row = Row(file, line, dict(zip(heads, cells, strict=True)))
        for head, cell in row.values.items():
            if cell and cell.lstrip()[:1] in "=@+-" and FORMULA.match(cell):
                self.problems.append(row.problem("is a formula: write what it shows. The row is left out.", field=head))
                return None
        return row

    def _pairs(self, path: Path) -> Iterator[Row]:
        found = _parsed(path)
        for number, (service, categories) in enumerate(found.items() if isinstance(found, dict) else (), 1):
            for category in dict.fromkeys(categories if isinstance(categories, list) else ()):
                yield Row(path.name, number, {"service_id": str(service), "taxonomy_id": str(category)})


class JsonPackage:
    """Files of one thing, of a list, of a page of an API (`contents`), or of tables by their CSV names."""

    def __init__(self, files: list[Path], name: str) -> None:
        self.name = name
        self.problems: list[Problem] = []
        self.tables: dict[str, dict[str, Row]] = {}
        self._made = 0
        for path in files:
            self._take_file(path)

    def rows(self, table: str) -> Iterator[Row]:
        yield from self.tables.get(table, {}).values()

    def _take_file(self, path: Path) -> None:
        found = _parsed(path)
        if isinstance(found, dict) and any(name.endswith(".csv") for name in found):
            for table, names in FILES.items():
                for name in names:
                    self._take_all(path.name, table, found.get(name, ()))
            return
        items = found.get("contents", [found]) if isinstance(found, dict) else found
        seen: dict[tuple[str, str], str] = {}
        for number, item in enumerate(items if isinstance(items, list) else (), 1):
            kind = kind_of(item) if isinstance(item, dict) else None
            if kind is not None and self._is_first(path.name, number, kind, item, seen):
                self._take(path.name, number, kind, item, {})

    def _is_first(
        self, file: str, number: int, table: str, item: Mapping[str, Any], seen: dict[tuple[str, str], str]
    ) -> bool:
        """One thing may be told twice, here less and there more; under another name it would rewrite the first."""
        id, name = _text(item.get("id")), _text(item.get("name"))
        if id and name and seen.setdefault((table, id), name) != name:
            says = "is the id of an earlier one with another name: the first is kept, give this one another."
            self.problems.append(Row(file, number, {"id": id}).problem(says, field="id"))
            return False
        return True

    def _take_all(self, file: str, table: str, items: Any) -> None:
        seen: dict[tuple[str, str], str] = {}
        for number, item in enumerate(items if isinstance(items, list) else (), 1):
            if isinstance(item, dict):
                if self._is_first(file, number, table, item, seen):
                    self._take(file, number, table, item, {})
            else:
                self.problems.append(Problem(file, number, f"is no {table}: it has to be an object with names."))

    def _take(self, file: str, number: int, table: str, item: Mapping[str, Any], links: Mapping[str, str]) -> str:
        """Keep one thing and everything in it; its id, made up where it has none."""
        self._made += 1
        id = _text(item.get("id")) or f"(no id, {file} {self._made})"
        known = self.tables.setdefault(table, {})
        before = dict(known[id].values) if id in known else {}
        own = {
            name: text for name, value in item.items() if not isinstance(value, dict | list) if (text := _text(value))
        }
        first = known.get(id)
        values = {**before, **links, **own, "id": id}
        links_down = {f"{table}_id": id} if table != "attribute" else {}
        for name, value in item.items():
            inner = NESTED.get(name)
            if inner is None:
                continue
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, dict):
                    # A thing in another belongs to it, except where it is the one that the other belongs to.
                    belongs = isinstance(value, list) or inner not in ("organization", "service", "location")
                    down = {**links_down, **({"link_id": id} if inner == "attribute" else {})} if belongs else {}
                    inner_id = self._take(file, number, inner, part, down)
                    if not belongs or inner == "taxonomy_term":
                        values.setdefault(f"{inner}_id", inner_id)
        known[id] = Row(first.file, first.line, values) if first else Row(file, number, values)
        return id


def kind_of(item: Mapping[str, Any]) -> str | None:
    """Which thing of the standard an object is, by the names that only it has."""
    if "service" in item and "location" in item:
        return "service_at_location"
    if "organization" in item or "organization_id" in item or "application_process" in item:
        return "location" if "latitude" in item else "service"
    if "services" in item or "year_incorporated" in item or "tax_status" in item or "website" in item:
        return "organization"
    if "latitude" in item or "location_type" in item:
        return "location"
    if "name" in item and "description" in item and "code" not in item and "uri" not in item:
        return "organization"
    return None


def _require_columns(path: Path, heads: list[str], needed: tuple[tuple[str, ...], ...]) -> None:
    for names in needed:
        if not any(name in heads for name in names):
            if len(heads) == 1 and (other := next((sign for sign in ";\t|" if sign in heads[0]), "")):
                named = {";": "semicolons", "\t": "tabs"}.get(other, f"“{other}”")
                raise NotAPackage(
                    f"{path.name} has {named} between its cells: save it with commas and load it again. {NOTHING}"
                )
            wanted = " or ".join(f"“{name}”" for name in names)
            raise NotAPackage(f"{path.name} has no column {wanted}: add it to the heading and load it again. {NOTHING}")
    if twice := next((head for head in heads if head and heads.count(head) > 1), ""):
        raise NotAPackage(f"{path.name} has two columns “{twice}”: take one out and load it again. {NOTHING}")


def _parsed(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except UnicodeDecodeError:
        says = "is not UTF-8: save it as UTF-8"
    except json.JSONDecodeError as error:
        says = f"can't be read as JSON from line {error.lineno} on: mend it there"
    except (ValueError, RecursionError):
        says = "can't be read as JSON: its things lie too deep in each other. Mend it"
    raise NotAPackage(f"{path.name} {says} and load it again. {NOTHING}")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
