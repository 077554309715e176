"""Invented people and agencies, one record for each state of each part: what the gallery shows and the tests draw."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.web import say
from shared.web.charts import Chart, Month, Span, Stage, Veil, Word, funnel, months, spans
from shared.web.parts import Act, Ask, Bead, Consent, Fact, Figure, Goal, Helper, Kept, Note, Step, Tag
from shared.web.parts import Line as Row
from shared.web.say import Chip

NOW = datetime(2026, 11, 24, 15, 4, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")


def due(hours: float, share: float = 10, verb: str | None = None) -> Chip:
    at = NOW + timedelta(hours=hours)
    return say.due(at, NOW, ZONE, start=NOW - timedelta(hours=share), verb=verb)


ASKS = (
    Ask(
        "Jo",
        "Something got hard, and Jo asked for you.",
        due(3, 5, "answer"),
        Act("Open Jo’s note", "#"),
        "Only whoever walks with them can read it.",
    ),
    Ask(
        "Khalil",
        "The letter to his landlord has not gone out.",
        due(-18),
        Act("Tell Khalil", "#"),
        "Tell him first, then set a new time together.",
        "#",
    ),
    Ask(
        "Destiny",
        "Bring two bus passes to the library at 2:00.",
        due(4),
        Act("It is done", "/", post=True, fields={"promise": "1"}, about="for Destiny"),
    ),
    Ask(
        "Sam",
        "Open Table says the food box came.",
        Chip("5 days to say", left=60),
        Act("Ask Sam", "#"),
        "Sam has not said so yet. Only he can close it.",
    ),
)
WINDOW = (
    Bead("Tony met him at the gate, 8:20.", "kept", title="Ride", tag=Tag("kept", "Done")),
    Bead("30 days paid. Number marked safe.", "kept", title="Phone", tag=Tag("kept", "Done")),
    Bead("His sister’s until Sunday. Then Cedar House?", "now", title="Bed", tag=Tag("waits", "Yusuf answers by 3:00")),
    Bead("Open Table, Wednesday noon. No name asked.", ahead=True, title="Food", tag=Tag("", "Dana goes along")),
    Bead("Birth record in hand. State ID Monday 9:00.", ahead=True, title="Papers", tag=Tag("", "Tony drives")),
)
TIMELINE = (
    Bead("Moved the tool library to December 5. No reason needed.", "moved", when="Today 9:15", who="Ray"),
    Bead(
        "",
        "held",
        when="Mon 6:40 pm",
        who="Ray, for Dana only",
        words="The bus was too full. I walked back.",
        tag=Tag("held", "Support opened"),
    ),
    Bead("First visit set for Wednesday 10:30.", "kept", when="Mon 2:10 pm", who="Lantern Clinic"),
    Bead("The phone came a day after we said.", "late", when="Mon 9:30 am", who="Dana"),
    Bead("Referral for a room: not opened yet.", "waits", when="Fri 3:00 pm", who="Cedar House"),
    Bead("Earlier, back to November 12", ahead=True, url="#thread"),
)
LEDGER = (
    Kept("I will ask the clinic who drives you.", "Dana, Monday. By today 4:00.", due(6)),
    Kept(
        "I will show you the room on Friday.",
        "Yusuf, Cedar House, November 17.",
        Tag("moved", "Moved together"),
        "To Wednesday. Yusuf asked a day ahead; Ray said yes.",
    ),
    Kept(
        "You will have a phone on Sunday.",
        "Dana, November 18.",
        Tag("late", "Our word was late"),
        "It came on Monday. Dana told Ray before he asked, and added 30 days.",
    ),
    Kept(
        "Seven days of medicine in your hand at the gate.",
        "Grace, Lantern Clinic.",
        Tag("kept", "Kept"),
        "Monday 8:30. Ray says so too.",
    ),
)
GOALS = (
    Goal(
        "My own key.",
        (
            Step("Pick two parts of town that feel right.", "Ray", Tag("kept", "Done Sunday"), theirs=True),
            Step("Say yes or no to the room.", "Yusuf Karim, Cedar House", due(5, 8)),
            Step(
                "Look in at the tool library on a Saturday.", "Ray", Tag("moved", "Ray moved it to Dec 5"), theirs=True
            ),
            Step(
                "Ask Ray’s sister about one more week, with Ray on the call.",
                "Dana Whitfield, Welcome Alder",
                Tag("", "By Friday"),
            ),
        ),
        "Builds on: keeps a budget, good with neighbors. Known barrier: rooms are scarce until December 1.",
    ),
)
STOP_NOW = (
    Bead("", "kept", title="You stopped it", when="Today 9:58 am"),
    Bead("Stopping now. No new look begins. We wait for what is on its way.", "now", True, "In effect"),
)
ALLOWED = (
    Consent(
        "asks",
        "Lantern Clinic",
        question="May we tell Lantern Clinic how to reach you?",
        tag=Tag("waits", "Asked. Waits for an answer"),
    ),
    Consent("live", "Cedar House", "may know what you ask them for.", lines=("Until February 20.",)),
    Consent(
        "unsaid",
        "Riverbend Legal",
        "may know your plan.",
        lines=("You said yes at intake. It ends on December 20 unless you say it again, alone.",),
    ),
    Consent(
        "stopping",
        "Second Shift",
        lines=("They can read old news until Friday 9:58 am.", "We can’t take back what they wrote down."),
        tag=Tag("waits", "Not in effect yet"),
        stop=STOP_NOW,
    ),
    Consent(
        "stopped",
        "Open Table",
        lines=("In effect since November 20, 9:41 am. Nothing new goes to them.",),
        tag=Tag("stopped", "You stopped it"),
    ),
    Consent(
        "over",
        "Harbor Street Rooms",
        lines=("Nothing new goes to them since November 2.",),
        tag=Tag("stopped", "Its time is over"),
    ),
)
CONSENTS = (
    Row(
        "Cedar House",
        "Housing referral.",
        "Until February 20.",
        Tag("kept", "Allowed"),
        Act("Stop sharing", "/", post=True, about="with Cedar House"),
    ),
    Row("Open Table", "", "In effect since November 20, 9:41.", Tag("stopped", "Stopped by Ray")),
    Row("Supervision, courts", "", "Not asked. Nothing goes there.", Tag("", "Nothing")),
)
PEOPLE = (
    Helper("Dana Whitfield", "Helps with the whole plan", Act("Write", "#talk", about="to Dana")),
    Helper("Tony Baptiste", "My mentor. He came home in 2015.", Act("Write", "#talk", about="to Tony")),
    Helper("Nina", "My daughter", theirs=True),
)
FACTS = (
    Fact("Not read yet", "3 events"),
    Fact("Your reader", Tag("kept", "Connected")),
    Fact("Its password ends", Chip("by Friday noon", left=70)),
)
FIGURES = (
    Figure(
        "197 of 246",
        "outcomes that an agency reported were confirmed by the person.",
        "The person said “yes, that happened”. Silence is counted as silence, never as a yes.",
    ),
    Figure(
        "5 hours",
        "is the middle time to a first answer, in open hours.",
        "Half of the answers came sooner, half later.",
    ),
    Figure("698 of 928", "promises were kept on time. 128 more were moved together beforehand."),
)
TALK = (
    Note("The bus was too full. I walked back.", "Monday 6:40 pm. Only Dana can read it.", "You wrote", mine=True),
    Note("Glad you told me. Want to try it with Tony at ten?", "Monday 7:20 pm", "Dana wrote"),
)
CHIPS = (
    Chip("answer in 3 h", "soon", 38),
    Chip("was due yesterday", "past", 0),
    Chip("by Friday noon", left=92),
    Chip("no time set"),
)
TAGS = (
    Tag("", "Open"),
    Tag("kept", "Kept"),
    Tag("moved", "Moved together"),
    Tag("waits", "Not yet"),
    Tag("late", "Our word was late"),
    Tag("held", "Support opened"),
    Tag("stopped", "Stopped by Ray"),
)


def charts() -> tuple[Chart, Chart, Chart]:
    """One of each, with a veiled cell where a real report would have one."""
    stages = (
        Stage("Sent", 412),
        Stage("Answered", 371),
        Stage("Help began", 289),
        Stage("Reported", 246, "Reported as finished"),
    )
    first = (
        Span("Welcome Alder", 45, 4, 10),
        Span("Cedar House", 61, 11, 27),
        Span("Harbor Street Rooms", Veil.HIDDEN),
        Span("Lantern Clinic", 74, 3, 9),
        Span("Riverbend Legal", 36, 15, 38),
        Span("Tool Library", Veil.HIDDEN),
    )
    kept = (
        Month("May", 97, 20, 21),
        Month("Jun", 104, 19, 19, "June"),
        Month("Jul", 113, 20, 18, "July"),
        Month("Aug", Veil.HIDDEN, Veil.HIDDEN, Veil.HIDDEN, "August"),
        Month("Sep", 121, 24, 13, "September"),
        Month("Oct", 139, 26, 14, "October"),
    )
    return (
        funnel("Referrals by how far they came", stages, Word(197, 22, 27)),
        spans("Open hours to a first answer, by agency", first, agreed=16),
        months("Promises by month and what came of them", kept),
    )
