"""Second factors: the standard's own figures, each of them once, and ten codes for the day the phone is lost."""

from base64 import b32encode

import pytest

from services.intake.signing_in import codes
from services.intake.signing_in.codes import (
    RECOVERY_CODES,
    STEP,
    code_at,
    hash_of_recovery,
    new_recovery_codes,
    step_of,
)

SECRET = b32encode(b"12345678901234567890").decode()  # of RFC 6238, appendix B


@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037"),
     (20000000000, "353130")],
)  # fmt: skip
def test_the_codes_are_those_of_the_standard(at, code):
    assert code_at(SECRET, at // STEP) == code
    assert step_of(SECRET, code, at, None) == at // STEP


@pytest.mark.parametrize(("late", "taken"), [(-31, True), (-61, False), (31, True), (61, False)])
def test_a_phone_may_be_half_a_minute_off_and_no_more(late, taken):
    now = 1_800_000_015
    assert (step_of(SECRET, code_at(SECRET, (now + late) // STEP), now, None) is not None) is taken


def test_a_code_that_was_taken_is_not_taken_again_nor_is_an_older_one():
    now = 1_800_000_015
    here = now // STEP
    for step in (here - 1, here):
        assert step_of(SECRET, code_at(SECRET, step), now, here) is None
    assert step_of(SECRET, code_at(SECRET, here + 1), now, here) == here + 1


@pytest.mark.parametrize("code", ["", "1", "12345", "1234567", "12345a", "١٢٣٤٥٦", "abcd-efgh-ijkl-mnop", "\u0000" * 6])
def test_what_is_no_code_fits_nothing(code):
    assert step_of(SECRET, code, 59, None) is None


def test_recovery_codes_are_ten_and_long_and_never_twice_the_same():
    first, second = new_recovery_codes(), new_recovery_codes()
    assert len({*first, *second}) == 2 * RECOVERY_CODES
    assert all(len(code.replace("-", "")) == 16 for code in first)


def test_a_recovery_code_may_be_typed_as_people_type():
    [code, *_] = new_recovery_codes()
    assert hash_of_recovery(code) == hash_of_recovery(f" {code.replace('-', ' ').upper()} ")
    assert hash_of_recovery(code) != hash_of_recovery(new_recovery_codes()[0])


def test_the_picture_is_drawn_here_and_asks_nobody():
    address = codes.address_of(codes.new_secret(), "dana@alder")
    assert address.startswith("otpauth://totp/Throughcare%3Adana%40alder?secret=")
    picture = codes.picture_of(address)
    assert picture.startswith("<svg") and "http" not in picture.replace("http://www.w3.org/2000/svg", "")
    assert " style=" not in picture, "the policy of our pages allows no inline style"
