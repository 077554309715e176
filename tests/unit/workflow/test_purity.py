"""Decisions are pure: no clock, no chance, no database, no network, no log, and no other concept's affairs."""

import ast
from pathlib import Path

import pytest

from shared.contracts.codes import Coded

ROOT = Path(__file__).parents[3]
PURE = sorted(
    [
        *(ROOT / "shared/workflow").glob("*.py"),
        *(ROOT / "services/caseplan/referrals").glob("*.py"),
        *(ROOT / "services/caseplan/plans").glob("*.py"),
        *(ROOT / f"services/caseplan/{name}.py" for name in ("setbacks", "concerns", "promises", "calendars")),
        ROOT / "services/caseplan/sharing.py",
        ROOT / "services/caseplan/folding.py",
        *(ROOT / "services/intake/consents").glob("*.py"),
        *(ROOT / f"shared/contracts/{name}.py" for name in ("referral", "setback", "promise", "plan", "parties")),
    ]
)
MAY_IMPORT = {
    "collections",
    "dataclasses",
    "datetime",
    "enum",
    "functools",
    "pydantic",
    "services",
    "shared",
    "typing",
    "uuid",
    "zoneinfo",
}
NEVER = ("shared.messaging", "shared.local", "shared.web", "shared.security", "shared.runtime.database")
CLOCKS_AND_CHANCE = {"now", "today", "utcnow", "uuid1", "uuid4", "uuid7", "time_ns", "urandom", "print", "open"}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def calls(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


each_module = pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(ROOT)))


@each_module
def test_a_decision_imports_nothing_that_reaches_outside(path):
    found = set(imports(path))
    assert {name.partition(".")[0] for name in found} <= MAY_IMPORT
    assert not [name for name in found if name.startswith(NEVER)]


@each_module
def test_a_decision_asks_no_clock_and_no_chance(path):
    assert not CLOCKS_AND_CHANCE & set(calls(path))


def test_a_setback_knows_of_no_referral_plan_or_promise():
    """Promise P3: what does not know a place in a queue can't take it away."""
    for name in ("setbacks", "concerns"):
        found = set(imports(ROOT / f"services/caseplan/{name}.py"))
        assert not [other for other in found if {"referrals", "plans", "promises"} & set(other.split("."))]


def codes():
    for kind in Coded.__subclasses__():
        if kind.__module__.startswith(("shared.contracts", "services")):
            yield from kind


@pytest.mark.parametrize("code", list(codes()), ids=lambda code: f"{type(code).__name__}.{code.name}")
def test_every_code_explains_itself(code):
    assert code.label
    assert code.explanation.endswith(".")
    assert code.name.lower() == code.value
