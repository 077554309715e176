"""Promise P4 as one question, asked of random histories beside a second answer that was made slow and plain."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from services.intake.consents import Consent, Stage, Terms
from services.intake.consents.telling import (
    Confirmed,
    Ended,
    Given,
    Matter,
    Never,
    One,
    Renewed,
    Used,
    Word,
    may_tell,
)

ZONE = "America/New_York"
MORNING = datetime(2026, 11, 23, 14, tzinfo=UTC)
TODAY = date(2026, 11, 23)
RECORDS = tuple(UUID(int=number) for number in range(1, 5))
HOME, CEDAR, LANTERN = (UUID(int=number) for number in (11, 12, 13))
SETBACK = UUID(int=21)
ME, OTHER, THIRD, _ = RECORDS
HOUSING = Terms(HOME, CEDAR, frozenset({"referral", "contact"}), "referral", TODAY + timedelta(days=90), zone=ZONE)
REFERRAL = Matter(ME, HOME, CEDAR, frozenset({"referral"}))


# --- the second answer ---


def plain_answer(history, matter, at):
    """Walks the whole history anew for every yes and every moment. Keeps no state between two looks."""
    history = [fact for fact in history if fact.at <= at]
    if kept_out(history, matter.record, matter.recipient):
        return Word.NEVER
    yeses, seen = [], set()
    for place, fact in enumerate(history):
        if isinstance(fact, Given) and fact.consent.id not in seen:
            seen.add(fact.consent.id)
            yeses.append((place, fact.consent))
    fitting = [(place, yes) for place, yes in yeses if fits(yes, matter)]
    if any(stands(history, place, yes, at) for place, yes in fitting):
        return Word.YES
    return Word.ENDED if fitting else Word.NO


def fits(yes, matter):
    terms = yes.terms
    same_people = [yes.person, terms.discloser, terms.recipient] == [matter.record, matter.discloser, matter.recipient]
    return same_people and not (matter.categories - terms.categories) and terms.setback == matter.setback


def stands(history, place, yes, at):
    if any(isinstance(fact, Ended) and fact.consent == yes.id for fact in history[:place]):
        return False
    last, by = yes.terms.expires_on, yes.confirm_by
    for now in range(place, len(history)):
        fact = history[now]
        if kept_out(history[: now + 1], yes.person, yes.terms.recipient):
            return False
        if now == place:
            continue
        if is_past(fact.at, last, by, yes.terms.zone):
            return False
        if getattr(fact, "consent", None) != yes.id:
            continue
        if isinstance(fact, Ended) or (isinstance(fact, Used) and "supervision" in yes.terms.categories):
            return False
        if isinstance(fact, Confirmed):
            by = None
        if isinstance(fact, Renewed) and "supervision" not in yes.terms.categories and not yes.terms.setback:
            last, by = fact.until, None
    return not is_past(at, last, by, yes.terms.zone)


def is_past(moment, last, by, zone):
    day = moment.astimezone(ZoneInfo(zone)).date()
    return day > last or (by is not None and day > by)


def kept_out(history, record, agency):
    """Whether any record that is theirs keeps that agency out, by the last word on each."""
    pairs, closed = {}, {}
    for fact in history:
        if isinstance(fact, One):
            pairs[frozenset({fact.record, fact.other})] = not fact.apart
        if isinstance(fact, Never):
            closed[fact.record, fact.agency] = not fact.again
    theirs = {record}
    for _ in RECORDS:
        theirs |= {one for pair, is_one in pairs.items() if is_one and pair & theirs for one in pair}
    return any(closed.get((one, agency)) for one in theirs)


# --- random histories ---


TERMS = st.builds(
    Terms,
    discloser=st.just(HOME),
    recipient=st.sampled_from([CEDAR, LANTERN]),
    categories=st.sampled_from([{"referral"}, {"referral", "contact"}, {"substance_use", "referral"}]).map(frozenset),
    purpose=st.just("referral"),
    expires_on=st.integers(0, 40).map(lambda days: TODAY + timedelta(days=days)),
    zone=st.sampled_from([ZONE, "Pacific/Auckland"]),
)
SPECIAL = st.sampled_from(
    [
        replace(HOUSING, categories=frozenset({"supervision"}), purpose="reporting_to_court"),
        replace(HOUSING, categories=frozenset({"setback"}), setback=SETBACK),
    ]
)
MATTERS = [
    Matter(record, HOME, agency, frozenset(categories), setback)
    for record in RECORDS
    for agency in (CEDAR, LANTERN)
    for categories, setback in (
        ({"referral"}, None), ({"referral", "contact"}, None), ({"substance_use"}, None), ({"supervision"}, None),
        ({"setback"}, SETBACK), ({"setback"}, None),
    )
]  # fmt: skip


class Histories(RuleBasedStateMachine):
    """Grants, confirmations, renewals, ends, single uses, nevers, links and un-links, in any order and at any time."""

    yeses = Bundle("yeses")

    @initialize()
    def begin(self):
        self.history, self.now, self.count = [], MORNING, 100

    def say(self, fact):
        self.history.append(fact)

    @rule(hours=st.integers(0, 24 * 12))
    def time_passes(self, hours):
        self.now += timedelta(hours=hours)

    @rule(target=yeses, record=st.sampled_from(RECORDS), terms=TERMS | SPECIAL, days=st.none() | st.integers(0, 30))
    def they_say_yes(self, record, terms, days):
        self.count += 1
        stage, by = Stage.CONFIRMED, None
        if days is not None:
            stage, by = Stage.GRANTED, self.now.date() + timedelta(days=days)
        self.say(Given(self.now, Consent(UUID(int=self.count), record, terms, stage, confirm_by=by)))
        return self.history[-1].consent

    @rule(yes=yeses)
    def the_yes_arrives_again(self, yes):
        self.say(Given(self.now, yes))

    @rule(yes=yeses)
    def they_confirm(self, yes):
        self.say(Confirmed(self.now, yes.id))

    @rule(yes=yeses, days=st.integers(0, 60))
    def they_let_it_go_on(self, yes, days):
        self.say(Renewed(self.now, yes.id, self.now.date() + timedelta(days=days)))

    @rule(yes=yeses)
    def it_is_used(self, yes):
        self.say(Used(self.now, yes.id))

    @rule(yes=consumes(yeses))
    def they_take_it_back(self, yes):
        self.say(Ended(self.now, yes.id))

    @rule(record=st.sampled_from(RECORDS), terms=TERMS)
    def its_end_arrives_before_it(self, record, terms):
        self.count += 1
        self.say(Ended(self.now, UUID(int=self.count)))
        self.say(Given(self.now, Consent(UUID(int=self.count), record, terms, Stage.CONFIRMED)))

    @rule(record=st.sampled_from(RECORDS), agency=st.sampled_from([CEDAR, LANTERN]), again=st.booleans())
    def they_say_never(self, record, agency, again):
        self.say(Never(self.now, record, agency, again))

    @rule(record=st.sampled_from(RECORDS), other=st.sampled_from(RECORDS), apart=st.booleans())
    def two_records_are_one(self, record, other, apart):
        self.say(One(self.now, record, other, apart))

    @invariant()
    def both_answers_agree_now_and_of_any_moment_before(self):
        if not hasattr(self, "history"):
            return
        moments = {self.now, self.now + timedelta(days=20), *(fact.at for fact in self.history[-2:])}
        for at in moments:
            for matter in MATTERS:
                assert may_tell(self.history, matter, at) is plain_answer(self.history, matter, at), (matter, at)


Histories.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestHistories = Histories.TestCase


# --- the rules by themselves ---


@dataclass
class Story:
    """What was said so far, an hour after each other."""

    history: list
    now: datetime = MORNING

    def then(self, make, *values, **more):
        self.now += timedelta(hours=1)
        self.history.append(make(self.now, *values, **more))
        return self

    def word(self, matter=REFERRAL, *, later=timedelta()):
        return may_tell(self.history, matter, self.now + later)


@pytest.fixture
def story():
    return Story([]).then(Given, Consent(UUID(int=100), ME, HOUSING, Stage.CONFIRMED))


def test_a_yes_is_a_yes_to_what_it_names_and_to_nobody_else(story):
    assert story.word() is Word.YES
    for matter in (
        replace(REFERRAL, recipient=LANTERN),
        replace(REFERRAL, discloser=LANTERN),
        replace(REFERRAL, record=OTHER),
        replace(REFERRAL, categories=frozenset({"referral", "health"})),
        replace(REFERRAL, setback=SETBACK),
    ):
        assert story.word(matter) is Word.NO


def test_never_beats_a_yes_that_is_said_after_it_and_taking_it_back_raises_nothing(story):
    story.then(Never, ME, CEDAR)
    assert story.word() is Word.NEVER
    story.then(Given, Consent(UUID(int=101), ME, HOUSING, Stage.CONFIRMED)).then(Confirmed, UUID(int=100))
    story.then(Renewed, UUID(int=100), TODAY + timedelta(days=300))
    assert story.word() is Word.NEVER
    assert story.then(Never, ME, CEDAR, again=True).word() is Word.ENDED
    assert story.then(Given, Consent(UUID(int=102), ME, HOUSING, Stage.CONFIRMED)).word() is Word.YES


def test_a_no_travels_over_a_link_and_a_yes_does_not(story):
    story.then(One, ME, OTHER).then(One, OTHER, THIRD)
    assert story.word(replace(REFERRAL, record=OTHER)) is Word.NO
    story.then(Never, THIRD, CEDAR)
    assert {story.word(replace(REFERRAL, record=record)) for record in (ME, OTHER, THIRD)} == {Word.NEVER}


def test_unlinked_each_record_keeps_what_was_said_of_it_and_what_ended_stays_so(story):
    story.then(Never, OTHER, CEDAR).then(One, OTHER, ME)
    assert story.word() is Word.NEVER
    assert story.then(One, ME, OTHER, apart=True).word() is Word.ENDED
    assert story.word(replace(REFERRAL, record=OTHER)) is Word.NEVER


def test_what_is_used_once_is_over_and_what_is_not_goes_on(story):
    court = replace(HOUSING, categories=frozenset({"supervision"}))
    asked = Matter(ME, HOME, CEDAR, frozenset({"supervision"}))
    story.then(Given, Consent(UUID(int=101), ME, court, Stage.CONFIRMED))
    assert story.word(asked) is Word.YES
    story.then(Used, UUID(int=101)).then(Used, UUID(int=100))
    assert (story.word(asked), story.word()) == (Word.ENDED, Word.YES)


@pytest.mark.parametrize(("days", "word"), [(90, Word.YES), (91, Word.ENDED)])
def test_it_holds_through_its_last_day(story, days, word):
    assert story.word(later=timedelta(days=days)) is word


def test_intakes_yes_is_over_after_its_thirty_days_unless_it_is_said_again_in_time(story):
    unsaid = Consent(UUID(int=101), OTHER, HOUSING, Stage.GRANTED, confirm_by=TODAY + timedelta(days=30))
    asked = replace(REFERRAL, record=OTHER)
    story.then(Given, unsaid)
    assert (story.word(asked), story.word(asked, later=timedelta(days=31))) == (Word.YES, Word.ENDED)
    story.now += timedelta(days=31)
    assert story.then(Confirmed, unsaid.id).word(asked) is Word.ENDED
