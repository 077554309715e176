"""The small tables around organisations and services, gathered by what they belong to."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from services.intake.hsds.needs import says_what
from services.intake.hsds.tables import Package, Row
from services.intake.hsds.times import is_closed

KINDS = ("service", "location", "organization")  # the narrowest first
DEEPEST = 10  # categories above each other
OURS = "Throughcare"  # the taxonomy of what HSDS has no field for: services/intake/hsds/terms.py

Found = Mapping[str, list[Row]]


@dataclass
class Sides:
    """The small tables around organisations and services, by what they belong to."""

    locations: dict[str, Row] = field(default_factory=dict)
    of_service: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # service -> locations
    addresses: Found = field(default_factory=lambda: defaultdict(list))
    phones: Found = field(default_factory=lambda: defaultdict(list))  # "organization:1", "service:2", "location:3"
    regular: Found = field(default_factory=lambda: defaultdict(list))
    closed: Found = field(default_factory=lambda: defaultdict(list))
    languages: Found = field(default_factory=lambda: defaultdict(list))
    papers: Found = field(default_factory=lambda: defaultdict(list))
    capacities: dict[str, Row] = field(default_factory=dict)
    categories: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # service -> category ids
    paths: dict[str, list[str]] = field(default_factory=dict)  # category's id -> its name and those above it
    paths_of_codes: dict[str, list[str]] = field(default_factory=dict)  # the same by code
    places: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # organisation -> locations
    linked: list[tuple[str, Row]] = field(default_factory=list)  # table and row, of those that belong to something
    access: Found = field(default_factory=lambda: defaultdict(list))  # by location
    own: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))  # our own words, by what has them


def read_sides(package: Package) -> Sides:
    sides = Sides()
    for row in _linked(package, sides, "location"):
        if row.get("id") in sides.locations:
            says = "is the id of an earlier location too: the first is kept, give this one another."
            package.problems.append(row.problem(says, field="id"))
            continue
        sides.locations[row.get("id")] = row
        sides.places[row.get("organization_id")].append(row.get("id"))
    for row in _linked(package, sides, "service_at_location"):
        sides.of_service[row.get("service_id")].append(row.get("location_id"))
    for row in _linked(package, sides, "address"):
        sides.addresses[row.get("location_id")].append(row)
    for row in _linked(package, sides, "phone"):
        _keep_phone(sides, row)
    for table, kept in (("schedule", sides.regular), ("regular_schedule", sides.regular),
                        ("holiday_schedule", sides.closed)):  # fmt: skip
        for row in _linked(package, sides, table):
            (sides.closed if is_closed(row) else kept)[_owner(row)].append(row)
    for row in _linked(package, sides, "language"):
        sides.languages[row.get("service_id")].append(row)
    for row in _linked(package, sides, "required_document"):
        sides.papers[row.get("service_id")].append(row)
    for row in _linked(package, sides, "accessibility"):
        sides.access[row.get("location_id")].append(row)
    for row in _linked(package, sides, "service_capacity"):
        sides.capacities[row.get("service_id")] = row
    _read_categories(package, sides)
    return sides


def _linked(package: Package, sides: Sides, table: str) -> Iterator[Row]:
    """The rows of a table, remembered until it is known what the package has: see orphans.py."""
    for row in package.rows(table):
        sides.linked.append((table, row))
        yield row


def _keep_phone(sides: Sides, row: Row) -> None:
    """Under everything it names. Fax machines, and the lines of single people, are not numbers to call."""
    if row.get("type", "number_type").lower() in ("fax", "tty", "pager"):
        return
    if row.get("contact_id") and not row.get("service_id", "location_id"):
        return
    for kind in KINDS:
        if id := row.get(f"{kind}_id"):
            sides.phones[f"{kind}:{id}"].append(row)


def _owner(row: Row) -> str:
    """What a row belongs to most closely."""
    for kind in KINDS:
        if id := row.get(f"{kind}_id"):
            return f"{kind}:{id}"
    return ""


def _read_categories(package: Package, sides: Sides) -> None:
    """Ohana's tree, whose rows are named by number or by code, and the terms and attributes of HSDS 3."""
    rows = [*package.rows("category"), *package.rows("taxonomy_term")]
    by_id = {row.get("id"): row for row in rows if row.get("id")}
    by_code = {row.get("taxonomy_id"): row for row in rows if row.get("taxonomy_id")}
    for named, paths in ((by_id, sides.paths), (by_code, sides.paths_of_codes)):
        for name, row in named.items():
            if says_what(row.get("taxonomy_id", "code")):
                paths[name] = _path(row, by_code if row.get("taxonomy_id") in by_code else by_id)
    for row in package.rows("service_taxonomy"):
        sides.categories[row.get("service_id")].append(row.get("taxonomy_id", "taxonomy_term_id"))
    for row in package.rows("attribute"):
        term = by_id.get(row.get("taxonomy_term_id"))
        if term is not None and term.get("taxonomy") == OURS:
            sides.own[row.get("link_id")][term.get("code")] = row.get("value")
        else:
            sides.categories[row.get("link_id", "service_id")].append(row.get("taxonomy_term_id"))


def _path(row: Row, parents: Mapping[str, Row]) -> list[str]:
    """A category's name and the names above it; a tree that bites its own tail ends somewhere."""
    path = [row.get("name")]
    while (above := parents.get(row.get("parent_id"))) is not None and len(path) < DEEPEST:
        path.append(above.get("name"))
        row = above
    return path
