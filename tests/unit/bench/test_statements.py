"""A recorded command, said again of somebody else."""

from uuid import UUID, uuid4

from bench.statements import Statement, Swap

THEIRS, MINE, WORKER = uuid4(), uuid4(), uuid4()
SWAP = Swap({str(THEIRS): str(MINE), "key-1": "key-2"}, frozenset({WORKER}))


def said(*values: object) -> tuple[object, ...]:
    [(_, found)] = SWAP.script([Statement("SELECT", values)])
    return found


def test_the_promise_and_the_key_change_wherever_they_stand():
    assert said(THEIRS, f"promise/{THEIRS}", b'{"id":"' + str(THEIRS).encode() + b'"}', "key-1") == (
        MINE, f"promise/{MINE}", b'{"id":"' + str(MINE).encode() + b'"}', "key-2",
    )  # fmt: skip


def test_who_acts_stays_and_every_other_id_is_a_new_one():
    made = uuid4()
    (worker, [event]) = said(WORKER, [made])
    assert worker == WORKER
    assert isinstance(event, UUID) and event not in (made, MINE)


def test_what_names_nobody_is_said_as_it_was():
    assert said(11, None, True, "promise.lapse") == (11, None, True, "promise.lapse")
