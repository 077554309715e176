"""README.md is held against the code: whatever an operator may set stands in its table of settings."""

import re
from pathlib import Path

import pytest

from services.notifications.settings import Voice
from services.reporting.settings import Mirror
from shared.local.settings import LocalSettings
from shared.runtime.settings import PREFIX, Settings

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
OPENID = {name for name in Settings.model_fields if name.startswith("oidc_")} | {"passwords"}  # in its own runbook
# What `up` and docker-compose.yml give each process, and what only a measurement changes.
GIVEN = {"host", "roles", "signing_secret", "signing_keys", "verifying_keys", "sealing_key"}
GIVEN |= {"kafka_admin_user", "kafka_admin_password"}
MEASURED = {"database_pool", "keys_pool", "relay_batch", "relay_idle", "inbox_batch"}


def told() -> set[str]:
    """Names in the first column; `_CA_FILE` behind `THROUGHCARE_KEYS_PASSWORD` is one more of the same."""
    found = set()
    for row in re.findall(r"^\| (`THROUGHCARE_[^|]*) \|", README, re.MULTILINE):
        names = re.findall(r"`([A-Z_]+)`", row)
        stem = names[0].rpartition("_")[0]
        found |= {stem + name if name.startswith("_") else name for name in names}
    return found


@pytest.mark.parametrize("settings", [LocalSettings, Settings, Voice, Mirror])
def test_a_setting_that_an_operator_may_change_stands_in_the_readme(settings: type):
    changed = settings.model_fields.keys() - OPENID - GIVEN - MEASURED
    assert {f"{PREFIX}{name.upper()}" for name in changed} <= told()
