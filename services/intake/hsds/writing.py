"""Entries as HSDS 3: organisations and services as its API tells them, valid by its own schemas.

Pure. Whatever HSDS has no field for is an attribute of ours (terms.py), so an import of it loses nothing but closed
days of other years. Names of people are in neither form.
"""

import re
from typing import Any
from uuid import UUID, uuid5

from services.intake.directory import Agency, Opening, Place, Program
from services.intake.hsds import terms
from services.intake.hsds.sides import OURS

Thing = dict[str, Any]
STATUS = {"closed": "temporarily closed"}
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
EXTENSION = re.compile(r"(.*?),? *(?:ext\.?|x) *(\d{1,8})", re.IGNORECASE)
REGION = re.compile(r"(.*?) ?([A-Z]{0,2}\d[\dA-Z-]*)")


def organization(agency: Agency) -> Thing:
    entry, id = agency.entry, agency.id
    schedules = _schedules(id, entry.calendar.openings)
    schedules += [
        {"id": _id(id, f"closed/{day}"), "valid_from": str(day), "valid_to": str(day), "notes": "closed"}
        for day in entry.calendar.holidays
    ]
    hours = {
        "id": _id(id, "hours"),
        "location_type": "virtual",
        "name": "When somebody answers",
        "schedules": schedules,
    }
    return _said(
        id=str(id),
        name=entry.name,
        description=entry.description or "",
        email=_mail(entry.email),
        website=entry.website,
        phones=_phones(id, entry.phone),
        locations=[hours] if schedules else [],
        attributes=_attributes(id, "organization", terms.of_agency(entry)),
    ) | {"description": entry.description or ""}


def service(program: Program, agency: Agency) -> Thing:
    entry, id = program.entry, program.id
    return _said(
        id=str(id),
        organization_id=str(agency.id),
        name=entry.name,
        description=entry.description,
        status=STATUS.get(entry.openness, "active"),
        email=_mail(entry.email),
        url=entry.website,
        application_process=entry.how,
        eligibility_description=entry.eligibility,
        fees_description=entry.fees,
        wait_time=entry.wait,
        minimum_age=entry.minimum_age,
        maximum_age=entry.maximum_age,
        assured_date=str(program.assured_on) if program.assured_on else None,
        phones=_phones(id, entry.phone),
        languages=[{"id": _id(id, f"language/{code}"), "code": code} for code in entry.languages],
        required_documents=[
            {"id": _id(id, f"document/{code}"), "document": terms.name_of(f"document/{code}")}
            for code in entry.documents
        ],
        service_at_locations=[_at(id, number, place) for number, place in enumerate(entry.places, 1)],
        organization=_said(id=str(agency.id), name=agency.entry.name) | {"description": agency.entry.description or ""},
        attributes=_attributes(id, "service", terms.of_program(entry)),
    )


def _at(id: UUID, number: int, place: Place) -> Thing:
    where = _id(id, f"place/{number}")
    access = [{"id": _id(id, f"access/{number}"), "description": place.access}] if place.access else []
    location = _said(
        id=where,
        location_type="physical",
        transportation=place.directions,
        latitude=place.latitude,
        longitude=place.longitude,
        accessibility=access,
        addresses=[_address(_id(id, f"address/{number}"), place)],
        schedules=_schedules(UUID(where), place.openings),
    )
    return {"id": _id(id, f"at/{number}"), "service_id": str(id), "location_id": where, "location": location}


def _address(id: str, place: Place) -> Thing:
    """Taken apart as places_at puts it together; what can't be told apart stays in the first line."""
    *streets, last = place.address.split(", ")
    region = REGION.fullmatch(last)
    whole = {"address_1": place.address, "city": "", "state_province": "", "postal_code": ""}
    if region and len(streets) > 1:
        whole = {"address_1": ", ".join(streets[:-1]), "city": streets[-1]}
        whole |= {"state_province": region[1], "postal_code": region[2]}
    return {"id": id, **whole, "country": "US", "address_type": "physical"}


def _schedules(id: UUID, openings: tuple[Opening, ...]) -> list[Thing]:
    return [
        {
            "id": _id(id, f"open/{span.weekday}/{span.opens}"),
            "freq": "WEEKLY",
            "byday": DAYS[span.weekday - 1],
            "opens_at": span.opens.isoformat("minutes"),
            "closes_at": span.closes.isoformat("minutes"),
        }
        for span in openings
    ]


def _phones(id: UUID, number: str | None) -> list[Thing]:
    if not number:
        return []
    if match := EXTENSION.fullmatch(number):
        return [{"id": _id(id, "phone"), "number": match[1], "extension": int(match[2])}]
    return [{"id": _id(id, "phone"), "number": number}]


def _attributes(id: UUID, entity: str, said: terms.Terms) -> list[Thing]:
    return [
        {
            "id": _id(id, f"attribute/{code}"),
            "link_id": str(id),
            "link_entity": entity,
            "value": value,
            "taxonomy_term": {
                "id": _id(ROOT, code),
                "code": code,
                "name": terms.name_of(code),
                "description": terms.name_of(code),
                "taxonomy": OURS,
            },
        }
        for code, value in said.items()
    ]


def _mail(given: str | None) -> str | None:
    return given if given and MAIL.fullmatch(given) else None


def _said(**values: object) -> Thing:
    """Without what nobody said: HSDS has no null."""
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def _id(of: UUID, what: str) -> str:
    """The same part of the same thing has the same id in each export."""
    return str(uuid5(of, what))


ROOT = uuid5(UUID(int=0), "urn:throughcare:hsds:terms")
