"""What intake said of a consent is enough to know where it stood, and that nothing is live that was taken back."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.intake import consents
from services.intake.consents import Stage, decide
from services.intake.refolding import fold
from shared.contracts.data import decode_data, encode_data
from shared.workflow import GuardNotMet
from tests.unit.intake.test_consents import BY, COURT, HOUSING, ONE_SETBACK, PATIENCE, TODAY, a_consent, say

UNSAID = {Stage.ASKED, Stage.NOT_NOW}  # nobody else's news: no event tells of them


@given(st.data())
def test_a_consent_stands_where_its_events_say(data):
    terms = data.draw(st.sampled_from([HOUSING, COURT, ONE_SETBACK]))
    consent, known = a_consent(terms=terms), None
    for _ in range(data.draw(st.integers(1, 10))):
        rows = [(verb, party) for party in BY for verb in consents.offers(consent, party) if verb != "take_effect"]
        if not rows:
            break
        verb, party = data.draw(st.sampled_from(rows))
        try:
            consent, happened, _ = decide(consent, say(verb), BY[party], PATIENCE)
        except GuardNotMet:
            continue
        for event in happened:
            read = decode_data(event.type, encode_data(event))
            known = fold(known, read, terms.zone, TODAY)
        if consent.stage in UNSAID:
            assert known is None
            continue
        expected = replace(consent, halted=frozenset())  # the services say again that they have
        assert known == expected
