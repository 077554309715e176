"""Sealing binds to its place even where the key would not tell: a store that mixes up keys moves no words."""

from collections.abc import Iterable, Mapping
from uuid import UUID, uuid4

import pytest

from shared.security.sealing import Compartment, Tampered, open_sealed, seal

CONTACT = Compartment.CONTACT


class OneKeyForAll:
    """A broken key store."""

    async def get(self, person: UUID, compartment: Compartment) -> bytes:
        return b"k" * 32

    create = get

    async def get_many(
        self, people: Iterable[UUID], compartment: Compartment, *, alarm: bool = True
    ) -> Mapping[UUID, bytes | None]:
        return dict.fromkeys(people, b"k" * 32)

    async def erase(self, person: UUID) -> None: ...


async def test_a_copy_moved_to_another_place_does_not_open_under_the_same_key():
    keys, ray = OneKeyForAll(), uuid4()
    sealed = await seal(keys, ray, CONTACT, "contact_way.value", "555-0142")
    assert await open_sealed(keys, ray, CONTACT, "contact_way.value", sealed) == "555-0142"
    for person, compartment, field in (
        (uuid4(), CONTACT, "contact_way.value"),
        (ray, Compartment.IDENTITY, "contact_way.value"),
        (ray, CONTACT, "contact_way.note"),
    ):
        with pytest.raises(Tampered):
            await open_sealed(keys, person, compartment, field, sealed)


async def test_where_one_name_ends_and_the_next_begins_is_bound_too():
    keys, ray = OneKeyForAll(), uuid4()
    sealed = await seal(keys, ray, CONTACT, "a.b", "text")
    with pytest.raises(Tampered):
        await open_sealed(keys, ray, CONTACT, "a.b\0", sealed)


async def test_a_format_of_a_later_version_is_not_guessed_at():
    keys, ray = OneKeyForAll(), uuid4()
    sealed = await seal(keys, ray, CONTACT, "a.b", "text")
    with pytest.raises(Tampered, match="form that we know"):
        await open_sealed(keys, ray, CONTACT, "a.b", b"\x02" + sealed[1:])
