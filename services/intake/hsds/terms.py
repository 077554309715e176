"""What HSDS has no field for, as attributes of a taxonomy of ours: needs, openness, records, what is passed on.

An export says it so, and an import of such an export hears it: nothing of a directory is lost on the way through.
"""

from collections.abc import Iterator, Mapping

from services.intake.directory import RECORDS, Accepts, AgencyEntry, Capacity, ProgramEntry, ReportsTo
from services.intake.hsds.times import read_date
from shared.contracts.kinds import NEEDS

OFFICES = tuple(ReportsTo.model_fields)
OPEN = ("open", "waitlist", "closed", "after_assessment")
ANSWERS = ("yes", "asks", "no")
NAMES: Mapping[str, str] = {
    "need": "Helps with",
    "openness": "Room for somebody new",
    "openness_as_of": "The day on which they said so",
    "accepts": "Takes people with such a record",
    "reports_to": "Passes on to",
    "document": "Asks for this paper",
    "capacity": "Places",
    "hidden_place": "A place is kept confidential",
}

Terms = Mapping[str, str]  # code -> value


def of_agency(entry: AgencyEntry) -> dict[str, str]:
    return dict(_reports(entry.reports_to))


def of_program(entry: ProgramEntry) -> dict[str, str]:
    said = {f"need/{need}": "yes" for need in entry.needs}
    said |= {f"document/{paper}": "yes" for paper in entry.documents}
    said |= {f"accepts/{record}": word for record in RECORDS if (word := getattr(entry.accepts, record)) != "unknown"}
    said |= dict(_reports(entry.reports_to))
    said["openness"] = entry.openness
    if entry.openness_as_of:
        said["openness_as_of"] = entry.openness_as_of.isoformat()
    if entry.capacity:
        said |= {
            f"capacity/{name}": str(value) for name, value in entry.capacity.model_dump().items() if value is not None
        }
    if entry.hidden_place:
        said["hidden_place"] = "yes"
    return said


def name_of(code: str) -> str:
    kind, _, of = code.partition("/")
    return f"{NAMES[kind]}: {of.replace('_', ' ')}" if of else NAMES[kind]


def needs_in(terms: Terms) -> tuple[str, ...]:
    return tuple(need for need in NEEDS if f"need/{need}" in terms)


def documents_in(terms: Terms) -> tuple[str, ...]:
    return tuple(code.partition("/")[2] for code in terms if code.startswith("document/"))


def openness_in(terms: Terms) -> str | None:
    return terms["openness"] if terms.get("openness") in OPEN else None


def capacity_in(terms: Terms) -> Capacity | None:
    said = {name: terms.get(f"capacity/{name}", "") for name in ("available", "maximum")}
    day = read_date(terms.get("capacity/as_of", ""))
    numbers = {name: int(text) for name, text in said.items() if text.isdecimal()}
    return Capacity(**numbers, as_of=day) if day else None


def reports_in(terms: Terms) -> ReportsTo:
    """Whatever is no clear yes or no stays unknown, which counts as yes."""
    said = {office: terms.get(f"reports_to/{office}", "") for office in OFFICES}
    return ReportsTo(**{office: word for office, word in said.items() if word in ("yes", "no")})


def accepts_in(terms: Terms) -> Accepts:
    said = {record: terms.get(f"accepts/{record}", "") for record in RECORDS}
    return Accepts(**{record: word for record, word in said.items() if word in ANSWERS})


def _reports(of: ReportsTo) -> Iterator[tuple[str, str]]:
    for office in OFFICES:
        if (word := getattr(of, office)) != "unknown":
            yield f"reports_to/{office}", word
