"""What the parts of a page are made of: one typed record per row, so a page module can be checked before it is drawn.

The macros of templates/parts/lists.html and page.html take these; a part's state is a word here, a shape there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from shared.web.say import Chip

TagKind = Literal["", "kept", "moved", "waits", "late", "held", "stopped"]


@dataclass(frozen=True, slots=True)
class Tag:
    """A state as a shape and a word. `late` is for our own word only; a person's step is done, open or moved."""

    kind: TagKind
    words: str
    paper: str = ""  # the same with its date, where `words` say "Friday"


@dataclass(frozen=True, slots=True)
class Act:
    """One button. `post` makes it a real form with the page's token and `fields` hidden in it."""

    label: str
    url: str
    post: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    about: str = ""  # said to screen readers after the label, where several buttons share it
    main: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """One row that asks one thing: who, what, by when, one button."""

    who: str
    text: str
    clock: Chip
    act: Act
    aside: str = ""
    url: str = ""  # of the person's page


@dataclass(frozen=True, slots=True)
class Bead:
    """One stop on the thread. `now` is where we stand; `ahead` is dashed, not yet."""

    text: str
    kind: TagKind | Literal["now"] = ""
    ahead: bool = False
    title: str = ""
    when: str = ""
    who: str = ""
    words: str = ""  # the person's own, in the serif
    tag: Tag | None = None
    url: str = ""
    paper: str = ""  # `text` with its date, where that says "today"


@dataclass(frozen=True, slots=True)
class Kept:
    """A line of the ledger: what we said, and what came of it."""

    said: str
    by: str
    outcome: Tag | Chip
    note: str = ""


def never_late(theirs: bool, status: Tag | Chip) -> None:
    """What is late is ours: a person's step is done, open, moved or not yet, whatever the calendar says."""
    if theirs and (status.kind == "late" if isinstance(status, Tag) else status.state == "past"):
        raise ValueError("a person's step is never late")


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a goal. `theirs` is the person's own: round and plum, and never late."""

    text: str
    whose: str
    status: Tag | Chip
    theirs: bool = False
    named: bool = True  # whether `whose` is a name

    def __post_init__(self) -> None:
        never_late(self.theirs, self.status)


@dataclass(frozen=True, slots=True)
class Goal:
    """What the person wants, in their words, with its steps."""

    words: str
    steps: tuple[Step, ...]
    about: str = ""
    lang: str = ""  # of the words, where it is not the page's


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a list: a name, what of it, its state, and at most one thing to do."""

    name: str
    text: str = ""
    aside: str = ""
    status: Tag | Chip | None = None
    act: Act | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """A yes and where it stands. `stop` is the thread of its two phases: stopped, then in effect."""

    id: str
    agency: str
    knows: str = ""  # after the agency's name: "may know your plan."
    question: str = ""  # asked and not answered: stands instead of the agency
    lines: tuple[str, ...] = ()
    tag: Tag | None = None
    stop: tuple[Bead, ...] = ()


@dataclass(frozen=True, slots=True)
class Helper:
    """Somebody beside the person."""

    name: str
    what: str
    act: Act | None = None
    theirs: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    value: str | Tag | Chip


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its sentence, and what stands behind it."""

    number: str
    text: str
    what: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A message of a conversation; `mine` is the reader's own."""

    text: str
    when: str
    who: str
    mine: bool = False
    lang: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """The staff bar: where we are, who is signed in."""

    current: str = ""  # the path of the menu entry that this page belongs to
    who: str = ""
    agency: str = ""
    links: tuple[tuple[str, str], ...] = ()
    find: str = ""  # where the search posts its `q`; empty shows none
    own: str = ""  # where whoever is signed in looks after that; empty leads nowhere
    sign_out: str = ""  # where the sign-out form goes; empty shows none
