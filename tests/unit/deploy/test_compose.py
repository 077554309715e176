"""docker-compose.yml is held against the code: its settings exist, and each container has its own secrets alone."""

from pathlib import Path

import pytest
import yaml

from cli.secrets import FILES, TOKENS, names
from shared.contracts.topics import SERVICES
from shared.local.settings import LocalSettings
from shared.runtime.settings import PREFIX, Settings
from shared.security.signing import PRIVATE, PUBLIC

ROOT = Path(__file__).parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
CONTAINERS = COMPOSE["services"]
PROCESSES = [f"{service}-{role}" for service in SERVICES for role in ("api", "worker")]


def keys(container: str) -> set[str]:
    return {key for key in CONTAINERS[container]["environment"] if key.startswith(PREFIX)}


def known(settings: type) -> set[str]:
    """By value or by file; `SEALING_KEY_FILE` and the like are settings themselves."""
    names = {f"{PREFIX}{name.upper()}" for name in settings.model_fields}
    return names | {f"{name}_FILE" for name in names}


@pytest.mark.parametrize("container", PROCESSES)
def test_every_setting_of_a_service_is_one_that_it_reads(container):
    assert keys(container) <= known(Settings)


def test_every_setting_of_the_preparation_is_one_that_it_reads():
    assert keys("prepare") <= known(LocalSettings)


def test_every_service_runs_both_of_its_roles_apart():
    for service in SERVICES:
        roles = {CONTAINERS[f"{service}-{role}"]["environment"]["THROUGHCARE_ROLES"] for role in ("api", "worker")}
        assert roles == {"api", "worker"}


def test_what_a_worker_anchors_outlives_its_container_and_an_operator_verifies_by_it():
    for container in ("prepare", *(f"{service}-worker" for service in SERVICES)):
        kept = [volume.partition(":")[2] for volume in CONTAINERS[container]["volumes"]]
        assert "/home/throughcare/state/anchors" in kept


def test_no_command_of_an_operator_takes_the_network_for_a_demo():
    assert CONTAINERS["prepare"]["environment"]["THROUGHCARE_DEMO"] == "0"


@pytest.mark.parametrize("container", PROCESSES)
def test_a_container_gets_its_own_secrets_and_nobody_elses(container):
    service = container.rpartition("-")[0]
    given = CONTAINERS[container]
    assert set(given["secrets"]) == {"signing", "sealing", f"postgres.{service}", f"kafka.{service}"}
    for key, value in given["environment"].items():
        if key.endswith("_FILE"):
            assert value.removeprefix("/run/secrets/") in given["secrets"]
    assert given["environment"]["THROUGHCARE_KAFKA_USER"] == service


@pytest.mark.parametrize("container", PROCESSES)
def test_keys_lie_in_another_database_than_what_they_open(container):
    given = CONTAINERS[container]["environment"]
    assert given["THROUGHCARE_KEYS"].rpartition("/")[2] == "throughcare_keys"
    assert given["THROUGHCARE_DATABASE"].rpartition("/")[2] == "throughcare"
    assert given["THROUGHCARE_KEYS_PASSWORD_FILE"] == given["THROUGHCARE_DATABASE_PASSWORD_FILE"]


def test_whoever_erases_and_whoever_replays_write_and_read_one_ledger():
    holders = {name for name, one in CONTAINERS.items() if "erasures:/erasures" in one.get("volumes", ())}
    assert holders == {"intake-api", "intake-worker", "prepare"}
    assert {CONTAINERS[name]["environment"]["THROUGHCARE_ERASURES"] for name in holders} == {"/erasures"}


@pytest.mark.parametrize("container", PROCESSES)
def test_everybody_verifies_tokens_and_intake_alone_signs_them(container):
    """Folders are mounted, not files: a file that is mounted alone stays what it was when a key rotates."""
    mounted = {volume.split(":")[1]: volume.split(":") for volume in CONTAINERS[container]["volumes"]}
    environment = CONTAINERS[container]["environment"]
    given = {f"{PREFIX}VERIFYING_KEYS": PUBLIC, f"{PREFIX}SIGNING_KEYS": PRIVATE}
    if not container.startswith("intake-"):
        del given[f"{PREFIX}SIGNING_KEYS"]
    for key, half in given.items():
        folder, name = environment[key].rsplit("/", 1)
        assert mounted[folder] == [f"./secrets/{TOKENS}/{half.parent}", folder, "ro"]
        assert name == half.name
    assert {key for key in environment if key.endswith("ING_KEYS")} == set(given)
    assert sum("tokens" in folder for folder in mounted) == len(given)


def test_no_secret_stands_in_the_file_itself():
    for container in CONTAINERS.values():
        for key, value in (container.get("environment") or {}).items():
            if key.removesuffix("_FILE").endswith(("PASSWORD", "SECRET", "_KEY")):
                assert str(value).startswith("/"), key


def test_every_secret_that_a_container_gets_is_made_by_the_command():
    assert {secret["file"] for secret in COMPOSE["secrets"].values()} <= {f"secrets/{FILES}/{name}" for name in names()}
    assert f"./secrets/{FILES}:/home/throughcare/state/secrets" in CONTAINERS["prepare"]["volumes"]


def test_every_process_starts_a_module_that_is_there():
    for container in PROCESSES:
        module = CONTAINERS[container]["command"][-1]
        assert (ROOT / Path(*module.split(".")).with_suffix(".py")).is_file(), module


def test_the_image_holds_what_it_runs():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = {line.split()[1] for line in lines if line.startswith("COPY")}
    assert {"shared", "services", "cli", "requirements/runtime.lock"} <= copied


def test_the_front_sends_every_service_its_prefix():
    front = (ROOT / "deploy" / "front.conf").read_text(encoding="utf-8")
    assert f"({'|'.join(SERVICES)})" in front
