"""The audit's chain, its anchors and the walk along both: no database, every wrong thing named."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.auditing import anchor_in, event_of
from shared.runtime.settings import Settings
from shared.security.anchors import Anchor, Signer, append, read
from shared.security.chain import Link, Row, beginning, canonical, follow
from shared.security.chaining import Seen
from shared.security.verifying import Linked, Walk, weigh

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ROW = Row(7, AT, UUID(int=1), "case_manager", UUID(int=2), "plan.read", UUID(int=3), "plan/7", "care", True)
SIGNER = Signer(Settings(demo=True, signing_secret="a secret"))
STRANGER = Signer(Settings(demo=True, signing_secret="another secret"))

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
rows = st.builds(
    Row,
    st.integers(1, 2**63 - 1),
    st.datetimes(timezones=st.just(UTC)),
    st.uuids(),
    texts,
    st.none() | st.uuids(),
    texts,
    st.none() | st.uuids(),
    texts,
    texts,
    st.booleans(),
)


def row(number: int) -> Row:
    return ROW._replace(number=number, object=f"plan/{number}")


def chained(*numbers: int) -> list[Linked]:
    """The rows of these numbers as the chainer would have chained them, in this order."""
    last, found = beginning("caseplan"), []
    for number in numbers:
        last = follow(last, row(number))
        found.append(Linked(last.position, number, last.hash, row(number)))
    return found


def anchor(links: list[Linked], position: int, settled: int = 0, signer: Signer = SIGNER, minute: int = 0) -> Anchor:
    at = (AT + timedelta(minutes=minute)).isoformat()
    return signer.sign(Anchor("caseplan", position, links[position - 1].hash.hex(), settled, at))


def walked(links: list[Linked], *anchors: Anchor):
    """The first finding; `settled` and all."""
    walk = Walk("caseplan", weigh(anchors, "caseplan", SIGNER))
    return walk.take(links) or walk.end()


def test_a_link_is_for_ever_what_it_was():
    """Written down with hashlib alone: another answer tomorrow would break every chain there is."""
    head = b"\x07" + (7).to_bytes(8, "big") + int(AT.timestamp() * 1e6).to_bytes(8, "big")
    ids = b"".join(UUID(int=n).bytes for n in (1, 2, 3))
    said = b"".join(len(t).to_bytes(4, "big") + t for t in (b"case_manager", b"plan.read", b"plan/7", b"care"))
    start = sha256(b"throughcare.audit.v1\0caseplan").digest()
    assert canonical(ROW) == head + ids + said
    link = sha256(start + (1).to_bytes(8, "big") + head + ids + said).digest()
    assert follow(beginning("caseplan"), ROW) == Link(1, link)


@given(rows, rows)
def test_two_rows_that_differ_have_different_bytes(one, other):
    assert (canonical(one) == canonical(other)) == (one == other)


@given(rows, st.data())
def test_no_column_of_a_row_can_change_unseen(one, data):
    column = data.draw(st.integers(0, 9))
    other = one._replace(**{Row._fields[column]: data.draw(rows)[column]})
    assert (canonical(one) == canonical(other)) == (one == other)


def test_no_chain_passes_for_that_of_another_service():
    links = chained(1, 2)
    assert walked(links) is None
    assert Walk("intake", weigh([], "intake", SIGNER)).take(links).kind == "edited"


def test_numbers_may_come_in_any_order_as_long_as_the_chain_goes_on():
    links = chained(1, 3, 7, 2)
    assert walked(links, anchor(links, 2, settled=1), anchor(links, 4, settled=7)) is None


@pytest.mark.parametrize("bad", range(5))
def test_the_first_edited_row_is_named(bad):
    links = chained(1, 2, 3, 4, 5)
    for at in range(bad, 5, 2):
        links[at] = links[at]._replace(row=links[at].row._replace(purpose="other"))
    found = walked(links)
    assert (found.kind, found.position, found.number) == ("edited", bad + 1, bad + 1)


def test_a_link_that_was_edited_alone_is_told_from_its_row():
    links = chained(1, 2, 3)
    links[1] = links[1]._replace(hash=bytes(32))
    found = walked(links)
    assert (found.kind, found.number) == ("edited", 2)
    assert "link" in found.says


def test_a_deleted_row_is_named():
    links = chained(1, 2, 3)
    links[1] = links[1]._replace(row=None)
    assert (walked(links).kind, walked(links).number) == ("deleted", 2)


def test_a_link_that_is_gone_is_named_by_its_place():
    links = chained(1, 2, 3)
    del links[1]
    assert (walked(links).kind, walked(links).position) == ("unlinked", 2)


def test_two_rows_of_one_number_are_one_too_many():
    links = chained(1, 2, 3)
    links.insert(2, links[1]._replace(row=links[1].row._replace(purpose="other")))
    assert (walked(links).kind, walked(links).number) == ("inserted", 2)


def test_places_that_were_exchanged_are_named():
    a, b, c, d = chained(1, 2, 3, 4)
    exchanged = [a, c._replace(position=2), b._replace(position=3), d]
    assert (walked(exchanged).kind, walked(exchanged).number) == ("reordered", 3)


def test_links_that_name_each_others_rows_are_named():
    a, b, c, d = chained(1, 2, 3, 4)
    exchanged = [a, b._replace(number=3, row=c.row), c._replace(number=2, row=b.row), d]
    assert (walked(exchanged).kind, walked(exchanged).number) == ("reordered", 3)


def test_what_rows_say_exchanged_between_their_numbers_is_named():
    a, b, c, d = chained(1, 2, 3, 4)
    exchanged = [a, b._replace(row=c.row._replace(number=2)), c._replace(row=b.row._replace(number=3)), d]
    found = walked(exchanged)
    assert (found.kind, found.number) == ("reordered", 2)
    assert "row 3" in found.says


def test_a_chain_rewritten_to_the_end_is_caught_by_its_anchors():
    links = chained(1, 2, 3, 4)
    proofs = anchor(links, 1), anchor(links, 4)
    again = chained(1, 2, 9, 4)
    assert walked(again) is None, "by itself it holds"
    found = walked(again, *proofs)
    assert (found.kind, found.number) == ("rewritten", 2), "the first row that no earlier anchor vouches for"


@pytest.mark.parametrize("left", range(4))
def test_a_cut_below_an_anchor_is_seen(left):
    links = chained(1, 2, 3, 4)
    proof = anchor(links, 4)
    found = walked(links[:left], proof)
    assert (found.kind, found.position) == ("truncated", left + 1)


def test_a_row_slipped_in_later_under_an_old_number_is_named():
    links = chained(1, 4, 5, 2, 6)
    assert walked(links, anchor(links, 3, settled=1)) is None, "late, as a transaction may be"
    found = walked(links, anchor(links, 3, settled=5))
    assert (found.kind, found.number) == ("inserted", 2)


def test_an_anchor_that_is_not_ours_is_no_evidence():
    links = chained(1, 2)
    forged = replace(anchor(links, 2), hash="00" * 32)
    other = replace(anchor(links, 2), service="intake")
    found = weigh([forged, other], "caseplan", SIGNER)
    assert (found.forged, found.believed, found.foreign) == ([forged], [], [])


def test_an_anchor_of_another_secret_may_agree_and_alarms_where_it_does_not():
    links = chained(1, 2)
    old = anchor(links, 2, signer=STRANGER)
    assert walked(links, old) is None
    assert walked(links, replace(old, hash="00" * 32)).kind == "forged"
    assert walked(links[:1], old).kind == "forged", "nobody else may say how far it reached"


def test_two_anchors_that_contradict_each_other_are_never_both_believed():
    links = chained(1, 2, 3)
    proofs = [anchor(links, 3), anchor(chained(1, 2, 9), 3)]
    for said in (proofs, proofs[::-1]):
        assert walked(links, *said).kind == "rewritten"


def test_an_accepted_loss_voids_what_was_anchored_beyond_it_until_then():
    before, now = chained(1, 2, 3, 4), chained(1, 2, 9)
    lost, late = anchor(before, 4, minute=1), anchor(now, 3, minute=9)
    word = replace(anchor(before, 2, minute=5), because="restored from the backup of Friday", by="operator:ruth")
    assert walked(now, lost, late).kind == "truncated"
    assert walked(now, lost, late, SIGNER.sign(word)) is None
    assert walked(now, lost, late, replace(SIGNER.sign(word), position=1)) is not None, "nobody else may accept"
    assert walked(before[:3], lost, anchor(before, 4, minute=6), SIGNER.sign(word)).kind == "truncated"


def test_an_anchor_comes_back_from_its_event_as_it_was_signed():
    links = chained(1, 2)
    for at in (AT, AT.replace(microsecond=120)):
        made = SIGNER.sign(replace(anchor(links, 2, settled=2), at=at.isoformat()))
        told = type(event_of(made)).model_validate_json(event_of(made).model_dump_json())
        assert anchor_in(told) == made
        assert SIGNER.holds(anchor_in(told))


@given(st.sampled_from(["service", "position", "hash", "settled", "at", "because", "by"]), st.integers(1, 9))
def test_nothing_in_an_anchor_can_be_changed_under_its_signature(name, number):
    made = SIGNER.sign(Anchor("caseplan", 70, "5f" * 32, 70, AT.isoformat()))
    changed = number if name in ("position", "settled") else f"{getattr(made, name)}{number}"
    assert not SIGNER.holds(replace(made, **{name: changed}))


def test_a_file_keeps_anchors_for_its_owner_alone_and_survives_a_torn_line(tmp_path):
    file = tmp_path / "anchors" / "caseplan.jsonl"
    links = chained(1, 2, 3)
    first, second = anchor(links, 1), anchor(links, 3)
    append(file, [first])
    with file.open("ab") as torn:
        torn.write(json.dumps(first.as_json()).encode()[:40])
    append(file, [second])
    assert (read(file).anchors, read(file).unreadable) == ([first, second], [2])
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize(
    "line",
    ["{}", "[]", "7", '"x"', '{"service": 1}', '{"position": true}', '{"stranger": "x"}', "\x00", "null"],
)
def test_a_line_that_is_no_anchor_is_counted_and_harms_no_other(tmp_path, line):
    file = tmp_path / "caseplan.jsonl"
    good = anchor(chained(1), 1)
    append(file, [good])
    with file.open("a") as more:
        more.write(f"{line}\n")
    append(file, [good])
    assert (read(file).anchors, read(file).unreadable) == ([good, good], [2])


def test_no_file_is_no_anchor(tmp_path):
    assert read(tmp_path / "caseplan.jsonl").anchors == []


@pytest.mark.parametrize(
    ("now", "settled"),
    [
        (("a", {"3/1", "3/2"}), False),
        (("a", {"3/2", "4/9"}), False),
        (("a", {"4/9"}), True),
        (("a", set()), True),
        (("a", {"4/9", "-1/88"}), False),
        (("b", {"4/9"}), False),
    ],
    ids=["both write", "one writes", "others write", "nobody writes", "somebody prepared", "another server"],
)
def test_numbers_are_settled_when_all_who_may_hold_one_have_ended(now, settled):
    before = Seen("a", 100, frozenset({"3/1", "3/2"}))
    assert before.is_settled(Seen(now[0], 120, frozenset(now[1]))) is settled
