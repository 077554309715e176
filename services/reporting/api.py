"""The mirror for other programs: definitions and counts. What the page hides is null here, with the reason beside."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from services.reporting.counting import AgencyReport, Hours
from services.reporting.indicators import definitions
from services.reporting.mirror import Look, Small, look
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web.charts import WHY_HIDDEN, Count, Veil

router = APIRouter()


@router.get("/reporting/indicators")
async def indicators(
    request: Request, actor: Annotated[Actor, Depends(allow("report.read"))], small: Small = None
) -> dict[str, Any]:
    """Every indicator, its definition, and the counts it is made of: of agencies and the network, never of a person."""
    return as_json(await look(request, small))


def as_json(seen: Look) -> dict[str, Any]:
    report, window = seen.report, seen.window
    return {
        "as_of": seen.as_of,
        "window": {"first": window.first, "last": window.last, "so_far": window.so_far},
        "small": "hidden" if seen.hide else "shown",
        "definitions": definitions(),
        "counts": _numbers(report.counts),
        "hidden": {name: WHY_HIDDEN for name, count in report.counts.items() if isinstance(count, Veil)},
        "first_answer": _hours(report.first_answer),
        "hours_to_a_human": report.hours_to_a_human,
        "seconds_to_in_effect": report.seconds_to_in_effect,
        "by_agency": [_agency(row) for row in report.by_agency],
        "by_stage": _numbers(report.by_stage),
        "by_month": [{"month": f"{month:%Y-%m}", **_numbers(counts)} for month, counts in report.by_month.items()],
    }


def _agency(row: AgencyReport) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        **_numbers(row.referrals),
        "first_answer": _hours(row.first_answer),
        "promises": _numbers(row.promises),
    }


def _hours(hours: Hours) -> dict[str, Any]:
    return {"answers": _number(hours.answers), "middle_hours": hours.middle, "nine_of_ten_hours": hours.ninth}


def _numbers(counts: Mapping[str, Count]) -> dict[str, int | None]:
    return {str(name): _number(count) for name, count in counts.items()}


def _number(count: Count) -> int | None:
    return None if isinstance(count, Veil) else count
