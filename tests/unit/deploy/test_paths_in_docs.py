"""What the documents lead to is there: files of the house, and each other.

Decisions are left out where they name files: they say how it was then, and are never rewritten.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NOW = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "runbooks").glob("*.md")]
ALL = [*NOW, *(ROOT / "docs" / "decisions").glob("*.md")]
FILE = re.compile(r"`((?:services|shared|tests|cli|bench|deploy|docs)/[\w/.-]*[\w/])`")
TEST = re.compile(r"`(test_\w+\.py)`")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def named(paths: list[Path]) -> list[object]:
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in sorted(paths)]


@pytest.mark.parametrize("path", named(NOW))
def test_a_file_that_a_document_names_is_there(path):
    assert [name for name in FILE.findall(path.read_text(encoding="utf-8")) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("path", named(NOW))
def test_a_test_that_a_document_names_shortly_is_there(path):
    tests = {test.name for test in (ROOT / "tests").rglob("test_*.py")}
    assert set(TEST.findall(path.read_text(encoding="utf-8"))) <= tests


@pytest.mark.parametrize("path", named(ALL))
def test_a_link_leads_somewhere(path):
    assert [to for to in LINK.findall(path.read_text(encoding="utf-8")) if not (path.parent / to).exists()] == []
