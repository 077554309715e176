"""A table is looked over before anybody trusts it: each fault that can be in one is found."""

import pytest

from shared.contracts.parties import Party, Way
from shared.workflow import LAPSE, By, Guard, GuardNotMet, MoveNotOffered, check
from shared.workflow.checks import faults
from tests.unit.workflow.toy import SILENT_GUARD, Stage, lamp, move, with_row


def without(mapping, key):
    return {known: value for known, value in mapping.items() if known != key}


BROKEN = {
    "a stage without a row": (lamp(moves=without(lamp().moves, Stage.OUT)), "out has no row"),
    "an open stage without a clock": (
        lamp(moves=lamp().moves | {Stage.DIM: without(lamp().moves[Stage.DIM], LAPSE)}),
        "dim is open without a clock",
    ),
    "a stage at rest with a clock": (lamp(owners={Stage.LIT: Party.PERSON}), "dim is open without a clock, or at rest"),
    "silence that goes round": (lamp(moves=with_row(Stage.DIM, lapse=move(Stage.LIT, Party.CLOCK))), "never ends"),
    "silence that stands still": (lamp(moves=with_row(Stage.DIM, lapse=move(Stage.DIM, Party.CLOCK))), "rings again"),
    "ringing that does not ring": (lamp(rings_again=frozenset({Stage.DIM})), "rings again"),
    "somebody else who lapses": (
        lamp(moves=with_row(Stage.DIM, lapse=move(Stage.OUT, Party.CLOCK, Party.AGENCY))),
        "nobody else lapses",
    ),
    "a clock that does more than lapse": (
        lamp(moves=with_row(Stage.DIM, light=move(Stage.LIT, Party.CLOCK))),
        "the clock does nothing but lapse",
    ),
    "a move that nobody can make": (lamp(moves=with_row(Stage.DIM, light=move(Stage.LIT))), "nobody can light"),
    "a verb that is not explained": (lamp(verbs=without(lamp().verbs, "dim")), "dim is not explained"),
    "a verb that leads nowhere": (lamp(verbs=lamp().verbs | {"smash": "Break it"}), "smash is explained but"),
    "a stage that is never reached": (
        lamp(moves=with_row(Stage.DIM, lapse=move(Stage.LIT, Party.CLOCK)), rings_again=frozenset({Stage.LIT})),
        "out is never reached",
    ),
    "a rule without a sentence": (
        lamp(moves=with_row(Stage.DIM, light=move(Stage.LIT, Party.PERSON, guards=(SILENT_GUARD,)))),
        "does not say what would meet it",
    ),
    "a rule that holds silence back": (
        lamp(moves=with_row(Stage.DIM, lapse=move(Stage.OUT, Party.CLOCK, guards=(SILENT_GUARD,)))),
        "holds silence back",
    ),
}


def test_a_sound_table_has_no_faults():
    assert faults(lamp()) == []


@pytest.mark.parametrize("broken", BROKEN)
def test_a_fault_is_found(broken):
    workflow, says = BROKEN[broken]
    assert any(says in fault for fault in faults(workflow)), faults(workflow)


def test_what_is_offered_depends_on_who_asks():
    assert list(lamp().offers(Stage.DIM, Party.PERSON)) == ["light"]
    assert list(lamp().offers(Stage.DIM, Party.AGENCY)) == []


def test_what_is_not_offered_is_refused_with_what_is():
    with pytest.raises(MoveNotOffered) as refused:
        lamp().find(Stage.DIM, "dim", Party.WORKER)
    assert refused.value.offered == ("light",)


def test_a_move_is_held_back_by_the_first_rule_that_does_not_hold():
    asked = []
    first = Guard("first", "First.", lambda state, command, by: asked.append((state, command, by.way)) or False)
    second = Guard("second", "Second.", lambda *_: False)
    with pytest.raises(GuardNotMet) as refused:
        check(move(Stage.LIT, Party.PERSON, guards=(first, second)), "state", "command", By(Party.PERSON), ("light",))
    assert refused.value.guard == "first"
    assert refused.value.offered == ("light",)
    assert asked == [("state", "command", Way.PAGE)]
