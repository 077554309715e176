"""Promise P4 begins here: nothing is told without the person's live consent, and it ends when they say so."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake import consents
from services.intake.consents import DISCLOSING, MOVES, WORKFLOW, Consent, Stage, Terms, decide, is_live
from shared.contracts import consent as events
from shared.contracts.data import decode_data, encode_data
from shared.contracts.parties import Party, Way
from shared.runtime.errors import Invalid
from shared.workflow import CLOCK, NETWORK, By, GuardNotMet, Hours, Timer, Until

ID, PERSON, WORKER, HOME, AGENCY, SETBACK = (UUID(int=number) for number in range(1, 7))
TODAY = date(2026, 11, 22)
FEBRUARY = date(2027, 2, 20)
PATIENCE = consents.Patience()
HOUSING = Terms(HOME, AGENCY, frozenset({"referral"}), "referral", FEBRUARY)
COURT = Terms(HOME, AGENCY, frozenset({"supervision"}), "reporting_to_court", FEBRUARY)
ONE_SETBACK = Terms(HOME, AGENCY, frozenset({"setback"}), "support_after_setback", FEBRUARY, setback=SETBACK)

PERSON_SAYS = By(Party.PERSON, PERSON)
BY_PHONE = By(Party.PERSON, PERSON, Way.PHONE, WORKER)
BESIDE = By(Party.PERSON, PERSON, Way.IN_PERSON, WORKER)
BY_SMS = By(Party.PERSON, PERSON, Way.SMS)
BESIDE_THEM = By(Party.WORKER, WORKER)
BY = {Party.PERSON: PERSON_SAYS, Party.WORKER: BESIDE_THEM, Party.NETWORK: NETWORK, Party.CLOCK: CLOCK}
SAY = {
    "grant": consents.Grant(TODAY, shown=True, in_private=True),
    "sign": consents.Sign(TODAY, shown=True),
    "confirm": consents.Confirm(TODAY, in_private=True),
    "renew": consents.Renew(TODAY, TODAY + timedelta(days=200), shown=True, in_private=True),
    "halt": consents.Halt("caseplan"),
}
ROWS = [(stage, verb, party) for stage, verb, move in WORKFLOW.rows() for party in move.by]
LIVE = (Stage.GRANTED, Stage.CONFIRMED)


def a_consent(stage=Stage.ASKED, terms=HOUSING, **changes):
    left = {
        Stage.GRANTED: {"granted_on": TODAY, "confirm_by": TODAY + timedelta(days=30), "given": "in_person"},
        Stage.CONFIRMED: {"granted_on": TODAY, "given": "page"},
    }
    return replace(Consent(ID, PERSON, terms, stage), **left.get(stage, {}) | changes)


def say(verb):
    return SAY.get(verb) or consents.COMMANDS[verb]()


@given(st.data())
def test_on_every_path_what_is_open_has_one_clock_and_events_that_any_reader_reads(data):
    terms = data.draw(st.sampled_from([HOUSING, COURT, ONE_SETBACK]))
    asked = consents.ask(a_consent(terms=terms), TODAY, PATIENCE)
    consent, live = asked.state, {timer.kind: timer.patience for timer in asked.timers}
    for _ in range(data.draw(st.integers(1, 10))):
        rows = [(verb, party) for party in BY for verb in consents.offers(consent, party)]
        if not rows:
            break
        verb, party = data.draw(st.sampled_from(rows))
        try:
            consent, happened, timers = decide(consent, say(verb), BY[party], PATIENCE)
        except GuardNotMet:
            continue
        live |= {timer.kind: timer.patience for timer in timers}
        assert (live["consent.lapse"] is not None) == WORKFLOW.is_open(consent.stage)
        for event in happened:
            assert (event.consent, event.person) == (ID, PERSON)
            assert decode_data(event.type, encode_data(event)) == event


@pytest.mark.parametrize(("stage", "verb", "party"), ROWS)
def test_every_row_leads_where_the_table_says(stage, verb, party):
    consent = a_consent(stage, terms=HOUSING if verb == "renew" else COURT, halted=DISCLOSING)
    assert decide(consent, say(verb), BY[party], PATIENCE).state.stage is MOVES[stage][verb].to


def test_everything_that_can_be_said_has_a_row():
    assert set(consents.COMMANDS) == {verb for _, verb, _ in WORKFLOW.rows()}


# --- asking ---


def test_nobody_hears_that_the_person_was_asked_or_said_not_now():
    asked = consents.ask(a_consent(), TODAY, PATIENCE)
    assert asked.events == ()
    for command, by in ((consents.NotNow(), PERSON_SAYS), (consents.Lapse(), CLOCK)):
        state, happened, _ = decide(asked.state, command, by, PATIENCE)
        assert (state.stage, happened) == (Stage.NOT_NOW, ())


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (replace(HOUSING, categories=frozenset()), "categories"),
        (replace(HOUSING, recipient=HOME), "recipient"),
        (replace(HOUSING, expires_on=TODAY - timedelta(days=1)), "expires_on"),
        (replace(HOUSING, expires_on=TODAY + timedelta(days=366)), "expires_on"),
        (replace(ONE_SETBACK, setback=None), "setback"),
        (replace(HOUSING, setback=SETBACK), "setback"),
        (replace(ONE_SETBACK, categories=frozenset({"setback", "referral"})), "categories"),
        (replace(COURT, categories=frozenset({"supervision", "plan"})), "categories"),
    ],
)
def test_what_may_not_be_asked_for_is_refused_by_its_field(terms, field):
    with pytest.raises(Invalid) as refused:
        consents.ask(a_consent(terms=terms), TODAY, PATIENCE)
    assert refused.value.field == field


def test_supervision_is_never_asked_for_at_intake_and_is_good_for_once():
    with pytest.raises(Invalid, match="never asked for at intake"):
        consents.ask(a_consent(terms=COURT), TODAY, PATIENCE, at_intake=True)
    granted = decide(a_consent(terms=COURT), say("grant"), PERSON_SAYS, PATIENCE)
    assert granted.events[0].once
    used, [event], _ = decide(granted.state, consents.Use(), BESIDE_THEM, PATIENCE)
    assert (used.stage, event.reason) == (Stage.LAPSED, "used")
    with pytest.raises(GuardNotMet):
        decide(a_consent(Stage.CONFIRMED), consents.Use(), BESIDE_THEM, PATIENCE)


# --- saying yes ---


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("party", [Party.WORKER, Party.SUPERVISOR, Party.AGENCY, Party.LEAD])
def test_nobody_says_yes_or_no_in_the_persons_place(stage, party):
    assert consents.offers(a_consent(stage), party).keys() <= {"use"}, "that it was told, which is their own deed"


@pytest.mark.parametrize("by", [BY_PHONE, BY_SMS])
@pytest.mark.parametrize("verb", ["grant", "sign", "confirm"])
def test_a_phone_number_proves_nobody(by, verb):
    stage = Stage.GRANTED if verb == "confirm" else Stage.ASKED
    with pytest.raises(GuardNotMet, match="proves nobody"):
        decide(a_consent(stage), say(verb), by, PATIENCE)
    assert decide(a_consent(stage), say(verb), BESIDE, PATIENCE)


@pytest.mark.parametrize(
    "command", [consents.Grant(TODAY, shown=False, in_private=True), consents.Sign(TODAY, shown=False)]
)
def test_what_follows_from_a_yes_and_from_a_no_is_shown_first(command):
    with pytest.raises(GuardNotMet, match="Show first"):
        decide(a_consent(), command, PERSON_SAYS, PATIENCE)


def test_what_is_signed_at_intake_lapses_after_thirty_days():
    state, [event], [clock] = decide(a_consent(), say("sign"), BESIDE, PATIENCE)
    assert (event.confirmed, event.confirm_by) == (False, date(2026, 12, 22))
    assert clock == Timer("consent.lapse", ID, Until(datetime(2026, 12, 23, 5, tzinfo=UTC)))
    lapsed, [over], _ = decide(state, consents.Lapse(), CLOCK, PATIENCE)
    assert (lapsed.stage, over.reason) == (Stage.LAPSED, "not_confirmed")


def test_said_again_in_private_it_holds_until_its_last_day():
    with pytest.raises(GuardNotMet, match="nobody else listens"):
        decide(a_consent(Stage.GRANTED), consents.Confirm(TODAY, in_private=False), BESIDE, PATIENCE)
    state, [event], [clock] = decide(a_consent(Stage.GRANTED), say("confirm"), PERSON_SAYS, PATIENCE)
    assert (state.stage, event.given) == (Stage.CONFIRMED, "page")
    assert clock.patience == Until(datetime(2027, 2, 21, 5, tzinfo=UTC))


def test_a_yes_in_private_needs_no_second_one():
    state, [event], _ = decide(a_consent(), say("grant"), PERSON_SAYS, PATIENCE)
    assert (state.stage, event.confirmed, event.confirm_by) == (Stage.CONFIRMED, True, None)
    assert (event.discloser, event.recipient, event.categories) == (HOME, AGENCY, ("referral",))


def test_a_consent_that_ends_before_it_had_to_be_confirmed_has_expired():
    soon = replace(HOUSING, expires_on=TODAY + timedelta(days=3))
    [event] = decide(a_consent(Stage.GRANTED, terms=soon), consents.Lapse(), CLOCK, PATIENCE).events
    assert event.reason == "expired"


# --- going on ---


def test_going_on_moves_the_last_day_and_nothing_else():
    before = a_consent(Stage.GRANTED)
    state, [event], [clock] = decide(before, say("renew"), PERSON_SAYS, PATIENCE)
    assert (event.expires_on, event.given) == (date(2027, 6, 10), "page")
    assert (state.stage, state.confirm_by) == (Stage.CONFIRMED, None)
    assert state.terms == replace(HOUSING, expires_on=date(2027, 6, 10))
    assert clock.patience == Until(datetime(2027, 6, 11, 4, tzinfo=UTC))


@pytest.mark.parametrize("verb", ["confirm", "renew"])
def test_what_is_over_does_not_go_on_though_its_clock_be_late(verb):
    late = replace(say(verb), today=date(2026, 12, 23))
    with pytest.raises(GuardNotMet, match="Ask anew"):
        decide(a_consent(Stage.GRANTED), late, PERSON_SAYS, PATIENCE)


@pytest.mark.parametrize("terms", [COURT, ONE_SETBACK])
def test_what_is_good_for_one_telling_is_asked_for_anew(terms):
    with pytest.raises(GuardNotMet, match="anew each time"):
        decide(a_consent(Stage.CONFIRMED, terms=terms), say("renew"), PERSON_SAYS, PATIENCE)


@pytest.mark.parametrize("until", [TODAY + timedelta(days=366), FEBRUARY - timedelta(days=1)])
def test_nothing_goes_on_for_longer_than_a_year_or_for_less_than_it_would_have(until):
    with pytest.raises(Invalid):
        decide(a_consent(Stage.CONFIRMED), replace(say("renew"), until=until), PERSON_SAYS, PATIENCE)


def test_the_person_is_told_two_weeks_before_it_ends_and_nothing_follows_from_that():
    consent = a_consent(Stage.CONFIRMED)
    assert consents.reminder_of(consent, PATIENCE).patience == Until(datetime(2027, 2, 7, 5, tzinfo=UTC))
    state, [event], clocks = decide(consent, consents.Remind(), NETWORK, PATIENCE)
    assert (state, type(event), event.last_day, clocks) == (consent, events.EndsSoon, FEBRUARY, ())


@pytest.mark.parametrize(
    "consent",
    [
        a_consent(Stage.CONFIRMED, terms=COURT),
        a_consent(Stage.CONFIRMED, terms=ONE_SETBACK),
        a_consent(Stage.CONFIRMED, terms=replace(HOUSING, expires_on=TODAY + timedelta(days=14))),
        a_consent(Stage.REVOKED),
    ],
)
def test_nobody_is_told_of_what_nobody_renews_or_was_meant_for_a_few_days(consent):
    assert consents.reminder_of(consent, PATIENCE) == Timer.none("consent.remind", ID)


def test_a_sheet_signed_by_hand_is_a_yes_and_the_worker_who_has_it_is_named():
    on_paper = replace(say("grant"), paper=True)
    assert decide(a_consent(), on_paper, BESIDE, PATIENCE).events[0].given == "paper"
    assert decide(a_consent(Stage.CONFIRMED), consents.Revoke(paper=True), BESIDE, PATIENCE).state.given == "paper"


# --- how long it holds ---


@pytest.mark.parametrize(
    ("at", "live"),
    [
        (datetime(2026, 11, 22, 12, tzinfo=UTC), True),
        (datetime(2026, 12, 23, 4, 59, tzinfo=UTC), True),
        (datetime(2026, 12, 23, 5, tzinfo=UTC), False),
    ],
)
def test_it_holds_through_its_last_day_where_the_discloser_is_though_the_clock_be_late(at, live):
    assert is_live(a_consent(Stage.GRANTED), at) is live


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in LIVE])
def test_only_a_yes_is_live(stage):
    assert not is_live(a_consent(stage), datetime(2026, 11, 23, tzinfo=UTC))


# --- taking it back ---


@pytest.mark.parametrize(
    ("by", "given"), [(PERSON_SAYS, "page"), (BY_PHONE, "by_phone"), (BESIDE, "in_person"), (BY_SMS, "sms")]
)
@pytest.mark.parametrize("stage", LIVE)
def test_it_is_taken_back_by_whatever_way_the_word_came_and_at_once(stage, by, given):
    state, [event], [clock] = decide(a_consent(stage), consents.Revoke(), by, PATIENCE)
    assert (type(event), event.given) == (events.Revoked, given)
    assert not is_live(state, datetime(2026, 11, 22, tzinfo=UTC))
    assert clock.patience == Hours(1)


def test_no_rule_stands_between_the_person_and_taking_it_back():
    assert all(move.guards == () for _, verb, move in WORKFLOW.rows() if verb == "revoke")


def test_nothing_undoes_a_revocation():
    ways_out = {move.to for stage in (Stage.REVOKED, Stage.IN_EFFECT) for move in MOVES[stage].values()}
    assert not ways_out & set(LIVE)


@given(st.lists(st.sampled_from(sorted(DISCLOSING)), max_size=6))
def test_it_is_in_effect_when_every_service_has_stopped_and_not_before(services):
    consent = a_consent(Stage.REVOKED)
    for service in services:
        consent = consents.halt(consent, service, PATIENCE).state
    assert (consent.stage is Stage.IN_EFFECT) == (set(services) == DISCLOSING)


@pytest.mark.parametrize("missing", sorted(DISCLOSING))
def test_nobody_declares_it_in_effect_before(missing):
    with pytest.raises(GuardNotMet):
        decide(a_consent(Stage.REVOKED, halted=DISCLOSING - {missing}), consents.TakeEffect(), NETWORK, PATIENCE)


def test_in_effect_stops_the_clock_and_a_word_too_many_changes_nothing():
    consent = a_consent(Stage.REVOKED, halted=DISCLOSING - {"caseplan"})
    done = consents.halt(consent, "caseplan", PATIENCE)
    assert done.timers == (Timer.none("consent.lapse", ID),)
    assert consents.halt(done.state, "caseplan", PATIENCE) == (done.state, (), ())


def test_a_revocation_that_is_late_rings_until_it_is_in_effect():
    consent = a_consent(Stage.REVOKED)
    for _ in range(3):
        consent, _, [clock] = decide(consent, consents.Lapse(), CLOCK, PATIENCE)
        assert (consent.stage, clock.patience) == (Stage.REVOKED, Hours(1))


@pytest.mark.parametrize("stage", LIVE)
def test_erasing_the_person_ends_it(stage):
    [event] = decide(a_consent(stage), consents.Erase(), NETWORK, PATIENCE).events
    assert event.reason == "person_erased"
