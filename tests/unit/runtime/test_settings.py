"""Settings that would break a promise are refused where they are read."""

import pytest
from pydantic import ValidationError

from shared.runtime.settings import Settings


def test_a_relay_looks_for_events_at_least_twenty_times_a_second():
    assert Settings(demo=True, relay_idle=0.05).relay_idle == 0.05
    with pytest.raises(ValidationError, match="relay_idle"):
        Settings(demo=True, relay_idle=0.06)
