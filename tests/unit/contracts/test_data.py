"""One place encodes an event's data, and a reader is patient with what a newer writer adds."""

import json
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest

from shared.contracts import agency, consent, envelope
from shared.contracts.codes import Coded
from shared.contracts.data import UnknownType, dataschema_of, decode, decode_data, encode_data
from shared.contracts.documents.samples import sample_of
from shared.contracts.envelope import BadRecord, TooLarge
from shared.contracts.events import EVENTS, Event, SideEvent, topic_of
from shared.contracts.halted import Halted
from shared.runtime.errors import Permanent
from tests.unit.contracts.worlds import ID, an_envelope

ROOT = Path(__file__).parents[3]
REVOKED = consent.Revoked.type


class Mood(Coded):
    FINE = "fine", "Fine", "Nothing to say."


@pytest.fixture
def mood_event():
    class MoodTold(Event):
        topic: ClassVar[str] = "throughcare.mood.v1"
        type: ClassVar[str] = "throughcare.mood.told.v1"

        mood: Mood

    yield MoodTold
    del EVENTS[MoodTold.type]


def data_of(kind, **changes) -> bytes:
    return json.dumps(json.loads(encode_data(sample_of(kind))) | changes).encode()


@pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.type)
@pytest.mark.parametrize("full", [True, False])
def test_every_event_comes_back_as_it_was_written(kind, full):
    event = sample_of(kind, full=full)
    assert decode_data(kind.type, encode_data(event)) == event


def test_every_field_is_written_so_a_later_default_changes_no_old_fact():
    data = json.loads(encode_data(sample_of(agency.Registered, full=False)))
    assert set(data) == set(agency.Registered.model_fields)


def test_a_type_that_nobody_here_knows_is_no_failure():
    with pytest.raises(UnknownType) as unknown:
        decode_data("throughcare.referral.teleported.v1", b"{}")
    assert not isinstance(unknown.value, Permanent)
    assert unknown.value.type == "throughcare.referral.teleported.v1"


def test_fields_that_a_newer_writer_added_are_ignored():
    read = decode_data(REVOKED, data_of(consent.Revoked, tomorrow={"any": "thing"}))
    assert read == sample_of(consent.Revoked)


def test_known_values_are_open_a_reader_takes_another_code():
    assert decode_data(REVOKED, data_of(consent.Revoked, given="by_pigeon")).given == "by_pigeon"


@pytest.mark.parametrize("given", ["", "By Pigeon", "x" * 65, "1st", None, 7, "caf\u00e9"])
def test_an_open_code_is_still_a_code(given):
    with pytest.raises(BadRecord, match="bad_data: given"):
        decode_data(REVOKED, data_of(consent.Revoked, given=given))


def test_declared_codes_are_open_to_readers_and_closed_to_everyone_else(mood_event):
    read = decode_data(mood_event.type, b'{"mood":"not_yet_thought_of"}')
    assert read.mood == "not_yet_thought_of"
    assert read.mood.label == "Not yet thought of"
    assert read.mood not in list(Mood)
    assert encode_data(read) == b'{"mood":"not_yet_thought_of"}'
    with pytest.raises(ValueError, match="not_yet_thought_of"):
        Mood("not_yet_thought_of")
    with pytest.raises(ValueError, match="mood"):
        mood_event(mood="not_yet_thought_of")
    with pytest.raises(BadRecord, match="bad_data"):
        decode_data(mood_event.type, b'{"mood":"Not a code!"}')
    with pytest.raises(ValueError, match="never"):
        Mood("never")


def test_declared_codes_are_read_as_what_they_are(mood_event):
    assert decode_data(mood_event.type, b'{"mood":"fine"}').mood is Mood.FINE


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "bad_json"),
        (b"{", "bad_json"),
        (b"\xff", "bad_json"),
        (b"[" * 10_000, "bad_json"),
        (b'{"consent":' + b"9" * 5000 + b"}", "bad_json"),
        (b"null", "bad_data"),
        (b"[]", "bad_data"),
        (b"{}", "bad_data"),
        (b'"text"', "bad_data"),
        (b'{"consent":1,"person":2,"given":3}', "bad_data"),
    ],
)
def test_data_that_does_not_fit_is_refused(data, reason):
    with pytest.raises(BadRecord) as bad:
        decode_data(REVOKED, data)
    assert bad.value.reason == reason
    assert bad.value.type == REVOKED


def test_a_refusal_names_the_field_and_never_what_stood_there():
    with pytest.raises(BadRecord) as bad:
        decode_data(REVOKED, data_of(consent.Revoked, person="Ray Washington", consent="555-0142"))
    assert str(bad.value) == "bad_data: consent: uuid_parsing and 1 more"


def test_text_is_not_taken_for_a_number():
    with pytest.raises(BadRecord, match=r"calendar\.openings\.0\.weekday"):
        opening = {"weekday": "1", "opens": "09:00:00", "closes": "17:00:00"}
        calendar = {"timezone": "America/New_York", "openings": [opening]}
        decode_data(agency.Registered.type, data_of(agency.Registered, calendar=calendar))


def test_a_refusal_of_a_record_knows_whose_it_was():
    whole = an_envelope(type=REVOKED, data=b"{}")
    with pytest.raises(BadRecord) as bad:
        decode(whole)
    assert (bad.value.subject, bad.value.source, bad.value.id) == (whole.subject, whole.source, ID)
    assert bad.value.sequence == whole.sequence


def test_data_over_256_kib_is_refused_before_it_is_written():
    holidays = tuple(f"{year}-01-01" for year in range(2000, 2400))
    calendar = agency.Calendar(timezone="America/New_York", holidays=holidays)
    sound = sample_of(agency.Registered).model_copy(update={"calendar": calendar})
    assert len(encode_data(sound)) < 10_000
    with pytest.raises(TooLarge):
        encode_data(sound.model_copy(update={"name": "x" * envelope.LARGEST_VALUE}))


def test_importing_the_package_defines_every_event_there_is():
    """In a process of its own, since here other tests have imported more."""
    program = """
import pkgutil, importlib, shared.contracts
from shared.contracts.events import EVENTS
known = set(EVENTS)
for module in pkgutil.walk_packages(shared.contracts.__path__, "shared.contracts."):
    importlib.import_module(module.name)
print(sorted(set(EVENTS) - known))
"""
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "[]", "name the module in shared/contracts/__init__.py"


def test_two_classes_cannot_claim_one_type():
    with pytest.raises(TypeError, match="two event classes claim"):

        class Imposter(Event):
            topic: ClassVar[str] = "throughcare.consent.v1"
            type: ClassVar[str] = REVOKED


def test_a_side_event_stands_on_the_topic_of_the_service_that_says_it():
    said = Halted(service="notifications", consent=ID, person=ID)
    assert said.topic == "throughcare.notifications.halted.v1"
    assert topic_of(Halted) == "throughcare.{service}.halted.v1"
    assert issubclass(Halted, SideEvent)


def test_the_data_schema_names_type_and_version():
    assert dataschema_of(REVOKED) == "urn:throughcare:schema:throughcare.consent.revoked.v1"
