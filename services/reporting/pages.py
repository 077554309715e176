"""The mirror as a page: four figures, three charts with their tables, and what is counted apart."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.reporting import indicators as said
from services.reporting.counting import Report
from services.reporting.mirror import Look, Small, look, settings
from services.reporting.window import Window
from shared.contracts.referral import Stage as ReferralStage
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import say
from shared.web.charts import (
    Chart,
    Count,
    Month,
    Span,
    Stage,
    Table,
    Veil,
    Word,
    funnel,
    months,
    spans,
)
from shared.web.menu import bar
from shared.web.parts import Figure
from shared.web.templates import render

HERE = "/reporting/mirror"
HIDDEN = "Not shown"
HIDES = "Numbers from 1 to 10 are not shown, so that nobody can be picked out, nor others that would tell them."

router = APIRouter()


@router.get(HERE)
async def mirror(
    request: Request, actor: Annotated[Actor, Depends(allow("report.read"))], small: Small = None
) -> Response:
    seen = await look(request, small)
    return render(
        request,
        "mirror.html",
        lang="en",
        bar=bar(actor, HERE),
        here=HERE,
        seen=seen,
        hides=HIDES,
        lead=lead(seen),
        figures=figures(seen.report),
        loops=loops_chart(seen.report),
        first=first_chart(seen.report),
        word=word_chart(seen),
        running=say.MONTHS["en"][seen.window.last.month - 1],
        agreed=f"{settings().agreed_hours:g}",
        stages=stage_table(seen.report),
        apart=apart(seen.report),
        indicators=said,
    )


def lead(seen: Look) -> str:
    known = seen.report.agencies_known
    who = "the network keeps its" if known == 0 else "one agency keeps its" if known == 1 else ""
    who = who or f"{say.count(known)} agencies keep their"
    return f"How {who} word, {_span(seen.window)}. It measures us; no number here is about how a person is doing."


def _span(window: Window) -> str:
    def day(which: str) -> str:
        at = getattr(window, which)
        year = f", {at.year}" if window.first.year != window.last.year else ""
        return f"{say.MONTHS['en'][at.month - 1]} {at.day}{year}"

    return f"from {day('first')} until now" if window.so_far else f"from {day('first')} to {day('last')}"


def figures(report: Report) -> list[Figure]:
    """A number is never alone, and where there is none yet its sentence says what will come."""
    counts, hours = report.counts, report.first_answer
    moved = counts["promises_moved"]
    return [
        _share(
            counts, "loops_confirmed", "referrals_reported",
            "outcomes that an agency reported were confirmed by the person.",
            "Counted here once a person has said how a referral ended, or had the time to.", said.LOOPS.says,
        ),
        _share(
            counts, "referrals_answered", "referrals_sent", "referrals got an answer from the program asked.",
            "Counted here from the first referral on.", said.ANSWERED.says,
        ),
        _middle(hours.middle, isinstance(hours.answers, Veil)),
        _share(
            counts, "promises_kept", "promises_due",
            "promises were kept on time."
            + (f" {moved:,} more were moved together beforehand." if isinstance(moved, int) and moved else ""),
            "Counted here once the first promise has fallen due.", said.PROMISES.says,
        ),
    ]  # fmt: skip


def _share(counts: Mapping[str, Count], of: str, all_: str, text: str, later: str, what: str) -> Figure:
    part, whole = counts[of], counts[all_]
    if whole == 0:
        return Figure("None yet", later, what)
    if isinstance(part, Veil) or isinstance(whole, Veil):
        return Figure(HIDDEN, say.sentence(text), what)
    return Figure(f"{part:,} of {whole:,}", text, what)


def _middle(middle: float | None, hidden: bool) -> Figure:
    what = said.FIRST_ANSWER.says
    if middle is None:
        return Figure(HIDDEN if hidden else "None yet", "The middle time to a first answer, in open hours.", what)
    number = "Under 1 hour" if middle < 1 else f"{middle:g} hour{'' if middle == 1 else 's'}"
    return Figure(number, "is the middle time to a first answer, in open hours.", what)


def loops_chart(report: Report) -> Chart | None:
    counts = report.counts
    if counts["referrals_sent"] == 0:
        return None
    stages = (
        Stage("Sent", counts["referrals_sent"]),
        Stage("Answered", counts["referrals_answered"]),
        Stage("Help began", counts["referrals_begun"]),
        Stage("Reported", counts["referrals_reported"], "Reported, and the person had their say"),
    )
    word = Word(counts["loops_confirmed"], counts["loops_reopened"], counts["loops_silent"])
    return funnel("Referrals by how far they came", stages, word)


def first_chart(report: Report) -> Chart | None:
    """Agencies that have answered something; one that was asked and has not is in the funnel."""
    rows = [
        Span(row.name, row.first_answer.answers, row.first_answer.middle or 0, row.first_answer.ninth or 0)
        for row in report.by_agency
        if row.first_answer.answers != 0
    ]
    return spans("Open hours to a first answer, by agency", rows, agreed=settings().agreed_hours) if rows else None


def word_chart(seen: Look) -> Chart | None:
    rows = []
    for month, counts in seen.report.by_month.items():
        name = say.MONTHS["en"][month.month - 1]
        running = seen.window.so_far and (month.year, month.month) == (seen.window.last.year, seen.window.last.month)
        rows.append(
            Month(name[:3], counts["kept"], counts["moved"], counts["late"], f"{name}, so far" if running else name)
        )
    return months("Promises by month and what came of them", rows) if rows else None


def stage_table(report: Report) -> Table | None:
    rows = [_row(_label(name), number) for name, number in report.by_stage.items()]
    return Table(("Stage", "Referrals"), tuple(rows)) if rows else None


def _label(stage: str) -> str:
    known = set(ReferralStage)
    return ReferralStage(stage).label if stage in known else say.sentence(stage.replace("_", " "))


def apart(report: Report) -> list[tuple[said.Indicator, Table]]:
    """What is counted beside the rest, each with its definition."""
    counts, middle = report.counts, report.hours_to_a_human
    setbacks = (
        _row("Told by the person", counts["setbacks_told"]),
        _row("Reached in the promised hours", counts["setbacks_reached_in_time"]),
        _row("Reached later", counts["setbacks_reached_late"]),
        _row("Still waiting for us", counts["setbacks_waiting"]),
        _row("Have the support they wanted", counts["setbacks_supported"]),
        ("Middle time to a human", f"{middle:g} h" if middle is not None else "–"),
    )
    messages = (
        _row("Sent", counts["messages_sent"]),
        _row("Held back, with a reason", counts["messages_withheld"]),
        _row("Waiting", counts["messages_waiting"]),
    )
    return [
        (said.SETBACKS, Table(("What came of it", "Setbacks"), setbacks)),
        (said.TOLD, Table(("What we heard", "Referrals"), (_row("Told to a worker only", counts["told_worker"]),))),
        (said.MESSAGES, Table(("What came of it", "Messages"), messages)),
        *front_door(report),
    ]


def front_door(report: Report) -> list[tuple[said.Indicator, Table]]:
    counts = report.counts
    answers = (
        _row("Promised", counts["first_answers_promised"]),
        _row("Somebody was named in time", counts["first_answers_in_time"]),
        _row("Nobody was named in time", counts["first_answers_late"]),
    )
    told = (
        _row("Told", counts["answers_told"]),
        _row("For the first time", counts["answers_first_told"]),
        _row("Again, to another agency", counts["answers_retold"]),
    )
    stops = (
        _row("Taken back", counts["revocations"]),
        _row("In effect", counts["revocations_in_effect"]),
        _row("Not in effect yet", counts["revocations_waiting"]),
        ("Middle time until in effect", lasting(report.seconds_to_in_effect)),
    )
    return [
        (said.ARRIVALS, Table(("What came of it", "Promised answers"), answers)),
        (said.TELLINGS, Table(("How often", "Answers"), told)),
        (said.REVOCATIONS, Table(("Where it stands", "Consents"), stops)),
    ]


def lasting(seconds: float | None) -> str:
    """A time in the unit that fits it: a stop takes seconds, unless something was wrong."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return "Under 1 s"
    if round(seconds) < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3570 else f"{seconds / 3600:.1f} h"


def _row(name: str, number: Count) -> tuple[str | Veil, ...]:
    return (name, number if isinstance(number, Veil) else f"{number:,}")
