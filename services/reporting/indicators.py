"""What the mirror measures: agencies and the network, never a person. Each indicator says where its numbers come from.

`counts` names the numbers of the report that it is made of, so that a definition without a number, or the other way
round, is found by a test.
"""

from dataclasses import asdict, dataclass

from shared.contracts import consent, halted, message, need, person, portrait, promise, referral, setback
from shared.contracts.events import Event

SMALL = "1 to 10 are hidden, and whatever would tell them: shares, sums, the smallest neighbor."
OF_REFERRALS = "Referrals sent in the window; those written by mistake are left out."


@dataclass(frozen=True, slots=True)
class Indicator:
    """`says` stands on the page; the rest is for whoever checks the figures."""

    name: str
    title: str
    says: str
    population: str
    numerator: str
    denominator: str
    counts: tuple[str, ...]
    source: tuple[str, ...]
    suppression: str = SMALL


def _types(*events: type[Event]) -> tuple[str, ...]:
    return tuple(event.type for event in events)


STAGES = Indicator(
    "referrals_by_stage",
    "Where the referrals stand",
    "Every referral sent, by where it stands at this moment. Each open one has somebody who holds it, and a clock.",
    OF_REFERRALS,
    "those that stand at the stage now",
    "all of them",
    ("referrals_sent",),
    ("throughcare.referral.*.v1",),
)
FUNNEL = Indicator(
    "funnel",
    "Loops closed and confirmed",
    "“Reported” counts a referral once the person has spoken or their time to speak is over. Younger ones wait.",
    OF_REFERRALS,
    "those answered; where help began; reported and looked back on; confirmed, reopened or passed in silence",
    "those sent",
    ("referrals_sent", "referrals_answered", "referrals_begun", "referrals_reported"),
    _types(referral.Sent, referral.Accepted, referral.Waitlisted, referral.Declined, referral.Begun, referral.Reported),
)
LOOPS = Indicator(
    "loops_confirmed",
    "Outcomes confirmed by the person",
    "The person said “yes, that happened”, from their page or by a word to a worker. Silence is counted as silence, "
    "never as a yes.",
    "Referrals sent in the window whose outcome an agency reported, and whose person has spoken or had the time to.",
    "those that the person confirmed; reopened are those where they said that it did not end so",
    "all of them: confirmed, reopened or silent",
    ("loops_confirmed", "loops_reopened", "loops_silent", "referrals_reported"),
    _types(referral.Confirmed, referral.Disputed, referral.Reopened, referral.Closed),
)
TOLD = Indicator(
    "told_worker",
    "Told to a worker",
    "What the person told a worker about how it ended. It confirms and closes nothing, so it is counted apart.",
    OF_REFERRALS,
    "those of which the person told a worker and which they have not confirmed themselves",
    "none: it is a number beside the others",
    ("told_worker",),
    _types(referral.ToldWorker),
)
ANSWERED = Indicator(
    "referrals_answered",
    "Referrals answered",
    "Yes, no and a place in line are answers. After silence another door is offered, and the person chooses.",
    OF_REFERRALS,
    "those with a first yes, no or place in line",
    "those sent",
    ("referrals_answered", "referrals_sent"),
    _types(referral.Accepted, referral.Waitlisted, referral.Declined),
)
FIRST_ANSWER = Indicator(
    "hours_to_first_answer",
    "Time to a first answer, by agency",
    "From “delivered” to the first yes, no or place in line. Nights, weekends and holidays of the agency are left "
    "out. Where an agency has no system of its own, it counts from “sent”.",
    "Referrals sent in the window that got an answer.",
    "open hours of the agency between the two; the middle one, and the time by which nine of ten had come",
    "the answers of that agency",
    ("referrals_answered",),
    _types(referral.Sent, referral.Delivered, referral.Accepted, referral.Waitlisted, referral.Declined),
)
PROMISES = Indicator(
    "promises_kept",
    "Promises kept",
    "Promises by staff to people, written down with a day. The person’s word wins: when they say that a promise was "
    "not kept, it counts as not kept. “Moved” means that staff asked before it was due and the person agreed. Steps "
    "that a person takes are never counted.",
    "Promises that fell due in the window, once it is known what came of them; what the person let go is left out.",
    "those kept on time; moved together and then kept; late or not kept",
    "all of them",
    ("promises_due", "promises_kept", "promises_moved", "promises_late"),
    _types(promise.Made, promise.Renegotiated, promise.Kept, promise.Broken, promise.Released),
)
SETBACKS = Indicator(
    "hours_to_a_human",
    "Hours to a human after a setback",
    "From the person’s own word to the first human contact, in real hours: nights and weekends count. If the person "
    "says that nobody came, nobody came. Nothing here says who, or what got hard.",
    "Setbacks told in the window; those taken back before anybody could be in touch are left out.",
    "those reached within the promised hours; later; and those who still wait",
    "all of them",
    (
        "setbacks_told", "setbacks_reached_in_time", "setbacks_reached_late", "setbacks_waiting", "setbacks_supported",
    ),
    _types(setback.Reported, setback.Contacted, setback.NobodyCame, setback.AskedAgain, setback.Supported),
)  # fmt: skip
MESSAGES = Indicator(
    "messages",
    "Messages",
    "A message that is withheld has a reason: no safe way to reach them, no live consent, or too late to help.",
    "Messages decided on in the window.",
    "those that a carrier took; those withheld; those that wait",
    "all of them",
    ("messages_decided", "messages_sent", "messages_withheld", "messages_waiting"),
    _types(message.Decided, message.Sent, message.Withheld),
)

ARRIVALS = Indicator(
    "first_answers_in_time",
    "First answers to people who asked by themselves",
    "They were told by when somebody is named to walk with them. Whether that moment was kept is counted; who asked, "
    "where, and what for is not.",
    "Answers promised to people who asked for help by themselves, whose promised moment lies in the window.",
    "all but those where it was said that nobody was named by then; and those",
    "all of them",
    ("first_answers_promised", "first_answers_in_time", "first_answers_late"),
    _types(person.Acknowledged, person.AnswerLate),
)
TELLINGS = Indicator(
    "answers_retold",
    "Told again",
    "Answers that people gave to an agency, having given them to another before. Nobody should have to tell their "
    "story twice. What they chose to skip is counted nowhere.",
    "Answers that people gave in the window, of who they are and of what they need.",
    "those that another agency had heard before; those told for the first time",
    "all of them",
    ("answers_told", "answers_retold", "answers_first_told"),
    _types(portrait.Told, need.Told),
)
REVOCATIONS = Indicator(
    "seconds_to_in_effect",
    "From “stop sharing” to in effect",
    "In effect when every service that tells anybody anything has said that nothing more goes out. In real time: "
    "nights and weekends count.",
    "Consents that people took back in the window.",
    "those that are in effect, and the middle time until they were; those that are not yet",
    "all of them",
    ("revocations", "revocations_in_effect", "revocations_waiting"),
    _types(consent.Revoked, halted.Halted),
)

INDICATORS = (
    FUNNEL, LOOPS, TOLD, ANSWERED, FIRST_ANSWER, PROMISES, SETBACKS, MESSAGES, ARRIVALS, TELLINGS, REVOCATIONS, STAGES,
)  # fmt: skip


def definitions() -> list[dict[str, object]]:
    return [asdict(indicator) for indicator in INDICATORS]
