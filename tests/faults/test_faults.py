"""Promise P6 over the real four services under a handful of kills; then the harness proves itself on the same stage."""

import pytest

from tests.faults.run import a_play

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]


async def test_nothing_is_lost_doubled_or_told_too_late_and_a_broken_inbox_is_noticed() -> None:
    """A judge that found nothing in the second half could not find anything anywhere."""
    async with a_play(events=400, kills=4, seed=5) as play:
        assert play.set_back == "caseplan", "a source, which has to go on after what it forgot"
        await play.play()
        report = await play.report()
        assert report.ok, report.json()
        assert report.blows["restore"] == 1
        assert report.partner_records
        broken = await play.break_with("no_progress_check", events=150)
        assert broken.findings.doubled, broken.json()
