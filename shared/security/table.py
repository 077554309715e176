"""The permission table itself: one entry an action, the roles that may do it, and the relation each of them needs.

Adding an action is adding one entry here and running `./throughcare permissions write`. What is not written here is
not allowed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    PERSON = "person"
    CASE_MANAGER = "case_manager"
    MENTOR = "mentor"
    SUPERVISOR = "supervisor"
    AGENCY_ADMIN = "agency_admin"
    NETWORK_ADMIN = "network_admin"
    PARTNER_ENGINEER = "partner_engineer"
    OPS = "ops"
    AUDITOR = "auditor"
    ANYONE = "anyone"


ROLES: Mapping[Role, str] = {
    Role.PERSON: "whoever the network walks beside",
    Role.CASE_MANAGER: "the named worker, or a colleague of theirs",
    Role.MENTOR: "walks along; reads the plan of whom they mentor",
    Role.SUPERVISOR: "answers for a team, and covers for it",
    Role.AGENCY_ADMIN: "answers for an agency, its programs and what it was asked",
    Role.NETWORK_ADMIN: "the network's office: agencies and partners, no people",
    Role.PARTNER_ENGINEER: "runs an agency's own system",
    Role.OPS: "keeps it running: records by id, never their contents",
    Role.AUDITOR: "reads who did what; changes nothing",
    Role.ANYONE: "not signed in",
}


# Who walks with people: is named for them, covers and is covered for, keeps a colleague's word when that one leaves.
WALK = (Role.CASE_MANAGER, Role.SUPERVISOR)


class Relation(StrEnum):
    """What ties an actor to a row. Several may hold at once."""

    SELF = "self"
    NAMED_WORKER = "named_worker"
    SAME_AGENCY = "same_agency"
    RECEIVING_AGENCY = "receiving_agency"
    OPENED = "opened"
    ANY = "any"


RELATIONS: Mapping[Relation, str] = {
    Relation.SELF: "the row is about them",
    Relation.NAMED_WORKER: "the row names them or whom they cover for: its worker, its mentor, or who gave the promise",
    Relation.SAME_AGENCY: "their agency owns the row, or sent it",
    Relation.RECEIVING_AGENCY: "their agency is the one that was asked",
    Relation.OPENED: "they opened it themselves for a medical emergency, and its hour is not over",
    Relation.ANY: "nothing: every row",
}

Relations = frozenset[Relation]
SELF: Relations = frozenset({Relation.SELF})
NAMED: Relations = frozenset({Relation.NAMED_WORKER})
SAME: Relations = frozenset({Relation.SAME_AGENCY})
RECEIVING: Relations = frozenset({Relation.RECEIVING_AGENCY})
OPENED: Relations = frozenset({Relation.OPENED})
ANY: Relations = frozenset({Relation.ANY})


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the table. `behind` names the action that has to be allowed before a refusal may be admitted."""

    action: str
    says: str
    needs: Mapping[Role, Relations]
    behind: str | None = None

    @property
    def noun(self) -> str:
        return self.action.partition(".")[0].replace("_", " ")


def _entry(action: str, says: str, behind: str | None = None, /, **needs: Relations) -> Entry:
    return Entry(action, says, MappingProxyType({Role(role): relations for role, relations in needs.items()}), behind)


EVERY_WORKER = dict.fromkeys(("case_manager", "mentor", "supervisor", "agency_admin"), ANY)
STAFF = EVERY_WORKER | dict.fromkeys(("network_admin", "partner_engineer", "ops", "auditor"), ANY)
EVERYONE = STAFF | {"person": ANY, "anyone": ANY}
AT_RECEIVER = dict.fromkeys(("case_manager", "supervisor", "agency_admin"), RECEIVING)
WALKS_WITH = dict.fromkeys(("case_manager", "supervisor"), NAMED)  # a supervisor may cover, or walk with people too
# The supervisor of the agency too, where the named worker has stayed silent; what is said then is the workflow's.
STANDS_IN = {"case_manager": NAMED, "supervisor": NAMED | SAME}
COVERS = {"case_manager": NAMED, "supervisor": SAME, "agency_admin": SAME}  # who is away, or answers for them
ANSWERS_FOR = {"supervisor": SAME, "agency_admin": SAME}  # the privacy desk of an agency
MAKERS = dict.fromkeys(("case_manager", "mentor", "supervisor", "agency_admin"), NAMED)

# fmt: off
BY_SERVICE: Mapping[str, tuple[Entry, ...]] = {
    "every service": (
        _entry("public", "Open to everybody, signed in or not; discloses nothing about anybody", **EVERYONE),
    ),
    "intake": (
        _entry("directory.read", "Look through agencies, programs and opening hours", **EVERYONE),
        _entry("directory.import", "Load agencies and programs from a directory", network_admin=ANY, ops=ANY),
        _entry("agency.manage", "Change an agency's entry and opening hours", agency_admin=SAME, network_admin=ANY),
        _entry("program.manage", "Change what a program offers, to whom, and how much room it has",
               agency_admin=SAME, network_admin=ANY),
        _entry("account.list", "See who works here and may sign in", "account.list",
               agency_admin=SAME, network_admin=ANY),
        _entry("account.manage", "Invite a colleague, change what they do, and end their access",
               "account.list", agency_admin=SAME, network_admin=ANY),
        _entry("account.own", "Change one's own password, phone and recovery codes", **STAFF),
        _entry("leaving.people", "Hand over whom somebody walks with to a colleague", "leaving.people",
               supervisor=SAME, agency_admin=SAME, network_admin=ANY),
        _entry("cover.read", "See who covers for whom, from when to when", "cover.read",
               case_manager=NAMED | SAME, supervisor=SAME, agency_admin=SAME),
        _entry("cover.agree", "Say who covers for a colleague, or for oneself", "cover.read", **COVERS),
        _entry("cover.end", "End a cover before its time", "cover.read", **COVERS),
        _entry("person.refer_self", "Ask for help for oneself, or beside somebody who asks",
               anyone=ANY, person=ANY, **EVERY_WORKER),
        _entry("release_list.send", "Tell another agency of somebody whom it may ask; what comes of it is never told",
               case_manager=ANY, supervisor=ANY, agency_admin=ANY, partner_engineer=ANY),
        _entry("invitation.read", "See whom one's agency was told of, and may ask", "invitation.read",
               case_manager=SAME, supervisor=SAME),
        _entry("invitation.answer", "Give them a link, or write down their yes or no", "invitation.read",
               case_manager=SAME, supervisor=SAME),
        _entry("person.add", "Add somebody who asked a worker for help", **EVERY_WORKER),
        _entry("person.list", "See the people that one's agency, or oneself, walks beside", "person.list",
               case_manager=NAMED | SAME, mentor=NAMED, supervisor=NAMED | SAME),
        _entry("person.read", "Open somebody's page", "person.read",
               person=SELF, case_manager=NAMED | SAME, mentor=NAMED, supervisor=NAMED | SAME),
        _entry("person.name", "See by what name somebody goes", "person.name", person=SELF,
               case_manager=NAMED | SAME | RECEIVING, mentor=NAMED, supervisor=NAMED | SAME | RECEIVING,
               agency_admin=RECEIVING, partner_engineer=RECEIVING),
        _entry("person.reach", "See how somebody can be reached safely", "person.reach", person=SELF,
               case_manager=NAMED | SAME | RECEIVING, mentor=NAMED, supervisor=NAMED | SAME | RECEIVING,
               agency_admin=RECEIVING, partner_engineer=RECEIVING),
        _entry("person.edit", "Change what we know of somebody, and how to reach them safely", "person.read",
               person=SELF, **WALKS_WITH),
        _entry("first_days.read", "See somebody’s first days: the day, and what is arranged for it", "first_days.read",
               person=SELF, case_manager=NAMED | SAME, mentor=NAMED, supervisor=NAMED | SAME),
        _entry("first_days.write", "Write down, with them, the day, their supervision and what is arranged",
               "first_days.read", **WALKS_WITH),
        _entry("portrait.read", "Read what somebody told of who they are and what would help", "portrait.read",
               person=SELF, case_manager=NAMED | SAME | RECEIVING, mentor=NAMED,
               supervisor=NAMED | SAME | RECEIVING, agency_admin=RECEIVING),
        _entry("portrait.edit", "Write down what somebody told of that, or that they would rather not say",
               "portrait.read", person=SELF, case_manager=NAMED | SAME | RECEIVING,
               supervisor=NAMED | SAME | RECEIVING, agency_admin=RECEIVING),
        _entry("ways.read", "See every way to reach somebody, and what is safe about each", "person.reach",
               person=SELF, case_manager=NAMED | SAME, mentor=NAMED, supervisor=NAMED | SAME),
        _entry("ways.edit", "Change in which ways somebody is reached, and what is safe about each", "person.reach",
               person=SELF, **WALKS_WITH),
        _entry("pin.change", "Change the PIN that one came in by", "pin.change", person=SELF),
        _entry("way_in.read", "See whether somebody has a link and a PIN, and whether their number is held",
               "way_in.read", case_manager=NAMED | SAME, mentor=NAMED, supervisor=NAMED | SAME, agency_admin=SAME),
        _entry("way_in.make", "Give somebody a new link, having checked who they are; the old link and PIN end",
               "way_in.read", case_manager=NAMED | SAME, supervisor=NAMED | SAME),
        _entry("way_in.end", "End somebody's sessions and hold their number, because their phone is gone",
               "way_in.read", case_manager=NAMED | SAME, mentor=NAMED, supervisor=NAMED | SAME, agency_admin=SAME),
        _entry("person.assign", "Name the worker who walks with somebody", "person.read", supervisor=SAME),
        _entry("looks.read", "See who looked at somebody's record, and why", "person.read", person=SELF, auditor=ANY),
        _entry("disclosures.read", "See who was told what of somebody, and when", "person.read",
               person=SELF, auditor=ANY),
        _entry("consent.read", "See who may tell what to whom", "consent.read",
               person=SELF, case_manager=NAMED | SAME, supervisor=NAMED | SAME, auditor=ANY),
        _entry("consent.grant", "Allow that something is told to somebody, by the person", "consent.read",
               person=SELF),
        _entry("consent.record", "Write down a consent that the person signed in front of their worker",
               "consent.read", **WALKS_WITH),
        _entry("consent.ask", "Put a consent on the person's page as a question", "consent.read", **WALKS_WITH),
        _entry("consent.answer", "Answer such a question: the person, or their worker who writes it down",
               "consent.read", person=SELF, **WALKS_WITH),
        _entry("consent.revoke", "Stop it: by the person, or by their word to any worker", "consent.revoke",
               person=SELF, **EVERY_WORKER),
        _entry("consent.use", "Say that what may be told once was told", "consent.read", **WALKS_WITH),
        _entry("duplicate.read", "See which records of one's agency may be of one person, and why", "duplicate.read",
               case_manager=NAMED | SAME, supervisor=NAMED | SAME),
        _entry("duplicate.settle", "Say that two records of one's agency are of two people", "duplicate.read",
               case_manager=NAMED | SAME, supervisor=NAMED | SAME),
        _entry("link.read", "See which records a person said are theirs too", "link.read",
               person=SELF, case_manager=NAMED | SAME, supervisor=NAMED | SAME),
        _entry("link.make", "Write down that the person, who is there, said that two records are theirs",
               "duplicate.read", case_manager=NAMED, supervisor=NAMED | SAME),
        _entry("link.ask", "Ask at another agency that the person named, by their word", "link.read", **WALKS_WITH),
        _entry("link.answer", "Write down what the person said, asked whether they are helped elsewhere too",
               "link.read", case_manager=NAMED, supervisor=NAMED | SAME),
        _entry("link.end", "Say that two records are not one: the person, or whoever sees the mistake", "link.read",
               person=SELF, case_manager=NAMED | SAME, supervisor=NAMED | SAME),
        _entry("erasure.read", "See whether somebody asked to be erased, how far it is and what a law keeps",
               "erasure.read", person=SELF, case_manager=NAMED | SAME, supervisor=NAMED | SAME, agency_admin=SAME),
        _entry("erasure.ask", "Ask that all that is kept is erased: by the person, or by their word to a worker",
               "erasure.read", person=SELF, case_manager=NAMED | SAME, supervisor=NAMED | SAME),
        _entry("erasure.confirm", "Say that one knows that it was the person who asked to be erased", "erasure.read",
               case_manager=NAMED | SAME, supervisor=NAMED | SAME),
        _entry("erasure.take_back", "Take that back in time: by the person, or by their word to a worker",
               "erasure.read", person=SELF, case_manager=NAMED | SAME, supervisor=NAMED | SAME),
        _entry("hold.set", "Say what a law makes one's agency keep of somebody, until when, or no longer",
               "hold.set", supervisor=SAME, agency_admin=SAME),
        _entry("never.read", "See whom somebody never lets look", "never.read", person=SELF),
        _entry("never.say", "Never let an agency look, whatever anybody allows; or take that back", "never.read",
               person=SELF),
        _entry("emergency.open", "Open somebody's record for a medical emergency, unless they said never",
               case_manager=ANY, supervisor=ANY),
        _entry("emergency.read", "Read for an hour what one opened so: the least that whoever treats them needs",
               "emergency.read", case_manager=OPENED, supervisor=OPENED),
        _entry("desk.read", "See what was opened in emergencies, and what was tried, of one's agency's people",
               "desk.read", **ANSWERS_FOR),
        _entry("demand.record", "Write down that somebody demands a person's record by law; it is held",
               "desk.read", **ANSWERS_FOR),
        _entry("demand.decide", "Write down what one's agency's counsel decided about it", "desk.read", **ANSWERS_FOR),
        _entry("incident.close", "Say what one found of two records that were linked and are two people's",
               "desk.read", **ANSWERS_FOR),
        _entry("desk.review", "Say whether it was opened in good faith", "desk.read", **ANSWERS_FOR),
    ),
    "caseplan": (
        _entry("today.read", "See what waits for oneself today", "today.read",
               case_manager=NAMED | SAME, mentor=NAMED, supervisor=NAMED | SAME, agency_admin=SAME | RECEIVING),
        _entry("mine.read", "See one's own page: plan, people, what is shared", "mine.read", person=SELF),
        _entry("plan.read", "Read a plan", "plan.read",
               person=SELF, case_manager=NAMED | SAME, mentor=NAMED, supervisor=NAMED | SAME),
        _entry("plan.draft", "Propose a plan, or a new version of one", "plan.read", person=SELF, **STANDS_IN),
        _entry("plan.sign", "Sign a plan; it is active when both sides have", "plan.read",
               person=SELF, **STANDS_IN),
        _entry("plan.too_much", "Say that a plan asks too much at once", "plan.read",
               person=SELF, mentor=NAMED, **WALKS_WITH),
        _entry("step.mark", "Say that a step is done, or move it", "plan.read",
               person=SELF, mentor=NAMED, **WALKS_WITH),
        _entry("promise.read", "See what was promised, and whether it was kept", "promise.read",
               person=SELF, case_manager=NAMED | SAME, mentor=NAMED,
               supervisor=NAMED | SAME, agency_admin=NAMED | SAME),
        _entry("promise.make", "Promise somebody something by a time", "promise.make",
               case_manager=NAMED | SAME, mentor=NAMED, supervisor=NAMED | SAME, agency_admin=SAME | RECEIVING),
        _entry("promise.keep", "Say that one's promise is kept", "promise.read", **MAKERS),
        _entry("promise.break", "Say openly that one's promise was not kept", "promise.read", **MAKERS),
        _entry("promise.renegotiate", "Agree on another time for one's promise", "promise.read",
               person=SELF, **MAKERS),
        _entry("promise.answer", "Say whether a promise was kept to oneself", "promise.read", person=SELF),
        _entry("referral.list", "See the referrals one's agency sent or was asked", "referral.list",
               case_manager=NAMED | SAME | RECEIVING, mentor=NAMED,
               supervisor=NAMED | SAME | RECEIVING, agency_admin=SAME | RECEIVING),
        _entry("referral.read", "Read a referral and its history", "referral.read",
               person=SELF, case_manager=NAMED | SAME | RECEIVING, mentor=NAMED,
               supervisor=NAMED | SAME | RECEIVING, agency_admin=SAME | RECEIVING),
        _entry("referral.detail", "Fetch what the person agreed to tell the agency that was asked", "referral.detail",
               case_manager=RECEIVING, supervisor=RECEIVING, agency_admin=RECEIVING, partner_engineer=RECEIVING),
        _entry("referral.send", "Ask a program to help, as the person chose", "person.read",
               person=SELF, case_manager=NAMED | SAME, supervisor=SAME),
        _entry("referral.choose", "Choose the next program that was offered", "referral.read",
               person=SELF, case_manager=NAMED),
        _entry("referral.answer", "Accept, put on the waiting list, or decline", "referral.read", **AT_RECEIVER),
        _entry("referral.record_answer", "Write down an answer that came by phone", "referral.read",
               case_manager=NAMED | SAME, supervisor=SAME),
        _entry("referral.progress", "Say that contact was tried, has begun, waits or goes on", "referral.read",
               **AT_RECEIVER),
        _entry("referral.report", "Say how it ended, as the agency that was asked", "referral.read", **AT_RECEIVER),
        _entry("referral.record_word", "Write down what the person told a worker about how it ended", "referral.read",
               mentor=NAMED, **WALKS_WITH),
        _entry("referral.confirm", "Say that it ended as reported", "referral.read", person=SELF),
        _entry("referral.dispute", "Say that it did not end as reported", "referral.read", person=SELF),
        _entry("referral.withdraw", "Take a referral back", "referral.read",
               person=SELF, case_manager=NAMED | SAME, supervisor=SAME),
        _entry("referral.reopen", "Open a referral again", "referral.read", person=SELF, case_manager=NAMED | SAME),
        _entry("referral.mend", "Mark a referral as entered by mistake", "referral.read",
               case_manager=NAMED | SAME, supervisor=SAME),
        _entry("setback.read", "Read what the person said got hard", "setback.read", person=SELF, **WALKS_WITH),
        _entry("setback.report", "Say that something got hard", "person.read", person=SELF),
        _entry("setback.answer", "Reach the person as the human who was promised", "setback.read",
               **WALKS_WITH),
        _entry("setback.reflect", "Look together at what would help", "setback.read",
               person=SELF, **WALKS_WITH),
        _entry("setback.settle", "Say that support is in place", "setback.read", person=SELF, **WALKS_WITH),
        _entry("setback.share", "Let one more party know of exactly this setback", "setback.read", person=SELF),
        _entry("setback.cover", "Take over where the named worker does not answer", "setback.cover",
               supervisor=SAME),
        _entry("leaving.read", "See in counts what somebody who works here, or left, still holds", "leaving.read",
               supervisor=SAME, agency_admin=SAME),
        _entry("leaving.hand_over", "Hand over what they promised and held to colleagues", "leaving.read",
               supervisor=SAME, agency_admin=SAME),
        _entry("concern.raise", "Tell the named worker privately of a worry about somebody", "concern.raise", **{
            "case_manager": SAME | RECEIVING | NAMED, "mentor": NAMED,
            "supervisor": SAME | RECEIVING, "agency_admin": SAME | RECEIVING}),
        _entry("concern.read", "Read a private concern", "concern.read", **WALKS_WITH),
        _entry("concern.settle", "Close a private concern, or ask the person about it", "concern.read",
               **WALKS_WITH),
    ),
    "notifications": (
        _entry("message.read", "Read messages to and from somebody", "message.read",
               person=SELF, mentor=NAMED, **WALKS_WITH),
        _entry("partner.read", "See how an agency's own system is connected",
               partner_engineer=SAME, agency_admin=SAME, network_admin=ANY, ops=ANY, auditor=ANY),
        _entry("partner.manage", "Connect an agency's own system, rotate its credentials, pause or remove it",
               partner_engineer=SAME, network_admin=ANY, ops=ANY),
        _entry("partner.agree", "Record the agreement under which real people's records may reach a partner",
               network_admin=ANY),
    ),
    "reporting": (
        _entry("report.read", "See how the network keeps its word: counts, no people", **STAFF),
    ),
}
# fmt: on
TABLE: Mapping[str, Entry] = MappingProxyType(
    {entry.action: entry for entries in BY_SERVICE.values() for entry in entries}
)

# Where a role may do these to every row, its transaction reaches every agency's: row-level security follows this table.
# What else needs no relation (the directory, a first form) touches nobody's rows but those that it makes.
ACROSS_AGENCIES = frozenset({
    "account.list", "account.manage", "leaving.people", "looks.read", "disclosures.read", "consent.read",
    "consent.revoke", "partner.read", "partner.manage", "partner.agree", "report.read",
})  # fmt: skip

# What answers behind the second PIN. All else is not there; and what is drawn from rows finds none (edge.py, reach_of).
# The last five write beside the record (services/intake/pretending.py): a press that was refused would tell.
HARMLESS = frozenset({
    "public", "directory.read", "person.refer_self", "mine.read", "person.name", "consent.read", "looks.read",
    "message.read", "disclosures.read", "erasure.read", "never.read", "link.read", "portrait.read", "ways.read",
    "first_days.read",
    "pin.change", "erasure.ask", "erasure.take_back", "never.say", "portrait.edit", "ways.edit",
})  # fmt: skip

# Routes that are no functions of ours (mounted files, generated documents), by their path's pattern: `*` is one part.
PUBLIC_PATHS: Mapping[str, str] = {
    "/healthz": "whether the process runs",
    "/readyz": "whether it can serve",
    "/metrics": "counts and ages, never ids; the front port does not serve it",
    "/*/static": "style sheet, script, icons",
    "/*/openapi.json": "what the interface is",
    "/*/asyncapi.json": "which events there are",
    "/*/styleguide": "the parts of pages, with invented people; in the demo only",
    "/*/styleguide/*": "the same",
}
