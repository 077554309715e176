"""Where a program is given, from the locations and addresses of a package.

An address that is kept confidential is left out with its point, its hours and its bus: each of them would tell it.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date

from services.intake.directory import Place
from services.intake.hsds.sides import Sides
from services.intake.hsds.tables import Problem, Row
from services.intake.hsds.texts import line
from services.intake.hsds.times import gather

CONFIDENTIAL = re.compile(r"confidential|not (public|published)|undisclosed", re.IGNORECASE)
POSTCODE = re.compile(r"[\w -]{2,12}")
MOST = 100


def is_hidden(address: Row) -> bool:
    return bool(CONFIDENTIAL.search(f"{address.get('address_1')} {address.get('address_2')}"))


def places_at(
    sides: Sides, service: str, locations: Iterable[str], today: date, problems: list[Problem]
) -> Iterator[Place]:
    """Each address once, with what the package says of getting there."""
    seen: set[str] = set()
    for id in locations:
        for address in sides.addresses.get(id, ()):
            said = place_of(address)
            if said and said not in seen and len(seen) < MOST:
                seen.add(said)
                yield _place(sides, service, id, said, address, today, problems)


def _place(sides: Sides, service: str, id: str, said: str, address: Row, today: date, problems: list[Problem]) -> Place:
    row = sides.locations.get(id)
    postcode = address.get("postal_code")
    told = sides.regular.get(f"service:{service}") or sides.regular.get(f"location:{id}") or ()
    hours = gather(told, (), today)
    spot = spot_of(row, problems) if row else None
    latitude, longitude = spot or (None, None)
    return Place(
        address=said,
        postcode=postcode if POSTCODE.fullmatch(postcode) else None,
        directions=line(row.get("transportation")) or None if row else None,
        access=_access(sides, id, row),
        openings=hours.week(),
        latitude=latitude,
        longitude=longitude,
    )


def spot_of(row: Row, problems: list[Problem]) -> tuple[float, float] | None:
    """Latitude and longitude, where both are somewhere on earth; nowhere at all, as 0 and 0, is none."""
    if not row.get("latitude") or not row.get("longitude"):
        return None
    found = []
    for field, most in (("latitude", 85), ("longitude", 180)):
        try:
            number = float(row.get(field))
        except ValueError:
            number = float("nan")
        if not -most <= number <= most:
            told = row.problem(f"is left out: write degrees from -{most} to {most}.", field=field, skipped=False)
            if told not in problems:  # a location of many programs is told once
                problems.append(told)
            return None
        found.append(number)
    return (found[0], found[1]) if any(found) else None


def _access(sides: Sides, id: str, row: Row | None) -> str | None:
    said = [one.get("description", "details", "accessibility") for one in sides.access.get(id, ())]
    if row and row.get("accessibility"):
        said.append(row.get("accessibility").replace("_", " "))
    return line(", ".join(dict.fromkeys(filter(None, said)))) or None


def place_of(address: Row) -> str:
    """An address as one line; none for one that is empty or kept confidential, as a shelter's is."""
    streets = [address.get("address_1"), address.get("address_2")]
    if not any(streets) or is_hidden(address):
        return ""
    region = f"{address.get('state_province')} {address.get('postal_code')}".strip()
    return line(", ".join(filter(None, [*streets, address.get("city"), region])))
