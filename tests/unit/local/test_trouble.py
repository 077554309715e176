"""Of a process that could not start an operator reads the reason that it gave."""

from pathlib import Path

import pytest

from shared.local import trouble

RESTORED = '{"event": "SystemExit: A key is missing: see the runbook", "service": "intake", "level": "error"}'
UVICORNS = '{"event": "Application startup failed. Exiting.", "service": "intake", "level": "error"}'


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((RESTORED, UVICORNS), "A key is missing: see the runbook"),
        (("no bed tonight",), "no bed tonight"),
        ((RESTORED, "later", "and later", "a crash"), "a crash"),
        ((), ""),
    ],
)
def test_what_the_server_around_it_says_last_is_not_why_it_ended(tmp_path: Path, lines: tuple[str, ...], said: str):
    log = tmp_path / "intake.log"
    log.write_text("".join(f"{line}\n" for line in lines))
    assert trouble.why_it_ended(log) == said
