"""The judge on made histories: whatever is wrong with one it finds and calls by its name; a sound one is clean."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.history import Effect, Ended, Fact, Findings, History, Intent, Outcome, Said, judge

REFERRAL = "throughcare.referral.v1"
STREAM = "partner.hope.referral.v1"


def fact(sequence: int, *, id: str = "", cause: str | None = None, type: str = "sent", subject: str = "r1") -> Fact:
    return Fact(REFERRAL, subject, sequence, id or f"{subject}-{sequence}", type, cause)


def said(offset: int, sequence: int, *, consent: str = "c-1", id: str = "", type: str = "updated", **more: Any) -> Said:
    data = {"life": 1, "sequence": sequence, "reference": "r-1", "consent": {"reference": consent}, **more}
    id = id or f"p{sequence}"
    return Said(STREAM, offset, json.dumps([id, type, data]), id, type, data)


def heard(facts: list[Fact]) -> list[Effect]:
    return [Effect(one.topic, one.subject, one.sequence, one.id) for one in facts]


@pytest.fixture
def sound() -> History:
    facts = [fact(1, cause="k1"), fact(2, cause="k2"), fact(1, subject="r2", cause="k3")]
    return History(
        intents=[Intent("k1", "dana", "send", Outcome.DONE), Intent("k9", "dana", "send", Outcome.REFUSED)],
        facts=facts,
        effects={"reporting": heard(facts)},
        listens={"reporting": frozenset({REFERRAL})},
        said=[said(0, 1, type="received"), said(2, 2), said(2, 2)],
        owed={"r-1": "received"},
        ended=[Ended("c1", "c-1", {STREAM: 4}, [("/detail", 404)])],
        parked={"reporting": 3},
        poison={"reporting": 3},
    )


def wrong(history: History) -> dict[str, int]:
    found: Findings = judge(history)
    kinds = ("lost", "doubled", "inverted", "disclosed_after_revocation", "miscounted")
    return {kind: getattr(found, kind) for kind in kinds if getattr(found, kind)}


def test_a_sound_history_is_clean(sound: History) -> None:
    assert wrong(sound) == {}
    assert judge(sound).clean


def test_a_command_that_was_answered_and_left_no_event_is_lost(sound: History) -> None:
    assert wrong(replace(sound, intents=[Intent("k8", "dana", "send", Outcome.DONE)])) == {"lost": 1}


def test_a_command_that_was_refused_and_done_is_found(sound: History) -> None:
    assert wrong(replace(sound, intents=[Intent("k1", "dana", "send", Outcome.REFUSED)])) == {"lost": 1}


def test_an_outcome_that_nobody_learned_may_be_either(sound: History) -> None:
    intents = [Intent("k1", "dana", "send"), Intent("k7", "dana", "send")]
    assert wrong(replace(sound, intents=intents)) == {}


def test_one_command_that_says_the_same_thing_twice_is_doubled(sound: History) -> None:
    facts = [*sound.facts, fact(3, cause="k1")]
    assert wrong(replace(sound, facts=facts, effects={"reporting": heard(facts)})) == {"doubled": 1}


def test_what_happens_once_in_a_life_happens_once_whatever_its_cause(sound: History) -> None:
    again = [fact(n, id=f"m{n}", subject="m1", type="throughcare.message.sent.v1") for n in (1, 2)]
    facts = [*sound.facts, *again]
    assert wrong(replace(sound, facts=facts, effects={"reporting": heard(facts)})) == {"doubled": 1}


@pytest.mark.parametrize("sequence", [2, 4], ids=["fork", "gap"])
def test_a_sequence_without_its_order_is_found(sound: History, sequence: int) -> None:
    facts = [*sound.facts, fact(sequence, id="another", cause="k4")]
    effects = heard(sorted(facts, key=lambda one: one.sequence))
    assert wrong(replace(sound, facts=facts, effects={"reporting": effects})) == {"inverted": 1}


def test_an_attempt_that_was_overwritten_is_lost_and_a_dispute_begins_anew(sound: History) -> None:
    def history(*attempts: int) -> History:
        tried = [
            replace(fact(n, subject="r5", type="throughcare.referral.contact_tried.v1"), data={"attempts": count})
            if count
            else fact(n, subject="r5", type="throughcare.referral.disputed.v1")
            for n, count in enumerate(attempts, 1)
        ]
        return replace(sound, facts=[*sound.facts, *tried], effects={"reporting": heard([*sound.facts, *tried])})

    assert wrong(history(1, 2, 0, 1, 2)) == {}
    assert wrong(history(1, 1, 2)) == {"lost": 1}


def test_a_fact_that_a_listener_never_heard_is_lost(sound: History) -> None:
    assert wrong(replace(sound, effects={"reporting": heard(list(sound.facts))[:-1]})) == {"lost": 1}


def test_an_effect_of_a_fact_that_is_nowhere_is_found(sound: History) -> None:
    ghost = Effect(REFERRAL, "r3", 1, "ghost")
    assert wrong(replace(sound, effects={"reporting": [*sound.effects["reporting"], ghost]})) == {"lost": 1}


def test_a_fact_that_moved_a_listener_twice_is_doubled(sound: History) -> None:
    effects = [*sound.effects["reporting"], sound.effects["reporting"][1]]
    assert wrong(replace(sound, effects={"reporting": effects})) == {"doubled": 1}


def test_facts_of_one_aggregate_out_of_order_are_inverted(sound: History) -> None:
    first, second, other = sound.effects["reporting"]
    assert wrong(replace(sound, effects={"reporting": [second, first, other]})) == {"inverted": 1}


def test_topics_that_a_listener_does_not_hear_are_not_asked_of_it(sound: History) -> None:
    assert wrong(replace(sound, listens={"reporting": frozenset()}, effects={"reporting": []})) == {}


def test_a_record_that_a_partner_lacks_is_lost(sound: History) -> None:
    assert wrong(replace(sound, said=[said(0, 1, type="received"), said(2, 3)])) == {"lost": 1}


def test_one_place_of_a_stream_with_two_records_is_found(sound: History) -> None:
    assert wrong(replace(sound, said=[*sound.said, said(3, 2, id="another")])) == {"doubled": 1}


def test_one_record_with_other_bytes_is_found(sound: History) -> None:
    assert wrong(replace(sound, said=[*sound.said, said(2, 2, more=1)])) == {"doubled": 1}


def test_a_stream_out_of_order_is_inverted(sound: History) -> None:
    assert wrong(replace(sound, said=[said(0, 2), said(1, 1, type="received")])) == {"inverted": 1}


def test_a_new_life_of_a_stream_counts_from_one_again(sound: History) -> None:
    assert wrong(replace(sound, said=[*sound.said, said(3, 1, id="new", life=2)])) == {}


def test_a_referral_that_never_came_to_the_partner_is_lost(sound: History) -> None:
    assert wrong(replace(sound, owed={"r-1": "received", "r-2": "received"})) == {"lost": 1}


def test_an_answer_with_a_receipt_is_taken_once(sound: History) -> None:
    data = {"referral": "r5", "answer": "accept"}
    taken = replace(fact(1, subject="r5", type="throughcare.answer.received.v1"), data=data)
    once = replace(sound, facts=[*sound.facts, taken], effects={"reporting": heard([*sound.facts, taken])})
    assert wrong(replace(once, answered=[("r5", "accept")])) == {}
    assert wrong(replace(sound, answered=[("r5", "accept")])) == {"lost": 1}
    twice = [*once.facts, replace(taken, sequence=2, id="again")]
    assert wrong(replace(once, facts=twice, effects={"reporting": heard(twice)})) == {"doubled": 1}


def test_a_record_written_after_the_revocation_was_in_effect_is_a_disclosure(sound: History) -> None:
    assert wrong(replace(sound, said=[*sound.said, said(4, 3)])) == {"disclosed_after_revocation": 1}


def test_a_heartbeat_and_another_consent_disclose_nothing_under_this_one(sound: History) -> None:
    beat = said(4, 3, type="partner.stream.heartbeat.v1")
    assert wrong(replace(sound, said=[*sound.said, beat, said(5, 4, consent="c-2")])) == {}


def test_detail_that_is_read_after_the_revocation_was_in_effect_is_a_disclosure(sound: History) -> None:
    ended = [Ended("c1", "c-1", {STREAM: 4}, [("/detail", 404), ("/detail", 200)])]
    assert wrong(replace(sound, ended=ended)) == {"disclosed_after_revocation": 1}


def test_parked_is_exactly_the_poison_and_ignored_exactly_the_unknown(sound: History) -> None:
    assert wrong(replace(sound, parked={"reporting": 2})) == {"miscounted": 1}
    assert wrong(replace(sound, parked={"reporting": 4})) == {"miscounted": 1}
    assert wrong(replace(sound, unknown={"reporting": 1})) == {"miscounted": 1}
