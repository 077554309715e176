"""A referral in sentences: where it stands, who is to act, and what happens if nobody does."""

from collections.abc import Mapping
from datetime import datetime

from services.caseplan.concepts import REFERRAL
from services.caseplan.pages.happened import lines_of
from services.caseplan.reading import Sheet
from services.caseplan.store import Kept
from shared.contracts.referral import Stage
from shared.web import say
from shared.web.parts import Bead, Tag
from shared.web.say import Chip

# Who holds it, as the worker reads it.
HOLDS: Mapping[Stage, str] = {
    Stage.DRAFT: "You: it is not sent yet.",
    Stage.SENT: "The agency: its first answer is due.",
    Stage.DELIVERED: "The agency: its first answer is due.",
    Stage.SEEN: "The agency: it has read it, and its answer is due.",
    Stage.ESCALATED: "The agency’s lead, since its staff were silent.",
    Stage.WAITLISTED: "The agency: it keeps a place in line.",
    Stage.ACCEPTED: "The agency: it said yes, and gets in touch.",
    Stage.CONTACTING: "The agency: it is trying to reach them.",
    Stage.IN_PROGRESS: "The agency: help has begun.",
    Stage.AWAITING_PERSON: "The agency: it needs something, and helps to get it.",
    Stage.ON_HOLD: "The agency: it paused, and said why.",
    Stage.STALLED: "The agency’s lead, since it went quiet after its yes.",
    Stage.REOPENED: "The agency: it did not end so, says the person.",
    Stage.REPORTED: "The person: only they can close it.",
    Stage.DECLINED: "You: the agency said no.",
    Stage.EXPIRED: "You: agency and lead stayed silent.",
    Stage.ABANDONED: "You: agency and lead fell silent after a yes.",
    Stage.OFFERED: "The person: another door is theirs to choose.",
    Stage.PAUSED: "You: sharing stopped, and the place stays theirs until you have asked.",
    Stage.UNASKED: "The supervisor: nobody has asked them about their place.",
}
AT_REST = "Nobody: it is at rest."
ANSWER_DUE = (Stage.SENT, Stage.DELIVERED, Stage.SEEN, Stage.ESCALATED)


def if_quiet(sheet: Sheet, kept: Kept) -> str:
    """What silence would do, and what nobody hears."""
    referral, due = kept.state, sheet.due(REFERRAL, kept.state.id)
    if due is None:
        return ""
    at = say.sentence(say.moment(due, sheet.now, sheet.zone))
    door = sheet.name(referral.next_program, "another program")
    match referral.stage:
        case Stage.DRAFT:
            return f"{at} it ends; nobody was told."
        case Stage.ESCALATED | Stage.STALLED:
            return f"{at} it counts as no answer, and {_second(sheet, kept)}"
        case Stage.REPORTED:
            return f"{at} it closes, recorded as silence and not as a yes."
        case Stage.DECLINED | Stage.EXPIRED | Stage.ABANDONED:
            return f"{at} they are asked to choose without you."
        case Stage.OFFERED:
            return f"{at} it is left for now. {say.sentence(door)} hears nothing unless they choose it."
        case Stage.PAUSED:
            return f"{at} the supervisor is asked. Nothing goes out meanwhile."
        case Stage.UNASKED:
            return f"{at} it ends, recorded as silence."
        case _:
            return f"{at} it goes to the agency’s lead."


def _second(sheet: Sheet, kept: Kept) -> str:
    second = kept.state.second
    if second is not None:
        return f"{sheet.name(second.program)} is asked, as named when it was sent."
    return "another program is offered, which hears nothing until they choose it."


def chip(sheet: Sheet, kept: Kept) -> Chip | Tag:
    """Its clock, or its end in a word."""
    due = sheet.due(REFERRAL, kept.state.id)
    if due is None:
        return ending(kept)
    verb = "answer" if kept.state.stage in ANSWER_DUE else None
    return say.due(due, sheet.now, sheet.zone, start=sheet.began(REFERRAL, kept.state.id), verb=verb)


def ending(kept: Kept) -> Tag:
    stage = kept.state.stage
    if stage is Stage.CLOSED:
        return Tag("kept", "Confirmed") if kept.state.confirmed else Tag("waits", "Closed in silence")
    if stage in (Stage.MOVED_ON, Stage.NOT_TAKEN):
        return Tag("moved", stage.label)
    return Tag("stopped", stage.label)


PATH = (
    (("send",), "Sent"),
    (("deliver",), "Delivered"),
    (("see",), "Seen"),
    (("accept", "waitlist", "decline"), "Answer"),
    (("begin",), "Help begins"),
    (("report",), "Says how it ended"),
    (("confirm",), "They confirm"),
)


def across(sheet: Sheet, kept: Kept) -> list[Bead]:
    """The way of a referral on its side: what is behind with its time, where it stands, what is ahead."""
    at: dict[str, datetime] = {row["verb"]: row["at"] for row in lines_of(sheet, REFERRAL.kind, kept.state.id)}
    done = [max((at[verb] for verb in verbs if verb in at), default=None) for verbs, _ in PATH]
    last = max((place for place, moment in enumerate(done) if moment is not None), default=-1)
    beads, now_is_set = [], False
    for place, (verbs, title) in enumerate(PATH):
        moment = done[place]
        if moment is not None:
            label = kept.state.stage.label if "decline" in verbs and "decline" in at else title
            when = say.sentence(say.moment(moment, sheet.now, sheet.zone))
            paper = say.moment_on_paper(moment, sheet.zone)
            beads.append(Bead(when, "kept", title=label, paper=paper))
        elif place > last and REFERRAL.is_open(kept.state):
            beads.append(
                Bead(_expected(sheet, kept) if not now_is_set else "", "" if now_is_set else "now", True, title)
            )
            now_is_set = True
    return beads


def _expected(sheet: Sheet, kept: Kept) -> str:
    due = sheet.due(REFERRAL, kept.state.id)
    return f"by {say.moment(due, sheet.now, sheet.zone)}" if due else ""


def title_of(sheet: Sheet, kept: Kept) -> str:
    """The program and its agency: public names."""
    program, agency = sheet.name(kept.state.program, "A program"), sheet.name(kept.state.agency)
    return program if agency in program else f"{program} at {agency}"
