"""Promise P6 under a handful of kills: every kind of process, both servers, a lost log end, a restore."""

import pytest

from tests.faults.run import run

pytestmark = [pytest.mark.network, pytest.mark.timeout(400)]


async def test_nothing_is_lost_doubled_or_inverted(capsys):
    report = await run(1200, 16, seed=3)
    assert report.ok, report.json()
    assert report.findings.produced >= 1200
    assert report.blows["restore"] == 1


async def test_the_harness_notices_an_inbox_that_skips_its_check(capsys):
    """A judge that finds nothing here could not find anything anywhere."""
    report = await run(600, 6, seed=5, mutant="no_progress_check")
    assert not report.ok
    assert report.findings.doubled
