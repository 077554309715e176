"""A part is started again for whatever makes another process of it, and for nothing else."""

from pathlib import Path

import pytest

from shared.local.parts import Part


@pytest.fixture
def intake(tmp_path: Path) -> Part:
    settings = {"THROUGHCARE_PORT": "8101", "THROUGHCARE_PUBLIC_URL": "https://throughcare.example"}
    return Part(tmp_path, tmp_path, "intake", "services.intake.app", 8101, settings, "/readyz")


@pytest.mark.parametrize("name", ["THROUGHCARE_OIDC_ISSUER", "THROUGHCARE_ANCHORS", "OTEL_TRACES_SAMPLER"])
def test_a_setting_that_only_the_process_reads_makes_another_one_of_it(intake: Part, monkeypatch, name: str):
    before = intake.meant()
    monkeypatch.setenv(name, "x")
    assert intake.meant() != before
    monkeypatch.delenv(name)
    assert intake.meant() == before


@pytest.mark.parametrize(
    "name", ["THROUGHCARE_STARTED", "THROUGHCARE_JARS", "THROUGHCARE_PUBLIC_URL", "THROUGHCARE_DATABASE_PASSWORD_FILE"]
)
def test_what_a_command_reads_for_itself_restarts_nobody(intake: Part, monkeypatch, name: str):
    before = intake.meant()
    monkeypatch.setenv(name, "x")
    assert intake.meant() == before
