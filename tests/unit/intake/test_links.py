"""A link joins nothing: it is the person's word, said face to face, and they are two again as soon as they say so."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake import links
from services.intake.erasures import Identity
from services.intake.links import KIND, MOVES, WORKFLOW, Because, Link, Side, Stage, Yes, decide
from services.intake.says_links import RECORDS, SAID
from shared.contracts import person as events
from shared.contracts.data import decode_data, encode_data
from shared.contracts.parties import Party, Way
from shared.runtime.errors import Conflict, Invalid
from shared.web.reading import GRADE, grade
from shared.web.reading_es import EASE, ease
from shared.workflow import CLOCK, NETWORK, By, GuardNotMet, MoveNotOffered

ID, WORKER = UUID(int=9), UUID(int=8)
WREN, OTHER = Side(UUID(int=2), UUID(int=20)), Side(UUID(int=1), UUID(int=10))
PATIENCE = links.Patience()
BY = {
    Party.PERSON: By(Party.PERSON, OTHER.person, Way.IN_PERSON, WORKER),
    Party.WORKER: By(Party.WORKER, WORKER),
    Party.NETWORK: NETWORK,
    Party.CLOCK: CLOCK,
}
ROWS = [(stage, verb, party) for stage, verb, move in WORKFLOW.rows() for party in move.by]


def a_link(stage=Stage.PUT):
    because = Because.NOT_ONE if stage is Stage.UNLINKED else None
    return Link(ID, WREN, OTHER, stage, None if stage is Stage.PUT else Identity.KNOWN, because)


def say(verb):
    return Yes(Identity.KNOWN) if verb == "yes" else links.COMMANDS[verb]()


@pytest.mark.parametrize(("stage", "verb", "party"), ROWS)
def test_every_row_leads_where_the_table_says(stage, verb, party):
    assert decide(a_link(stage), say(verb), BY[party], PATIENCE).state.stage is MOVES[stage][verb].to


@given(st.data())
def test_on_every_path_only_a_question_has_a_clock_and_both_records_hear_the_same(data):
    link, _, timers = links.put(ID, WREN, OTHER, PATIENCE)
    live = {timer.kind: timer.patience for timer in timers}
    while rows := [(verb, party) for party in BY for verb in links.offers(link, party)]:
        verb, party = data.draw(st.sampled_from(rows))
        link, happened, timers = decide(link, say(verb), BY[party], PATIENCE)
        live |= {timer.kind: timer.patience for timer in timers}
        assert (live[KIND] is not None) == (link.stage is Stage.PUT)
        assert [event.person for event in happened] in ([], [OTHER.person, WREN.person])
        assert all(decode_data(event.type, encode_data(event)) == event for event in happened)


def test_only_a_yes_is_anybodys_news():
    told = {(verb, move.event) for _, verb, move in WORKFLOW.rows() if move.event}
    assert told == {("yes", events.Linked), ("end", events.Unlinked), ("erase", events.Unlinked)}


def test_a_yes_by_phone_is_none():
    by_phone = By(Party.PERSON, OTHER.person, Way.PHONE, WORKER)
    with pytest.raises(GuardNotMet, match="face to face"):
        decide(a_link(), Yes(Identity.KNOWN), by_phone, PATIENCE)
    assert decide(a_link(), links.No(), by_phone, PATIENCE).state.stage is Stage.NOT_THEM


def test_no_worker_says_yes_for_the_person():
    with pytest.raises(MoveNotOffered):
        decide(a_link(), Yes(Identity.KNOWN), BY[Party.WORKER], PATIENCE)


@pytest.mark.parametrize("by", [By(Party.PERSON, WREN.person), By(Party.PERSON, OTHER.person), BY[Party.WORKER]])
def test_either_side_takes_it_apart(by):
    after, happened, _ = decide(a_link(Stage.LINKED), links.End(), by, PATIENCE)
    assert (after.stage, after.because) == (Stage.UNLINKED, Because.NOT_ONE)
    assert {event.person for event in happened} == {WREN.person, OTHER.person}


def test_within_one_agency_the_person_is_there_with_both():
    near = replace(OTHER, home=WREN.home)
    made = links.make(ID, WREN, near, Identity.DOCUMENT)
    assert made.state.stage is Stage.LINKED and not made.state.is_across and not made.timers
    with pytest.raises(Conflict, match="Ask there"):
        links.make(ID, WREN, OTHER, Identity.DOCUMENT)
    with pytest.raises(Invalid):
        links.make(ID, WREN, WREN, Identity.DOCUMENT)


def test_asks_are_counted_whatever_came_of_them():
    links.ask(today=links.A_DAY - 1, stands=False)
    with pytest.raises(Conflict, match="tomorrow"):
        links.ask(today=links.A_DAY, stands=False)
    with pytest.raises(Conflict, match="already"):
        links.ask(today=0, stands=True)


def test_the_persons_page_says_the_same_in_both_languages_and_is_read_with_ease():
    assert RECORDS["en"].keys() == RECORDS["es"].keys()
    said = [*RECORDS["en"].values(), *(words.en for words in SAID.values())]
    assert grade("\n".join(said)) <= GRADE
    assert ease("\n".join([*RECORDS["es"].values(), *(words.es for words in SAID.values())])) >= EASE
