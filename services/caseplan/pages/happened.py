"""The thread: what happened, a line each, in words that blame nobody. Clay (`late`) is for our own word alone."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from asyncpg import Record

from services.caseplan.reading import Sheet
from shared.web import say
from shared.web.parts import Bead

Kind = str


class Line(NamedTuple):
    says: str
    kind: Kind = "kept"


HAPPENED: Mapping[tuple[str, str], Line] = {
    ("referral", "draft"): Line("Wrote a referral; nobody else knows of it yet."),
    ("referral", "send"): Line("Sent the referral."),
    ("referral", "deliver"): Line("It reached the agency’s own system."),
    ("referral", "see"): Line("The agency has read it."),
    ("referral", "accept"): Line("The agency said yes."),
    ("referral", "waitlist"): Line("The agency keeps a place in line.", "waits"),
    ("referral", "decline"): Line("The agency said no, and why.", "stopped"),
    ("referral", "attempt"): Line("The agency tried to reach them."),
    ("referral", "begin"): Line("Help has begun."),
    ("referral", "await"): Line("The agency needs something from them.", "waits"),
    ("referral", "hold"): Line("The agency paused, and said why.", "waits"),
    ("referral", "continue"): Line("It goes on."),
    ("referral", "report"): Line("The agency said how it ended."),
    ("referral", "confirm"): Line("They confirmed how it ended."),
    ("referral", "dispute"): Line("They say it did not end so. The agency has it again.", "moved"),
    ("referral", "reopen"): Line("Opened again."),
    ("referral", "tell"): Line("Told their worker how it went. It closes nothing."),
    ("referral", "offer"): Line("Another program is offered. It hears nothing until they choose it.", "waits"),
    ("referral", "carry_on"): Line("Another door was looked for.", "waits"),
    ("referral", "choose_next"): Line("They chose another program.", "moved"),
    ("referral", "not_now"): Line("Not now. The door stays open.", "waits"),
    ("referral", "pause"): Line("Sharing stopped. The place stays theirs.", "stopped"),
    ("referral", "resume"): Line("They share again."),
    ("referral", "withdraw"): Line("Taken back. No reason is asked.", "stopped"),
    ("referral", "mark_error"): Line("A mistake of ours, marked as one.", "late"),
    ("referral", "lapse"): Line("Nobody answered in time.", "late"),
    ("setback", "report"): Line("Told us that something got hard. Support opened.", "held"),
    ("setback", "try"): Line("Tried to be in touch, and missed them."),
    ("setback", "contact"): Line("Was in touch."),
    ("setback", "nobody_came"): Line("Says nobody was in touch.", "late"),
    ("setback", "reflect"): Line("Looked at it together."),
    ("setback", "offer_revision"): Line("A lighter plan was offered.", "waits"),
    ("setback", "accept_revision"): Line("Would like a lighter plan.", "moved"),
    ("setback", "decline_revision"): Line("The plan is fine as it is."),
    ("setback", "not_now"): Line("Not now.", "waits"),
    ("setback", "enough"): Line("Has what was needed for now."),
    ("setback", "ask_again"): Line("Asked for somebody again.", "held"),
    ("setback", "share"): Line("Chose to tell one more agency.", "moved"),
    ("setback", "withdraw"): Line("Taken back.", "stopped"),
    ("setback", "lapse"): Line("The promised hours passed.", "late"),
    ("setback", "hand_over"): Line("Handed over to who walks with them now.", "moved"),
    ("referral", "hand_over"): Line("Handed over to who walks with them now.", "moved"),
    ("plan", "hand_over"): Line("Handed over to who walks with them now.", "moved"),
    ("concern", "hand_over"): Line("Handed over to who walks with them now.", "moved"),
    ("setback", "cover"): Line("A colleague covers."),
    ("promise", "make"): Line("Gave a promise."),
    ("promise", "keep"): Line("Kept a promise."),
    ("promise", "admit"): Line("Owned up to a promise not kept.", "late"),
    ("promise", "ask_for_time"): Line("Asked for another time.", "waits"),
    ("promise", "agree"): Line("Agreed to another time.", "moved"),
    ("promise", "refuse"): Line("Keeps the first time."),
    ("promise", "say_kept"): Line("Says a promise was kept."),
    ("promise", "say_broken"): Line("Says a promise was not kept.", "late"),
    ("promise", "release"): Line("Does not need a promise any more.", "moved"),
    ("promise", "hand_over"): Line("Handed over: a colleague keeps this promise now.", "moved"),
    ("promise", "lapse"): Line("A promise came due without a word.", "late"),
    ("plan", "open"): Line("A plan to fill, when they like."),
    ("plan", "suggest"): Line("Suggested a version of the plan.", "waits"),
    ("plan", "propose"): Line("Said how the plan should be.", "waits"),
    ("plan", "sign"): Line("Signed the plan: both sides have."),
    ("plan", "disagree"): Line("Would like to talk first.", "waits"),
    ("plan", "not_now"): Line("Not now.", "waits"),
    ("plan", "move_step"): Line("Moved a step. No reason needed.", "moved"),
    ("plan", "drop_step"): Line("Let go of a step.", "moved"),
    ("plan", "finish_step"): Line("Did a step."),
    ("plan", "ask_load"): Line("Asked: is this too much?", "waits"),
    ("plan", "fits"): Line("It fits."),
    ("plan", "say_too_much"): Line("Said that the plan asks too much.", "held"),
    ("plan", "stop"): Line("Stopped the plan.", "stopped"),
    ("plan", "lapse"): Line("No answer yet.", "waits"),
    ("contact", "met"): Line("Met."),
    ("contact", "called"): Line("Called."),
    ("contact", "texted"): Line("Wrote a text."),
    ("contact", "tried"): Line("Tried to be in touch."),
    ("concern", "read"): Line("Read it."),
    ("concern", "raise"): Line("Told the worker, and nobody else."),
    ("concern", "ask"): Line("Asked them how they see it."),
    ("concern", "set_aside"): Line("Set aside; what it said is gone.", "stopped"),
    ("concern", "own"): Line("They made it their own.", "held"),
    ("concern", "lapse"): Line("Left alone; what it said is gone.", "stopped"),
}
PARTIES = {
    "person": "They",
    "agency": "The agency",
    "lead": "Their lead",
    "network": "The network",
    "clock": "The clock",
    "supervisor": "A supervisor",
    "worker": "A worker",
}
WAYS = {"phone": "told by phone", "in_person": "told in person", "stream": "through their system", "email": "by link"}
# What the clock says where its silence is not ours: the person had their time, and that is an answer too. A setback
# comes to rest from our silence as well as from theirs, so its line says neither.
THEIR_TIME = Line("Their time to say passed. It is recorded as silence.", "waits")
SILENCES: Mapping[tuple[str, str], Line] = {
    ("referral", "closed"): THEIR_TIME,
    ("referral", "not_taken"): THEIR_TIME,
    ("plan", "set_aside"): THEIR_TIME,
    ("setback", "resting"): Line("It rests.", "waits"),
}


def bead(sheet: Sheet, row: Record | Mapping[str, Any], *, title: str = "", url: str = "", note: str = "") -> Bead:
    """`title`: what it is about, on a page that shows more than one thing. `note`: what staff wrote of it."""
    line = HAPPENED.get((row["kind"], row["verb"]), Line(row["verb"].replace("_", " ").capitalize() + "."))
    if row["verb"] == "lapse":
        line = SILENCES.get((row["kind"], row["stage"]), line)
    says = f"{title}: {line.says[:1].lower()}{line.says[1:]}" if title else line.says
    return Bead(
        text=f"{says} {note}".strip(),
        kind=line.kind,  # type: ignore[arg-type]
        when=say.sentence(when(sheet, row["at"])),
        who=who(sheet, row),
        url=url,
    )


def who(sheet: Sheet, row: Record | Mapping[str, Any]) -> str:
    """Whose word it was, and how it came; the worker who wrote it down is not taken for the speaker."""
    party, way = row["party"], WAYS.get(row["way"], "")
    name = PARTIES.get(party, "")
    if party in ("worker", "supervisor") or (party == "agency" and not way):
        name = sheet.staff.name(row["who"], name)
    return f"{name}, {way}" if way and name else name


def when(sheet: Sheet, at: Any) -> str:
    return say.moment(at, sheet.now, sheet.zone)


def without_drafts(rows: Iterable[Record]) -> list[Record]:
    """Without what another line of the same moment says as well: a referral written and sent at once."""
    rows = list(rows)
    sent = {row["id"] for row in rows if row["verb"] == "send"}
    return [row for row in rows if not (row["verb"] == "draft" and row["id"] in sent)]


def lines_of(sheet: Sheet, kind: str, id: UUID) -> list[Record]:
    """One aggregate's own lines of what was read, the oldest first."""
    own = [row for row in sheet.timeline if row["id"] == id and row.get("kind", kind) == kind]
    return sorted(own, key=lambda row: row["at"])


def thread(sheet: Sheet, kind: str, rows: Iterable[Record]) -> list[Bead]:
    return [bead(sheet, {**row, "kind": kind}) for row in rows]
