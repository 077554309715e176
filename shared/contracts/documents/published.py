"""The folder `docs/contracts`: what is generated there, what was published there, and whether both still hold.

schemas/<type>.json      generated: what the code says today
asyncapi/<service>.yaml  generated: one for each service, and one for partners
README.md                generated: the catalogue
published/<type>.json    what readers rely on; changes only by additions
golden/<type>/<n>.json   records as they were written once; every later reader must still read them
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

import shared.contracts  # noqa: F401  defines every event
from shared.contracts.codec import data_in, from_structured, open_document
from shared.contracts.data import UnknownType, decode, decode_data
from shared.contracts.documents.asyncapi import PARTNER, document_of
from shared.contracts.documents.catalogue import catalogue
from shared.contracts.documents.compatibility import Break, binding, breaks
from shared.contracts.documents.samples import record_of, sample_of
from shared.contracts.documents.schemas import Schema, schema_of
from shared.contracts.envelope import BadRecord
from shared.contracts.events import EVENTS, Event
from shared.contracts.topics import SERVICES

FOLDER = Path("docs/contracts")


@dataclass(frozen=True, slots=True)
class Findings:
    """What stands in the way. `breaks` are refused changes; the rest is mended by writing."""

    drift: list[str] = field(default_factory=list)  # files that are not what the code says, with why
    breaks: list[Break] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)  # golden records that no longer read, with why

    def __bool__(self) -> bool:
        return bool(self.drift or self.breaks or self.unreadable)

    def sentences(self) -> Iterator[str]:
        yield from (found.says for found in self.breaks)
        yield from self.unreadable
        yield from self.drift


def generated() -> dict[str, str]:
    """Every generated file: path below the folder -> text."""
    files = {f"schemas/{name}.json": to_text(schema) for name, schema in schemas().items()}
    for service in (*SERVICES, PARTNER):
        files[f"asyncapi/{service}.yaml"] = to_yaml(document_of(service))
    return files | {"README.md": catalogue()}


def schemas() -> dict[str, Schema]:
    return {name: schema_of(EVENTS[name]) for name in sorted(EVENTS)}


def check(folder: Path = FOLDER) -> Findings:
    """Compare the folder with the code, and the code with what was published. Writes nothing."""
    current = schemas()
    published = read_published(folder)
    drift = [*_drift(folder, generated()), *_unpublished(folder, current, published)]
    return Findings(drift, find_breaks(published, current), unreadable(folder))


def write(folder: Path = FOLDER, *, unreleased: Iterable[str] = ()) -> Findings:
    """Write what is generated and publish additions, unless something published would break: then nothing is written.

    `unreleased` are types, or patterns such as `throughcare.plan.*`, that no release has carried yet: what was
    published of them is forgotten first.
    """
    for name in read_published(folder):
        if any(fnmatchcase(name, pattern) for pattern in unreleased):
            _forget(folder, name)
    current = schemas()
    found = Findings(breaks=find_breaks(read_published(folder), current), unreadable=unreadable(folder))
    if found:
        return found
    files = generated()
    files |= {f"published/{name}.json": to_text(binding(schema)) for name, schema in current.items()}
    for path in _surplus(folder, files):
        path.unlink()
    for name in sorted(files):
        _put(folder / name, files[name])
    for kind in EVENTS.values():
        _keep_golden(folder, kind)
    return found


def find_breaks(published: Mapping[str, Schema], current: Mapping[str, Schema]) -> list[Break]:
    return [found for name, old in published.items() for found in breaks(name, old, current.get(name))]


def read_published(folder: Path) -> dict[str, Schema]:
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((folder / "published").glob("*.json"))}


def unreadable(folder: Path) -> list[str]:
    """Golden records that today's code refuses, each as a sentence."""
    found = []
    for path in sorted((folder / "golden").glob("*/*.json")):
        try:
            read_golden(path.read_bytes())
        except (BadRecord, UnknownType) as error:
            found.append(f"{path}: this record was written once and no longer reads: {error}")
    return found


def read_golden(record: bytes) -> Event:
    """The event of a golden record: ours as any consumer reads it, a partner's from the document alone."""
    found, document = open_document(record)
    if document["type"].startswith("partner."):
        return decode_data(document["type"], data_in(document, found))
    return decode(from_structured(record))


def to_text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def to_yaml(document: Mapping[str, Any]) -> str:
    head = "# Generated by `throughcare contracts write`; changes made here are lost.\n"
    return head + yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110)


class _Plain(yaml.SafeDumper):
    """Without anchors: equal parts are equal text."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _drift(folder: Path, files: Mapping[str, str]) -> Iterator[str]:
    for name, text in files.items():
        path = folder / name
        if not path.exists():
            yield f"{path} is missing. Run `throughcare contracts write`."
        elif path.read_text("utf-8") != text:
            yield f"{path} is not what the code says. Run `throughcare contracts write`."
    for path in _surplus(folder, files):
        yield f"{path} belongs to nothing any more. Run `throughcare contracts write`."


def _surplus(folder: Path, files: Mapping[str, str]) -> list[Path]:
    written = [*folder.glob("schemas/*"), *folder.glob("asyncapi/*")]
    return sorted(path for path in written if path.relative_to(folder).as_posix() not in files)


def _unpublished(folder: Path, current: Mapping[str, Schema], published: Mapping[str, Schema]) -> Iterator[str]:
    for name, schema in current.items():
        if published.get(name) != binding(schema):
            yield f"{name} is not published as it is now. Run `throughcare contracts write`."
        elif not _is_golden(folder, EVENTS[name]):
            yield f"{name} has no golden record of its present form. Run `throughcare contracts write`."


def _goldens(folder: Path, kind: type[Event]) -> list[Path]:
    return sorted((folder / "golden" / kind.type).glob("*.json"), key=lambda path: int(path.stem))


def _records(kind: type[Event]) -> list[str]:
    """The golden text of the fullest and of the barest event of a type; one where they are the same."""
    both = (record_of(sample_of(kind, full=True)), record_of(sample_of(kind, full=False)))
    return list(dict.fromkeys(to_text(json.loads(record)) for record in both))


def _is_golden(folder: Path, kind: type[Event]) -> bool:
    kept = {path.read_text("utf-8") for path in _goldens(folder, kind)}
    return kept.issuperset(_records(kind))


def _keep_golden(folder: Path, kind: type[Event]) -> None:
    """Add the records of the present form; those of earlier forms stay for ever."""
    paths = _goldens(folder, kind)
    kept = {path.read_text("utf-8") for path in paths}
    number = int(paths[-1].stem) if paths else 0
    for text in _records(kind):
        if text not in kept:
            number += 1
            _put(folder / "golden" / kind.type / f"{number}.json", text)


def _forget(folder: Path, name: str) -> None:
    (folder / "published" / f"{name}.json").unlink()
    shutil.rmtree(folder / "golden" / name, ignore_errors=True)


def _put(path: Path, text: str) -> None:
    if path.exists() and path.read_text("utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
