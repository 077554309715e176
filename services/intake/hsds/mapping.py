"""Rows of a package as entries of ours. Pure: the day is handed in, and what can't be used is told, not raised.

What a row of Ohana calls `location_id` a row of HSDS 3 reaches through `service_at_location`; from here on they are
the same.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import ValidationError

from services.intake.directory import Agency, AgencyEntry, Calendar, Capacity, Origin, Program, ProgramEntry
from services.intake.hsds.needs import needs_of, says_what
from services.intake.hsds.tables import Package, Problem, Row
from services.intake.hsds.times import ZONE_OF_STATE, gather, read_date
from shared.web.mending import sentence

LONGEST_LINE, LONGEST_TEXT = 300, 8000
KINDS = ("service", "location", "organization")  # the narrowest first
DEEPEST = 10  # categories above each other
CONFIDENTIAL = re.compile(r"confidential|not (public|published)|undisclosed", re.IGNORECASE)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
MAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
LANGUAGE_CODE = re.compile(r"[a-z]{2,3}")
LANGUAGES = {"english": "en", "spanish": "es", "chinese": "zh", "mandarin": "zh", "cantonese": "yue", "tagalog": "tl",
             "vietnamese": "vi", "french": "fr", "haitian creole": "ht", "russian": "ru", "korean": "ko",
             "arabic": "ar", "portuguese": "pt", "italian": "it", "amharic": "am", "urdu": "ur", "polish": "pl",
             "american sign language": "ase", "asl": "ase"}  # fmt: skip
PAPERS = (
    ("state_id", r"\bid\b|identification|driver"),
    ("birth_record", r"birth"),
    ("social_security", r"social security"),
    ("release_papers", r"release|parole|discharge papers"),
    ("proof_of_income", r"income|pay stub|wage"),
    ("insurance_card", r"insurance|medicaid|medicare"),
    ("medical_record", r"medical|physician|doctor"),
)
OVER = ("defunct",)
CLOSED = ("inactive", "temporarily closed")

Found = Mapping[str, list[Row]]


def id_of(source: str, kind: str, source_id: str) -> UUID:
    """The same id for the same row, whenever and wherever it is loaded."""
    return uuid5(NAMESPACE_URL, f"urn:throughcare:hsds:{source}:{kind}:{source_id}")


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


def read_sides(package: Package) -> Sides:
    sides = Sides()
    for row in package.rows("location"):
        sides.locations[row.get("id")] = row
        sides.places[row.get("organization_id")].append(row.get("id"))
    for row in package.rows("service_at_location"):
        sides.of_service[row.get("service_id")].append(row.get("location_id"))
    for row in package.rows("address"):
        sides.addresses[row.get("location_id")].append(row)
    for row in package.rows("phone"):
        _keep_phone(sides, row)
    for table, kept in (("schedule", sides.regular), ("regular_schedule", sides.regular),
                        ("holiday_schedule", sides.closed)):  # fmt: skip
        for row in package.rows(table):
            kept[_owner(row)].append(row)
    for row in package.rows("language"):
        sides.languages[row.get("service_id")].append(row)
    for row in package.rows("required_document"):
        sides.papers[row.get("service_id")].append(row)
    for row in package.rows("service_capacity"):
        sides.capacities[row.get("service_id")] = row
    _read_categories(package, sides)
    return sides


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
        sides.categories[row.get("link_id", "service_id")].append(row.get("taxonomy_term_id"))


def _path(row: Row, parents: Mapping[str, Row]) -> list[str]:
    """A category's name and the names above it; a tree that bites its own tail ends somewhere."""
    path = [row.get("name")]
    while (above := parents.get(row.get("parent_id"))) is not None and len(path) < DEEPEST:
        path.append(above.get("name"))
        row = above
    return path


@dataclass
class Reader:
    """One package read as entries. `problems` gathers what could not be used."""

    package: Package
    source: str
    today: date
    zone: str
    sides: Sides = field(init=False)
    problems: list[Problem] = field(default_factory=list)
    agencies: dict[str, UUID] = field(default_factory=dict)  # source ids of those that were loaded
    over: list[UUID] = field(default_factory=list)  # programs that the package says are offered no more

    def __post_init__(self) -> None:
        self.sides = read_sides(self.package)

    def read_agencies(self) -> Iterator[Agency]:
        seen: set[str] = set()
        for row in self.package.rows("organization"):
            id = row.get("id")
            if self._is_new(row, id, seen) and (entry := self._entry(AgencyEntry, row, self._agency(row))):
                self.agencies[id] = id_of(self.source, "organization", id)
                yield Agency(self.agencies[id], entry, Origin(self.source, id, self._vouched(row)))

    def read_programs(self) -> Iterator[Program]:
        seen: set[str] = set()
        for row in self.package.rows("service"):
            id = row.get("id")
            if not self._is_new(row, id, seen):
                continue
            program = id_of(self.source, "service", id)
            if row.get("status").lower() in OVER:
                self.over.append(program)
                continue
            agency = self._agency_of(row)
            if agency and (entry := self._entry(ProgramEntry, row, self._program(row, agency))):
                yield Program(program, entry, Origin(self.source, id, self._vouched(row)))

    def _is_new(self, row: Row, id: str, seen: set[str]) -> bool:
        if not id or id.startswith("(no id"):
            self.problems.append(row.problem("has no id: give it one that no other row has."))
        elif id in seen:
            self.problems.append(
                row.problem(f"has the id {id}, as an earlier row: the first is kept, give this one another.")
            )
        elif not row.get("name"):
            self.problems.append(row.problem("has no name: write one, or take the row out."))
        else:
            seen.add(id)
            return True
        return False

    def _agency(self, row: Row) -> dict[str, object]:
        id = row.get("id")
        places = self.sides.places.get(id, [])
        owners = [f"organization:{id}", *(f"location:{place}" for place in places)]
        hours = gather(self._all(self.sides.regular, owners), self._all(self.sides.closed, owners), self.today)
        for left, says in hours.left_out:
            self.problems.append(left.problem(f"its hours are left out: {says}", skipped=False))
        return {
            "name": line(row.get("name")),
            "description": text(row.get("description")),
            "phone": self._phone(owners),
            "email": self._email(row),
            "website": self._website(row),
            "calendar": Calendar(
                timezone=self._zone(places), openings=hours.week(), holidays=tuple(sorted(hours.holidays))[:400]
            ),
        }

    def _program(self, row: Row, agency: UUID) -> dict[str, object]:
        id = row.get("id")
        places = self._places_of(row)
        owners = [f"service:{id}", *(f"location:{place}" for place in places)]
        addresses = [address for place in places for address in self.sides.addresses.get(place, ())]
        hidden = any(CONFIDENTIAL.search(address.get("address_1", "address_2")) for address in addresses)
        return {
            "agency": agency,
            "name": line(row.get("name")),
            "needs": self._needs(row),
            "description": text(row.get("description")),
            "phone": self._phone(owners),
            "email": self._email(row),
            "website": self._website(row),
            "languages": self._languages(row),
            "minimum_age": self._age(row, "minimum_age"),
            "maximum_age": self._age(row, "maximum_age"),
            "documents": self._papers(row),
            "accepting": row.get("status").lower() not in CLOSED,
            "capacity": self._capacity(id),
            "eligibility": text(row.get("eligibility_description", "eligibility")),
            "how": text(row.get("application_process")),
            "fees": text(row.get("fees_description", "fees")),
            "places": tuple(dict.fromkeys(filter(None, map(place_of, addresses))))[:100],
            "hidden_place": hidden,
        }

    def _agency_of(self, row: Row) -> UUID | None:
        """Named by the row itself (HSDS), or by the location that it names (Ohana)."""
        organization, location = row.get("organization_id"), row.get("location_id")
        if not organization:
            if not location:
                self.problems.append(row.problem("names no organisation and no location: write which it belongs to."))
                return None
            if location not in self.sides.locations:
                says = f"names the location {location}, which is not in the package: add it, or name another."
                self.problems.append(row.problem(says))
                return None
            organization = self.sides.locations[location].get("organization_id")
        if organization not in self.agencies:
            says = f"belongs to the organisation {organization}, which is not there or was left out: mend that first."
            self.problems.append(row.problem(says))
            return None
        return self.agencies[organization]

    def _places_of(self, row: Row) -> list[str]:
        named = [row.get("location_id"), *self.sides.of_service.get(row.get("id"), [])]
        return [place for place in dict.fromkeys(named) if place]

    def _needs(self, row: Row) -> tuple[str, ...]:
        """By its categories; where it has none, by its keywords and its name."""
        sides = self.sides
        by_code = [code.strip() for code in row.get("taxonomy_ids").split(",")]
        paths = [sides.paths_of_codes[code] for code in by_code if code in sides.paths_of_codes]
        known = sides.paths or sides.paths_of_codes  # a table without numbers is named by its codes
        paths += [known[id] for id in sides.categories.get(row.get("id"), []) if id in known]
        words = [[word] for word in (*row.get("keywords").split(","), row.get("name")) if word.strip()]
        return needs_of(paths or words)

    def _phone(self, owners: Iterable[str]) -> str | None:
        """The first number of the first owner that has one; its own before one of a part of it."""
        for owner in owners:
            rows = self.sides.phones.get(owner, [])
            for row in sorted(rows, key=lambda row: sum(bool(row.get(f"{kind}_id")) for kind in KINDS)):
                number = line(row.get("number", "vanity_number").strip('"'))
                if number:
                    return f"{number} ext. {row.get('extension')}" if row.get("extension") else number
        return None

    def _email(self, row: Row) -> str | None:
        found = MAIL.search(row.get("email"))
        return found[0] if found else None

    def _website(self, row: Row) -> str | None:
        address = row.get("website", "url")
        if not address:
            return None
        whole = address if "://" in address else f"http://{address}"
        if re.fullmatch(r"https?://[^\s]{3,280}", whole, re.IGNORECASE):
            return whole[:4].lower() + whole[4:] if whole[:4] != "http" else whole
        self.problems.append(row.problem("its web address is left out: it has to be one address.", skipped=False))
        return None

    def _age(self, row: Row, column: str) -> int | None:
        given = row.get(column)
        try:
            age = round(float(given)) if given else None
        except (ValueError, OverflowError):
            age = -1
        if age is not None and not 0 <= age <= 130:
            says = f"its {column.replace('_', ' ')} is left out: write whole years."
            self.problems.append(row.problem(says, skipped=False))
            return None
        return age

    def _languages(self, row: Row) -> tuple[str, ...]:
        named = [part.strip().lower() for part in re.split(r"[,;.()]", row.get("languages"))]
        spoken = self.sides.languages.get(row.get("id"), ())
        named += [language.get("code", "name", "language").lower() for language in spoken]
        codes = [LANGUAGES.get(name) or (name if LANGUAGE_CODE.fullmatch(name) else None) for name in named]
        return tuple(dict.fromkeys(code for code in codes if code))[:64]

    def _papers(self, row: Row) -> tuple[str, ...]:
        told = [row.get("required_documents"), *(p.get("document") for p in self.sides.papers.get(row.get("id"), ()))]
        whole = " ".join(told).lower().strip()
        if not whole or whole in ("none", "none."):
            return ()
        return tuple(code for code, pattern in PAPERS if re.search(pattern, whole)) or ("other",)

    def _capacity(self, service: str) -> Capacity | None:
        row = self.sides.capacities.get(service)
        if row is None:
            return None
        numbers = {name: int(row.get(name)) if row.get(name).isdigit() else None for name in ("available", "maximum")}
        day = read_date(row.get("updated"))
        if day is None or numbers["available"] is None:
            self.problems.append(row.problem("its places are left out: write a number and its day.", skipped=False))
            return None
        return Capacity(available=numbers["available"], maximum=numbers["maximum"], as_of=day)

    def _vouched(self, row: Row) -> date | None:
        """When somebody said that it is so; never a day that has yet to come."""
        day = read_date(row.get("assured_date")) or read_date(row.get("last_modified"))
        return min(day, self.today) if day else None

    def _zone(self, places: list[str]) -> str:
        states = [a.get("state_province").upper() for place in places for a in self.sides.addresses.get(place, ())]
        return next((ZONE_OF_STATE[state] for state in states if state in ZONE_OF_STATE), self.zone)

    @staticmethod
    def _all(found: Found, owners: list[str]) -> list[Row]:
        return [row for owner in owners for row in found.get(owner, ())]

    def _entry(self, model, row: Row, values: Mapping[str, object]):  # type: ignore[no-untyped-def]
        try:
            return model(**{name: value for name, value in values.items() if value is not None})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            self.problems.append(row.problem(f"can't be used: {sentence(first)}"))
            return None


def line(given: str) -> str:
    """One line of text: no control characters, single spaces, cut where it is endless."""
    plain = " ".join(CONTROL.sub(" ", given).split())
    return plain if len(plain) <= LONGEST_LINE else plain[: LONGEST_LINE - 1] + "…"


def text(given: str) -> str | None:
    plain = CONTROL.sub(" ", given.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(plain) > LONGEST_TEXT:
        plain = plain[: LONGEST_TEXT - 1] + "…"
    return plain or None


def place_of(address: Row) -> str:
    """An address as one line; none for one that is empty or kept confidential, as a shelter's is."""
    streets = [address.get("address_1"), address.get("address_2")]
    if not any(streets) or CONFIDENTIAL.search(" ".join(streets)):
        return ""
    region = f"{address.get('state_province')} {address.get('postal_code')}".strip()
    return line(", ".join(filter(None, [*streets, address.get("city"), region])))
