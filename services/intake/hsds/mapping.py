"""Rows of a package as entries of ours. Pure: the day is handed in, and what can't be used is told, not raised.

What a row of Ohana calls `location_id` a row of HSDS 3 reaches through `service_at_location`; from here on they are
the same.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import ValidationError

from services.intake.directory import Agency, AgencyEntry, Calendar, Capacity, Origin, Program, ProgramEntry
from services.intake.hsds import terms
from services.intake.hsds.needs import needs_of
from services.intake.hsds.orphans import orphans
from services.intake.hsds.sides import KINDS, Found, Sides, read_sides
from services.intake.hsds.tables import Package, Problem, Row
from services.intake.hsds.texts import line, text
from services.intake.hsds.times import ZONE_OF_STATE, Hours, gather, read_date
from services.intake.hsds.where import is_hidden, places_at
from shared.web.mending import sentence

MAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
LANGUAGE_CODE = re.compile(r"[a-z]{2,3}")
LANGUAGES = {"english": "en", "spanish": "es", "chinese": "zh", "mandarin": "zh", "cantonese": "yue", "tagalog": "tl",
             "vietnamese": "vi", "french": "fr", "haitian creole": "ht", "russian": "ru", "korean": "ko",
             "arabic": "ar", "portuguese": "pt", "italian": "it", "amharic": "am", "urdu": "ur", "polish": "pl",
             "american sign language": "ase", "asl": "ase", "eng": "en", "spa": "es", "zho": "zh", "tgl": "tl",
             "vie": "vi", "fra": "fr", "hat": "ht", "rus": "ru", "kor": "ko", "ara": "ar", "por": "pt", "ita": "it",
             "amh": "am", "urd": "ur", "pol": "pl"}  # fmt: skip
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
LONGEST_ID = 200
VOUCHED = ("assured_date", "last_modified")
CLOSED = ("inactive", "temporarily closed")
ACTIVE = ("", "active")
WAITLIST = re.compile(r"wait(ing)?[ -]?list", re.IGNORECASE)
# By its own name alone: many help victims among others, and they may be asked by a referral.
VICTIM_SERVICE = re.compile(
    r"domestic (violence|abuse)|sexual (assault|violence)|rape crisis|battered|victim|human trafficking|safe house"
    r"|intimate partner", re.IGNORECASE,
)  # fmt: skip


def id_of(source: str, kind: str, source_id: str) -> UUID:
    """The same id for the same row, whenever and wherever it is loaded."""
    return uuid5(NAMESPACE_URL, f"urn:throughcare:hsds:{source}:{kind}:{source_id}")


class BadRow(ValueError):
    """A field without which the row would say something untrue."""

    def __init__(self, field: str, says: str) -> None:
        super().__init__(says)
        self.field = field


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
    named: dict[str, set[str]] = field(default_factory=lambda: {"organization": set(), "service": set()})  # every id
    over: list[UUID] = field(default_factory=list)  # programs that the package says are offered no more

    def __post_init__(self) -> None:
        self.sides = read_sides(self.package)

    def read_agencies(self) -> Iterator[Agency]:
        seen: set[str] = set()
        for row in self.package.rows("organization"):
            id = row.get("id")
            self.named["organization"].add(id)
            if self._is_new(row, id, seen) and (entry := self._entry(AgencyEntry, row, self._agency(row))):
                self.agencies[id] = id_of(self.source, "organization", id)
                yield Agency(self.agencies[id], entry, Origin(self.source, id, self._vouched(row)))

    def read_programs(self) -> Iterator[Program]:
        seen: set[str] = set()
        for row in self.package.rows("service"):
            id = row.get("id")
            self.named["service"].add(id)
            if not self._is_new(row, id, seen):
                continue
            program = id_of(self.source, "service", id)
            if row.get("status").lower() in OVER:
                self.over.append(program)
                continue
            agency = self._agency_of(row)
            if agency and (entry := self._program_entry(row, agency)):
                yield Program(program, entry, Origin(self.source, id, self._vouched(row)))
        self.problems += orphans(self.sides.linked, {**self.named, "location": self.sides.locations})

    def _program_entry(self, row: Row, agency: UUID) -> ProgramEntry | None:
        try:
            found: ProgramEntry | None = self._entry(ProgramEntry, row, self._program(row, agency))
        except BadRow as bad:
            self.problems.append(row.problem(str(bad), field=bad.field))
            return None
        return found

    def _is_new(self, row: Row, id: str, seen: set[str]) -> bool:
        if not id or id.startswith("(no id"):
            self.problems.append(row.problem("has no id: give it one that no other row has."))
        elif len(id) > LONGEST_ID:
            says = f"is too long: give it one of at most {LONGEST_ID} letters."
            self.problems.append(row.problem(says, field="id"))
        elif id in seen:
            says = f"has the id {id}, as an earlier row: the first is kept, give this one another."
            self.problems.append(row.problem(says, field="id"))
        elif not row.get("name"):
            self.problems.append(row.problem("has no name: write one, or take the row out.", field="name"))
        else:
            seen.add(id)
            self._tell_of_days(row)
            return True
        return False

    def _agency(self, row: Row) -> dict[str, object]:
        id = row.get("id")
        places = self.sides.places.get(id, [])
        owners = [f"organization:{id}", *(f"location:{place}" for place in places)]
        hours = gather(self._all(self.sides.regular, owners), self._all(self.sides.closed, owners), self.today)
        self._tell(hours)
        return {
            "name": line(row.get("name")),
            "holds_no_records": bool(VICTIM_SERVICE.search(row.get("name"))),
            "reports_to": terms.reports_in(self.sides.own.get(id, {})),
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
        own = self.sides.own.get(id, {})
        places = self._places_of(row)
        addresses = [address for place in places for address in self.sides.addresses.get(place, ())]
        capacity = terms.capacity_in(own) or self._capacity(id)
        self._tell(gather(self.sides.regular.get(f"service:{id}", ()), (), self.today))
        return {
            "agency": agency,
            "name": line(row.get("name")),
            "needs": terms.needs_in(own) or self._needs(row),
            "description": text(row.get("description")),
            "phone": self._phone([f"service:{id}", *(f"location:{place}" for place in places)]),
            "email": self._email(row),
            "website": self._website(row),
            "languages": self._languages(row),
            "minimum_age": self._age(row, "minimum_age"),
            "maximum_age": self._age(row, "maximum_age"),
            "documents": terms.documents_in(own) or self._papers(row),
            "openness": terms.openness_in(own) or self._openness(row),
            "openness_as_of": read_date(own.get("openness_as_of", "")) or self._room_said_on(row, capacity),
            "accepts": terms.accepts_in(own),
            "reports_to": terms.reports_in(own),
            "capacity": capacity,
            "eligibility": text(row.get("eligibility_description", "eligibility")),
            "how": text(row.get("application_process")),
            "wait": line(row.get("wait_time")) or None,
            "fees": text(row.get("fees_description", "fees")),
            "places": tuple(places_at(self.sides, id, places, self.today, self.problems)),
            "hidden_place": "hidden_place" in own or any(map(is_hidden, addresses)),
        }

    def _tell(self, hours: Hours) -> None:
        for row, column, says in hours.left_out:
            self.problems.append(row.problem(f"its hours are left out: {says}", field=column, skipped=False))

    def _openness(self, row: Row) -> str:
        """A list that people wait on is said to be one; how long the wait is says nothing of whether there is room."""
        status = row.get("status").lower()
        if status in CLOSED:
            return "closed"
        if status not in ACTIVE:
            says = "is none that we know: write active, inactive, temporarily closed or defunct. Taken as closed."
            self.problems.append(row.problem(says, field="status", skipped=False))
            return "closed"
        return "waitlist" if WAITLIST.search(row.get("wait_time")) else "open"

    def _room_said_on(self, row: Row, capacity: Capacity | None) -> date | None:
        """When somebody last spoke of room: with a number of places, or with the whole entry."""
        days = [day for day in (capacity.as_of if capacity else None, self._vouched(row)) if day]
        return max(days, default=None)

    def _agency_of(self, row: Row) -> UUID | None:
        """Named by the row itself (HSDS), or by the location that it names (Ohana)."""
        organization, location = row.get("organization_id"), row.get("location_id")
        if not organization:
            if not location:
                says = "names no organisation and no location: write which it belongs to."
                self.problems.append(row.problem(says, field="location_id"))
                return None
            if location not in self.sides.locations:
                says = f"names the location {location}, which is not in the package: add it, or name another."
                self.problems.append(row.problem(says, field="location_id"))
                return None
            organization = self.sides.locations[location].get("organization_id")
        if organization not in self.agencies:
            says = f"belongs to the organisation {organization}, which is not there or was left out: mend that first."
            field = "organization_id" if row.get("organization_id") else "location_id"
            self.problems.append(row.problem(says, field=field))
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
        if not found and row.get("email"):
            says = "is left out: write an e-mail address, such as help@example.org."
            self.problems.append(row.problem(says, field="email", skipped=False))
        return found[0] if found else None

    def _website(self, row: Row) -> str | None:
        address = row.get("website", "url")
        if not address:
            return None
        whole = address if "://" in address else f"http://{address}"
        if re.fullmatch(r"https?://[^\s]{3,280}", whole, re.IGNORECASE):
            return whole[:4].lower() + whole[4:] if whole[:4] != "http" else whole
        field = "website" if row.get("website") else "url"
        self.problems.append(row.problem("is left out: write one web address.", field=field, skipped=False))
        return None

    def _age(self, row: Row, column: str) -> int | None:
        """In whole years. Raises BadRow where it can't be read: without it the program would seem open to all."""
        given = row.get(column)
        try:
            age = round(float(given)) if given else None
        except (ValueError, OverflowError):
            age = -1
        if age is not None and not 0 <= age <= 130:
            raise BadRow(column, "is no age: write whole years. The row is left out.")
        return age

    def _languages(self, row: Row) -> tuple[str, ...]:
        codes = [_language_code(part) for part in re.split(r"[,;.()]", row.get("languages"))]
        for spoken in self.sides.languages.get(row.get("id"), ()):
            codes.append(code := _language_code(spoken.get("code", "name", "language")))
            if not code:
                field = next((name for name in ("code", "name", "language") if spoken.get(name)), "code")
                says = "is left out: write the language as its code, such as en or es."
                self.problems.append(spoken.problem(says, field=field, skipped=False))
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
            field = "updated" if day is None else "available"
            says = "its places are left out: write a number, and its day such as 2026-11-20."
            self.problems.append(row.problem(says, field=field, skipped=False))
            return None
        return Capacity(available=numbers["available"], maximum=numbers["maximum"], as_of=day)

    def _vouched(self, row: Row) -> date | None:
        """When somebody said that it is so. A day that has yet to come is nobody's word: each load would say anew."""
        days = (read_date(row.get(column)) for column in VOUCHED)
        return next((day for day in days if day and day <= self.today), None)

    def _tell_of_days(self, row: Row) -> None:
        for column in VOUCHED:
            day = read_date(row.get(column))
            if row.get(column) and (day is None or day > self.today):
                what = "has yet to come" if day else "is no day that we can read"
                says = f"{what}, so it is left out: write when somebody last checked, such as {self.today}."
                self.problems.append(row.problem(says, field=column, skipped=False))

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
            field = str(first["loc"][0]) if first["loc"] else ""
            shown = field if row.get(field) else ""  # many are called otherwise in the file
            self.problems.append(row.problem(f"can't be used: {sentence(first)}", field=shown))
            return None


def _language_code(name: str) -> str | None:
    plain = name.strip().lower()
    return LANGUAGES.get(plain) or (plain if LANGUAGE_CODE.fullmatch(plain) else None)
