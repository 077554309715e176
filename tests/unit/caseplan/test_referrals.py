"""Promise P1: a referral cannot rot."""

from dataclasses import asdict, replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.caseplan import referrals
from services.caseplan.referrals import MOVES, PAUSABLE, PAUSES, WORKFLOW, Referral, Stage, decide, is_open, offers
from services.caseplan.referrals.guards import ATTEMPTS_BEFORE_UNREACHABLE
from shared.contracts import referral as events
from shared.contracts.data import decode_data, encode_data
from shared.contracts.parties import Party, Way
from shared.contracts.referral import DeclineReason, Document, EligibilityRule, Outcome, PauseCause
from shared.workflow import CLOCK, NETWORK, BusinessDays, By, GuardNotMet, Hours, MoveNotOffered, Timer
from tests.unit.caseplan.worlds import (
    AGENCY,
    BY,
    CONSENT,
    HOME,
    ID,
    NEXT,
    PATIENCE,
    PERSON,
    PROGRAM,
    SECOND,
    THIRD,
    WORKER,
    Clocks,
    a_referral,
    by_phone,
    consent_for,
    in_person,
    say,
)

PERSON_SAYS, AGENCY_SAYS, WORKER_SAYS = BY[Party.PERSON], BY[Party.AGENCY], BY[Party.WORKER]
ROWS = [(stage, verb, party) for stage, verb, move in WORKFLOW.rows() for party in move.by]
OPEN = list(WORKFLOW.owners)
READY = {"second": SECOND}  # so that every row can be walked


def go(referral, *verbs):
    """The referral after each verb in turn, done by the first party that may."""
    for verb in verbs:
        party = next(party for party in Party if verb in offers(referral, party))
        referral = decide(referral, say(verb, referral), BY[party], PATIENCE).state
    return referral


# --- the table, walked ---


@given(st.data())
def test_on_every_path_an_open_referral_has_an_owner_and_one_clock_and_a_resting_one_has_none(data):
    begun = referrals.draft(a_referral(Stage.DRAFT, consent=None), WORKER_SAYS, PATIENCE)
    referral, clocks = begun.state, Clocks(*begun.timers)
    for _ in range(data.draw(st.integers(1, 25))):
        rows = [(verb, party) for party in Party for verb in offers(referral, party)]
        if not rows:
            break
        verb, party = data.draw(st.sampled_from(rows))
        try:
            referral, happened, timers = decide(referral, say(verb, referral), BY[party], PATIENCE)
        except GuardNotMet:
            continue
        clocks.hear(timers)
        assert list(clocks.live) == ([("referral.lapse", ID)] if is_open(referral) else [])
        assert (referrals.owner_of(referral) is not None) == is_open(referral)
        [event] = happened
        assert (event.stage, event.owner) == (referral.stage, referrals.owner_of(referral))
        assert (event.referral, event.person, event.agency) == (ID, PERSON, AGENCY)


@given(st.data())
def test_silence_counts_on_when_a_move_only_notes_something(data):
    """So an agency can't stay silent for ever by being seen, and a worker can't by writing down what was told."""
    referral = a_referral(data.draw(st.sampled_from([Stage.SENT, Stage.DELIVERED, *PAUSES, *PAUSABLE])))
    for verb in ("deliver", "see", "tell"):
        party = next((party for party in Party if verb in offers(referral, party)), None)
        if party:
            assert decide(referral, say(verb, referral), BY[party], PATIENCE).timers == ()


@pytest.mark.parametrize(("stage", "verb", "party"), ROWS)
def test_every_row_leads_where_the_table_says(stage, verb, party):
    before = a_referral(stage, **READY)
    decision = decide(before, say(verb, before), BY[party], PATIENCE)
    move = MOVES[stage][verb]
    assert decision.state.stage is (before.before if move.to is None else move.to)
    [event] = decision.events
    assert type(event) is move.event
    assert decode_data(event.type, encode_data(event)) == event


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("party", Party)
def test_what_is_not_offered_is_refused_with_what_is(stage, party):
    referral = a_referral(stage, **READY)
    offered = offers(referral, party)
    for verb in referrals.COMMANDS.keys() - offered.keys():
        with pytest.raises(MoveNotOffered) as refused:
            decide(referral, say(verb, referral), BY[party], PATIENCE)
        assert set(refused.value.offered) == set(offered)


def test_everything_that_can_be_said_has_a_row_and_every_row_can_be_said():
    assert set(referrals.COMMANDS) == {verb for _, verb, _ in WORKFLOW.rows()}


@pytest.mark.parametrize("stage", Stage)
def test_silence_alone_ends_a_referral_from_any_stage(stage):
    referral = a_referral(stage)
    for _ in Stage:
        if is_open(referral):
            referral, _, _ = decide(referral, referrals.Lapse(), CLOCK, PATIENCE)
    assert not is_open(referral)


def test_only_the_person_or_their_unused_time_closes_a_referral():
    ways = {(stage, verb, move.by) for stage, verb, move in WORKFLOW.rows() if move.to is Stage.CLOSED}
    assert ways - {(Stage.CLOSED, "tell", (Party.WORKER,))} == {
        (Stage.REPORTED, "confirm", (Party.PERSON,)),
        (Stage.REPORTED, "lapse", (Party.CLOCK,)),
    }


def test_no_agency_ends_a_referral_by_itself():
    """Whatever an agency says, somebody else still holds it: the worker, or the person."""
    assert all(is_open(a_referral(move.to)) for _, _, move in WORKFLOW.rows() if Party.AGENCY in move.by)


@pytest.mark.parametrize("stage", OPEN)
def test_every_clock_runs_on_the_days_of_whoever_is_awaited(stage):
    patience = referrals.clock_of(a_referral(stage), PATIENCE).patience
    match WORKFLOW.owners[stage]:
        case Party.AGENCY | Party.LEAD:
            assert isinstance(patience, BusinessDays)
            assert patience.agency == AGENCY
        case Party.WORKER | Party.SUPERVISOR:
            assert isinstance(patience, BusinessDays)
            assert patience.agency == HOME
        case Party.PERSON:
            assert isinstance(patience, Hours)
            assert patience.count >= 7 * 24, "the person's time is real days, and never under a week"


def test_how_long_silence_may_last_is_a_setting_of_the_network():
    slow = referrals.Patience(answer=7)
    assert referrals.clock_of(a_referral(Stage.SENT), slow) == Timer("referral.lapse", ID, BusinessDays(7, AGENCY))


@pytest.mark.parametrize("name", referrals.Patience.model_fields)
def test_every_default_says_its_unit_and_where_it_is_from(name):
    description = referrals.Patience.model_fields[name].description
    assert description.startswith(("business days: ", "days the person has "))
    assert "our choice" in description or "wycommunicare.org" in description or "as long as" in description


# --- consent, and one at a time ---


def test_nothing_is_sent_without_a_consent():
    with pytest.raises(GuardNotMet) as refused:
        decide(a_referral(Stage.DRAFT), referrals.Send(None), WORKER_SAYS, PATIENCE)
    assert refused.value.guard == "consent_covers"


@pytest.mark.parametrize(
    "changes",
    [
        {"is_live": False},
        {"person": UUID(int=99)},
        {"recipient": UUID(int=99)},
        {"categories": frozenset({"plan"})},
        {"setback": ID},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_consent_that_does_not_cover_it_sends_nothing(changes):
    with pytest.raises(GuardNotMet):
        decide(a_referral(Stage.DRAFT), referrals.Send(consent_for(**changes)), WORKER_SAYS, PATIENCE)


@pytest.mark.parametrize("need", sorted(events.SENSITIVE))
def test_a_need_that_tells_about_health_wants_a_consent_that_names_it(need):
    referral = a_referral(Stage.DRAFT, need=need)
    plain = consent_for(categories=frozenset({"referral"}))
    with pytest.raises(GuardNotMet):
        decide(referral, referrals.Send(plain), WORKER_SAYS, PATIENCE)
    named = consent_for(need=need)
    assert decide(referral, referrals.Send(named), WORKER_SAYS, PATIENCE).state.stage is Stage.SENT


def test_a_person_can_send_their_own_referral():
    sent = decide(a_referral(Stage.DRAFT), referrals.Send(consent_for()), PERSON_SAYS, PATIENCE)
    assert sent.state.consent == CONSENT
    assert sent.events[0].consent == CONSENT


# --- the agency's answer ---


@pytest.mark.parametrize(
    ("decline", "is_enough"),
    [
        (referrals.Decline(DeclineReason.NO_CAPACITY), True),
        (referrals.Decline(DeclineReason.NOT_ELIGIBLE), False),
        (referrals.Decline(DeclineReason.NOT_ELIGIBLE, rule=EligibilityRule.AGE), True),
        (referrals.Decline(DeclineReason.NOT_ELIGIBLE, rule=EligibilityRule.OTHER), False),
        (referrals.Decline(DeclineReason.NOT_ELIGIBLE, rule=EligibilityRule.OTHER, words="Residents only."), True),
        (referrals.Decline(DeclineReason.MISSING_DOCUMENT), False),
        (referrals.Decline(DeclineReason.MISSING_DOCUMENT, document=Document.STATE_ID), True),
        (referrals.Decline(DeclineReason.MISSING_DOCUMENT, document=Document.OTHER, words=" "), False),
        (referrals.Decline(DeclineReason.OTHER), False),
        (referrals.Decline(DeclineReason.OTHER, words="We moved."), True),
    ],
)
def test_a_no_says_enough_to_act_on(decline, is_enough):
    if is_enough:
        assert decide(a_referral(), decline, AGENCY_SAYS, PATIENCE).state.stage is Stage.DECLINED
    else:
        with pytest.raises(GuardNotMet, match="Say which"):
            decide(a_referral(), decline, AGENCY_SAYS, PATIENCE)


def test_what_an_agency_wrote_stands_in_no_event():
    words = "She was rude to us."
    decision = decide(a_referral(), referrals.Decline(DeclineReason.OTHER, words=words), AGENCY_SAYS, PATIENCE)
    assert words.encode() not in encode_data(decision.events[0])
    assert words not in repr(decision.state)


def test_an_answer_given_by_phone_is_recorded_as_such():
    [event] = decide(a_referral(), referrals.Accept(), by_phone(Party.AGENCY), PATIENCE).events
    assert (event.way, event.recorded_by) == (Way.PHONE, WORKER)


def test_a_worker_cannot_answer_for_the_agency_in_their_own_name():
    with pytest.raises(MoveNotOffered):
        decide(a_referral(), referrals.Accept(), WORKER_SAYS, PATIENCE)


def test_an_agency_that_keeps_a_place_says_which():
    state, [event], _ = decide(a_referral(), referrals.Waitlist(4), AGENCY_SAYS, PATIENCE)
    assert (state.position, event.position) == (4, 4)
    with pytest.raises(GuardNotMet):
        decide(a_referral(), referrals.Waitlist(0), AGENCY_SAYS, PATIENCE)


def test_a_place_in_line_without_a_word_on_it_goes_to_the_lead_who_can_keep_it():
    line = a_referral(Stage.WAITLISTED, position=4)
    lead = decide(line, referrals.Lapse(), CLOCK, PATIENCE).state
    assert (lead.stage, lead.position) == (Stage.ESCALATED, 4)
    assert go(lead, "waitlist").stage is Stage.WAITLISTED


@pytest.mark.parametrize("attempts", range(ATTEMPTS_BEFORE_UNREACHABLE + 1))
def test_not_reached_is_said_after_three_attempts(attempts):
    referral = go(a_referral(Stage.ACCEPTED), *["attempt"] * attempts)
    report = referrals.Report(Outcome.UNREACHABLE)
    if attempts < ATTEMPTS_BEFORE_UNREACHABLE:
        with pytest.raises(GuardNotMet, match="3 attempts"):
            decide(referral, report, AGENCY_SAYS, PATIENCE)
    else:
        assert decide(referral, report, AGENCY_SAYS, PATIENCE).state.stage is Stage.REPORTED


def test_after_a_dispute_the_attempts_count_from_none():
    disputed = decide(a_referral(Stage.REPORTED, attempts=3), referrals.Dispute(), PERSON_SAYS, PATIENCE).state
    with pytest.raises(GuardNotMet, match="3 attempts"):
        decide(disputed, referrals.Report(Outcome.UNREACHABLE), AGENCY_SAYS, PATIENCE)


@pytest.mark.parametrize("stage", [Stage.AWAITING_PERSON, Stage.ON_HOLD])
def test_work_that_waits_goes_on(stage):
    assert go(a_referral(stage), "continue").stage is Stage.IN_PROGRESS


def test_every_attempt_and_every_sign_of_life_starts_the_clock_anew():
    for stage, verb in ((Stage.CONTACTING, "attempt"), (Stage.IN_PROGRESS, "continue"), (Stage.WAITLISTED, "waitlist")):
        referral = a_referral(stage)
        [clock] = decide(referral, say(verb, referral), AGENCY_SAYS, PATIENCE).timers
        assert clock == referrals.clock_of(referral, PATIENCE)


# --- silence, and the next door ---


def test_silence_goes_to_the_lead_then_to_the_worker_then_to_the_person_and_is_never_a_confirmation():
    referral, seen = a_referral(Stage.SEEN), []
    while is_open(referral):
        referral, [event], _ = decide(referral, referrals.Lapse(), CLOCK, PATIENCE)
        seen.append((type(event), event.owner))
    assert seen == [
        (events.Escalated, Party.LEAD),
        (events.Expired, Party.WORKER),
        (events.NextOffered, Party.PERSON),
        (events.NotTaken, None),
    ]
    assert referral.confirmed is None


def test_silence_after_a_yes_goes_to_the_lead_as_well():
    referral = a_referral(Stage.IN_PROGRESS)
    stalled = decide(referral, referrals.Lapse(), CLOCK, PATIENCE).state
    assert (stalled.stage, referrals.owner_of(stalled)) == (Stage.STALLED, Party.LEAD)
    assert decide(stalled, referrals.Lapse(), CLOCK, PATIENCE).state.stage is Stage.ABANDONED


@pytest.mark.parametrize("stage", referrals.LOOKING)
def test_the_next_program_is_shown_to_the_person_and_hears_nothing(stage):
    state, [event], [clock] = referrals.carry_on(a_referral(stage), THIRD, None, NEXT, PATIENCE)
    assert (state.stage, state.next) == (Stage.OFFERED, THIRD)
    assert event.agency == AGENCY, "the one partner who may hear of this is still the one that was asked"
    assert (event.next_program, event.owner) == (THIRD.program, Party.PERSON)
    assert clock.patience == Hours.days(14)


@pytest.mark.parametrize("stage", referrals.LOOKING)
def test_it_goes_on_by_itself_only_to_the_program_that_the_person_named_when_sending(stage):
    referral = a_referral(stage, second=SECOND)
    state, [event], [clock] = referrals.carry_on(referral, THIRD, consent_for(SECOND.agency), NEXT, PATIENCE)
    assert (state.stage, event.next_program, event.next_referral) == (Stage.MOVED_ON, SECOND.program, NEXT)
    assert clock == Timer.none("referral.lapse", ID)


@pytest.mark.parametrize("changes", [{"is_live": False}, {"recipient": AGENCY}, {"categories": frozenset()}])
def test_the_second_program_is_only_offered_when_no_consent_covers_it_now(changes):
    referral = a_referral(Stage.EXPIRED, second=SECOND)
    state, _, _ = referrals.carry_on(referral, None, consent_for(SECOND.agency, **changes), NEXT, PATIENCE)
    assert (state.stage, state.next) == (Stage.OFFERED, SECOND)


def test_the_network_follows_nothing_that_the_person_had_not_named():
    with pytest.raises(GuardNotMet):
        decide(a_referral(Stage.EXPIRED), referrals.FollowSecond(NEXT, consent_for(THIRD.agency)), NETWORK, PATIENCE)


def test_without_another_program_the_worker_looks_and_their_silence_asks_the_person():
    expired = a_referral(Stage.EXPIRED)
    assert referrals.carry_on(expired, None, None, NEXT, PATIENCE).state == expired
    state, [event], _ = decide(expired, referrals.Lapse(), CLOCK, PATIENCE)
    assert (state.stage, event.next_program) == (Stage.OFFERED, None)


def test_nothing_is_carried_on_while_the_agency_still_has_it():
    assert referrals.carry_on(a_referral(Stage.SENT), THIRD, None, NEXT, PATIENCE).events == ()


def test_the_program_that_did_not_take_it_is_not_offered_again():
    same = referrals.Onward(PROGRAM, AGENCY)
    assert referrals.carry_on(a_referral(Stage.EXPIRED), same, None, NEXT, PATIENCE).events == ()
    for command, by in ((referrals.Offer(same), WORKER_SAYS), (referrals.ChooseNext(same, NEXT), PERSON_SAYS)):
        with pytest.raises(GuardNotMet, match="has had its chance"):
            decide(a_referral(Stage.EXPIRED), command, by, PATIENCE)


def test_only_the_person_chooses_the_next_program():
    choosing = [(move.by, verb) for _, verb, move in WORKFLOW.rows() if move.to is Stage.MOVED_ON]
    assert set(choosing) == {((Party.PERSON,), "choose_next"), ((Party.NETWORK,), "follow_second")}
    offered = a_referral(Stage.OFFERED)
    with pytest.raises(GuardNotMet, match="proves nobody"):
        decide(offered, say("choose_next", offered), by_phone(Party.PERSON), PATIENCE)
    assert decide(offered, say("choose_next", offered), in_person(Party.PERSON), PATIENCE).state.next == THIRD


def test_what_carries_on_is_a_draft_that_needs_a_consent_of_its_own():
    chosen = go(a_referral(Stage.OFFERED), "choose_next")
    draft = referrals.follow(chosen)
    assert (draft.id, draft.program, draft.agency, draft.follows) == (NEXT, THIRD.program, THIRD.agency, ID)
    assert (draft.stage, draft.consent, draft.second) == (Stage.DRAFT, None, None)
    with pytest.raises(GuardNotMet):
        decide(draft, referrals.Send(consent_for(AGENCY)), PERSON_SAYS, PATIENCE)


# --- how it ends ---


def test_an_agency_cannot_confirm_its_own_report():
    with pytest.raises(MoveNotOffered) as refused:
        decide(a_referral(Stage.REPORTED), referrals.Confirm(), AGENCY_SAYS, PATIENCE)
    assert refused.value.offered == ("report",)


@pytest.mark.parametrize("by", [by_phone(Party.PERSON), in_person(Party.PERSON), By(Party.PERSON, PERSON, Way.SMS)])
@pytest.mark.parametrize("command", [referrals.Confirm(), referrals.Dispute()])
def test_nobody_confirms_or_disputes_in_the_persons_place(by, command):
    with pytest.raises(GuardNotMet, match="kept apart"):
        decide(a_referral(Stage.REPORTED), command, by, PATIENCE)


def test_the_persons_word_and_their_silence_are_told_apart():
    confirmed = decide(a_referral(Stage.REPORTED), referrals.Confirm(), PERSON_SAYS, PATIENCE)
    silent = decide(a_referral(Stage.REPORTED), referrals.Lapse(), CLOCK, PATIENCE)
    assert (type(confirmed.events[0]), confirmed.state.confirmed) == (events.Confirmed, True)
    assert (type(silent.events[0]), silent.state.confirmed) == (events.Closed, False)
    assert confirmed.timers == (Timer.none("referral.lapse", ID),)


@pytest.mark.parametrize("stage", [stage for stage in Stage if "tell" in MOVES[stage]])
def test_what_the_person_told_a_worker_closes_nothing(stage):
    before = a_referral(stage)
    state, [event], timers = decide(before, referrals.Tell(Outcome.GOT_HELP), WORKER_SAYS, PATIENCE)
    assert state == replace(before, told=Outcome.GOT_HELP)
    assert type(event) is events.ToldWorker
    assert timers == ()


def test_a_disputed_report_goes_back_to_the_agency_with_a_fresh_clock():
    state, [event], [clock] = decide(a_referral(Stage.REPORTED), referrals.Dispute(), PERSON_SAYS, PATIENCE)
    assert (state.stage, event.outcome) == (Stage.REOPENED, Outcome.GOT_HELP)
    assert clock == Timer("referral.lapse", ID, BusinessDays(PATIENCE.contact, AGENCY))


def test_a_closed_referral_is_opened_again_by_the_person_under_a_live_consent():
    closed = a_referral(Stage.CLOSED)
    assert go(closed, "reopen").stage is Stage.REOPENED
    for refused in (None, consent_for(is_live=False)):
        with pytest.raises(GuardNotMet):
            decide(closed, referrals.Reopen(refused), PERSON_SAYS, PATIENCE)


@pytest.mark.parametrize("stage", [*sorted(PAUSABLE), *PAUSES])
def test_a_word_by_phone_gives_up_no_place_before_somebody_has_checked(stage):
    for by in (by_phone(Party.PERSON), By(Party.PERSON, PERSON, Way.SMS)):
        with pytest.raises(GuardNotMet, match="gives up no place"):
            decide(a_referral(stage), referrals.Withdraw(), by, PATIENCE)
        withdrawn = decide(a_referral(stage), referrals.Withdraw(checked=True), by, PATIENCE)
        assert withdrawn.state.stage is Stage.WITHDRAWN


def test_taking_it_back_needs_no_reason():
    [event] = decide(a_referral(), referrals.Withdraw(), PERSON_SAYS, PATIENCE).events
    assert event.withdraw_reason == "not_asked"


# --- sharing stopped ---


def paused(stage, **changes):
    return decide(a_referral(stage, **changes), referrals.Pause(PauseCause.REVOKED), NETWORK, PATIENCE).state


@pytest.mark.parametrize("stage", sorted(PAUSABLE))
def test_when_sharing_stops_the_place_is_kept_and_the_worker_asks(stage):
    state = paused(stage, position=4)
    assert (state.stage, state.before, state.position) == (Stage.PAUSED, stage, 4)
    assert referrals.owner_of(state) is Party.WORKER
    resumed = decide(state, referrals.Resume(consent_for()), PERSON_SAYS, PATIENCE)
    assert (resumed.state.stage, resumed.state.before) == (stage, None)
    assert resumed.timers == (referrals.clock_of(a_referral(stage), PATIENCE),)


@pytest.mark.parametrize("stage", sorted(PAUSABLE))
def test_beneath_a_pause_the_agency_can_do_what_it_could(stage):
    there = MOVES[stage]
    assert set(offers(paused(stage), Party.AGENCY)) == {v for v, m in there.items() if Party.AGENCY in m.by}


def test_a_yes_beneath_a_pause_is_kept_and_starts_no_clock_of_the_agency():
    state, [event], timers = decide(paused(Stage.SENT), referrals.Accept(), AGENCY_SAYS, PATIENCE)
    assert (state.stage, state.before, event.stage) == (Stage.PAUSED, Stage.ACCEPTED, Stage.PAUSED)
    assert timers == ()
    assert go(state, "resume").stage is Stage.ACCEPTED


@pytest.mark.parametrize(("verb", "leads_to"), [("decline", Stage.DECLINED), ("report", Stage.REPORTED)])
def test_what_leaves_the_agency_leaves_the_pause(verb, leads_to):
    state = go(paused(Stage.SENT if verb == "decline" else Stage.IN_PROGRESS), verb)
    assert (state.stage, state.before) == (leads_to, None)


def test_a_worker_who_does_not_ask_is_followed_by_their_supervisor_never_by_the_agency():
    state, [event], _ = decide(paused(Stage.SENT), referrals.Lapse(), CLOCK, PATIENCE)
    assert (state.stage, state.before, event.owner) == (Stage.UNASKED, Stage.SENT, Party.SUPERVISOR)
    assert decide(state, referrals.Lapse(), CLOCK, PATIENCE).state.stage is Stage.LAPSED


def test_sharing_goes_on_only_under_a_consent_that_covers_it():
    with pytest.raises(GuardNotMet):
        decide(paused(Stage.SENT), referrals.Resume(consent_for(is_live=False)), PERSON_SAYS, PATIENCE)


# --- what readers are told ---


def test_no_event_has_a_field_that_the_state_does_not_know():
    known = {*asdict(a_referral()), "referral", "owner", "way", "recorded_by", "next_program"}
    declared = {name for kind in {move.event for _, _, move in WORKFLOW.rows()} for name in kind.model_fields}
    assert declared <= known


def test_a_mistake_of_ours_is_marked_and_never_erased_by_that():
    state = decide(a_referral(Stage.CLOSED), referrals.MarkError(), WORKER_SAYS, PATIENCE).state
    assert isinstance(state, Referral)
    assert state.stage is Stage.ENTERED_IN_ERROR
    assert MOVES[state.stage] == {}
