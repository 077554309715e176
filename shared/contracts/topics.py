"""The topics: one per aggregate family, written by one service, kept for ever; and the streams of each partner.

Twelve partitions from the start, since adding one later breaks the order of facts already written.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

PARTITIONS = 12
KEPT_FOR_EVER = {"retention.ms": "-1", "retention.bytes": "-1", "cleanup.policy": "delete"}
HOUR = 3_600_000  # milliseconds
# What a partner has not read is gone after 72 hours, at most one segment later; a person's page says so.
KEPT_72_HOURS = {"retention.ms": str(72 * HOUR), "segment.ms": str(HOUR), "cleanup.policy": "delete"}
KEPT_A_WEEK = {"retention.ms": str(7 * 24 * HOUR), "segment.ms": str(24 * HOUR), "cleanup.policy": "delete"}


@dataclass(frozen=True, slots=True)
class Topic:
    """`owner` is the only one that may write it; `says` is the sentence that its documents open with.

    `subject` is the aggregate whose events are counted without gaps, `key` what keeps them on one partition. `public`
    facts are those of agencies and programs: only they may carry names and telephone numbers.
    """

    name: str
    owner: str
    says: str
    partitions: int = PARTITIONS
    config: Mapping[str, str] = field(default_factory=lambda: dict(KEPT_FOR_EVER))
    subject: str = ""
    key: str = ""
    public: bool = False

    @property
    def family(self) -> str:
        """`referral` of `throughcare.referral.v1`."""
        return self.name.split(".")[-2]


SERVICES = ("intake", "caseplan", "notifications", "reporting")


def _family(name: str, owner: str, subject: str, key: str, says: str, *, public: bool = False) -> Topic:
    return Topic(f"throughcare.{name}.v1", owner, says, subject=subject, key=key, public=public)


FAMILIES = (
    _family(
        "agency",
        "intake",
        "the agency",
        "the agency",
        "Agencies of the network and their opening hours. Public facts.",
        public=True,
    ),
    _family(
        "program",
        "intake",
        "the program",
        "its agency",
        "Programs that agencies offer. Public facts.",
        public=True,
    ),
    _family(
        "account",
        "intake",
        "the account, or the session that ended",
        "the same",
        "Staff accounts by id and role, who left, and which sessions ended.",
    ),
    _family("person", "intake", "the person", "the person", "People the network walks beside, by id only."),
    _family(
        "portrait",
        "intake",
        "the person",
        "the person",
        "What people told of who they are: which questions, never what they said.",
    ),
    _family(
        "need",
        "intake",
        "the person",
        "the person",
        "What people say would help, as it stands after each time that they told it.",
    ),
    _family(
        "consent",
        "intake",
        "the consent",
        "the person",
        "Who may tell what to whom, why and until when; granted and revoked.",
    ),
    _family("plan", "caseplan", "the plan", "the person", "Plans that both sides sign; each change a version."),
    _family(
        "promise",
        "caseplan",
        "the promise",
        "the person",
        "What staff said they would do, by when, and whether it was kept.",
    ),
    _family("referral", "caseplan", "the referral", "the person", "One need, one program, an owner and a clock."),
    _family("setback", "caseplan", "the setback", "the person", "Something got hard, so support opened."),
    _family(
        "message",
        "notifications",
        "the message",
        "the person, or the agency where it is for staff",
        "Messages to people and staff: decided, sent, held, and why.",
    ),
    _family(
        "delivery",
        "notifications",
        "the referral or setback it is about",
        "the person",
        "What an agency's own system acknowledged, or what was withheld from it, and why.",
    ),
    _family(
        "partner",
        "notifications",
        "the partner",
        "its agency",
        "Partner systems, their agreements and their state.",
    ),
    _family(
        "answer",
        "notifications",
        "the referral that was answered",
        "the person",
        "Answers that partner agencies gave, checked and attributed.",
    ),
)
CHANNELS = {
    "dlq": (
        "the partition it stands on, `topic/partition`",
        "that topic",
        "Records this service has parked, announced by id and reason.",
    ),
    "control": (
        "what is missing, `topic/subject`; of anchors `audit/service`",
        "that subject; of anchors the service",
        "Repairs this service asks for, its answers to repairs asked of it, and where the chain of its audit stands.",
    ),
    "halted": (
        "the consent; of somebody forgotten the person",
        "the person",
        "Confirmations that this service discloses nothing more under a revoked consent, or holds nothing of somebody.",
    ),
}
SIDE_CHANNELS = tuple(
    Topic(f"throughcare.{service}.{channel}.v1", service, says, subject=subject, key=key)
    for service in SERVICES
    for channel, (subject, key, says) in CHANNELS.items()
)
TOPICS: tuple[Topic, ...] = FAMILIES + SIDE_CHANNELS
BY_NAME: Mapping[str, Topic] = {topic.name: topic for topic in TOPICS}


def _stream(
    slug: str, name: str, says: str, owner: str = "notifications", kept: Mapping[str, str] = KEPT_72_HOURS
) -> Topic:
    return Topic(f"partner.{slug}.{name}.v1", owner, says, 1, dict(kept), "the partner's own reference", "the partner")


def partner_topics(slug: str) -> tuple[Topic, Topic, Topic, Topic]:
    """A partner's streams and receipts, which it reads, and its answers, the only topic that it may write."""
    return (
        _stream(slug, "referral", "Referrals that people agreed to share with this partner, and nothing else."),
        _stream(slug, "setback", "Setbacks that people chose to share with this partner, one by one."),
        _stream(slug, "receipt", "What became of this partner's answers, one by one.", kept=KEPT_A_WEEK),
        _stream(
            slug,
            "answer",
            "This partner's answers. Each gets a receipt; send again until it has come.",
            slug,
            KEPT_A_WEEK,
        ),
    )


PARTNER_TOPICS = partner_topics("{slug}")
"""The same for no partner in particular: what documents describe."""


def _named(*families: str) -> tuple[str, ...]:
    return tuple(f"throughcare.{family}.v1" for family in families)


_HALTED = tuple(f"throughcare.{service}.halted.v1" for service in SERVICES)
_CONTROL = tuple(f"throughcare.{service}.control.v1" for service in SERVICES)
LISTENS: Mapping[str, tuple[str, ...]] = {
    "intake": (*_named("referral", "plan", "answer"), *_HALTED, *_CONTROL),
    "caseplan": (
        *_named("account", "agency", "program", "person", "consent", "partner", "answer", "delivery"),
        *_CONTROL,
    ),
    "notifications": (
        *_named("account", "agency", "person", "consent", "referral", "setback"),
        PARTNER_TOPICS[-1].name,
        *_CONTROL,
    ),
    "reporting": tuple(topic.name for topic in TOPICS),
}
"""What each service reads. Everyone hears the control topics: whose repair is asked for is in the request."""
