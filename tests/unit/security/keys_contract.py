"""What every key store must do. Whoever implements `Keys` inherits this class and gives it `keys`."""

import asyncio
from random import Random
from uuid import uuid4

import pytest

from shared.runtime.errors import Permanent, Retryable
from shared.security.sealing import (
    Compartment,
    Erased,
    KeyMissing,
    Keys,
    Tampered,
    open_many,
    open_sealed,
    seal,
)

CONTACT, IDENTITY = Compartment.CONTACT, Compartment.IDENTITY
FIELD = "contact_way.value"
CANARY = "canary 555-0142"


class KeysContract:
    """The rules of a key store, and of sealing on it."""

    async def test_a_key_is_made_once_and_stays(self, keys: Keys):
        person = uuid4()
        made = await keys.create(person, CONTACT)
        assert len(made) == 32
        assert await keys.create(person, CONTACT) == await keys.get(person, CONTACT) == made

    async def test_all_who_ask_at_once_get_the_same_key(self, keys: Keys):
        person = uuid4()
        made = await asyncio.gather(*(keys.create(person, CONTACT) for _ in range(20)))
        assert len(set(made)) == 1

    async def test_keys_of_many_are_made_in_one_question_and_are_those_that_anybody_gets(self, keys: Keys):
        known, erased, *new = [uuid4() for _ in range(50)]
        before = await keys.create(known, IDENTITY)
        await keys.create(erased, IDENTITY)
        await keys.erase(erased)
        made, again = await asyncio.gather(*(keys.create_many([known, erased, *new], IDENTITY) for _ in range(2)))
        assert made == again
        assert (made[known], made[erased]) == (before, None)
        assert len({made[one] for one in new}) == len(new)
        assert await keys.get_many([known, *new], IDENTITY) == {one: made[one] for one in (known, *new)}
        assert await keys.create_many([], IDENTITY) == {}

    async def test_each_person_and_compartment_has_a_key_of_its_own(self, keys: Keys):
        people = [uuid4() for _ in range(3)]
        made = [await keys.create(person, compartment) for person in people for compartment in (CONTACT, IDENTITY)]
        assert len(set(made)) == len(made)

    async def test_a_missing_key_is_an_alarm_and_no_erasure(self, keys: Keys):
        person = uuid4()
        with pytest.raises(KeyMissing) as missing:
            await keys.get(person, CONTACT)
        assert isinstance(missing.value, Retryable)
        assert not isinstance(missing.value, Erased)
        await keys.create(person, IDENTITY)
        with pytest.raises(KeyMissing):
            await keys.get(person, CONTACT)

    async def test_erased_is_known_in_every_compartment_used_or_not(self, keys: Keys):
        person = uuid4()
        await keys.create(person, CONTACT)
        await keys.erase(person)
        for compartment in (CONTACT, IDENTITY):
            with pytest.raises(Erased) as erased:
                await keys.get(person, compartment)
            assert not isinstance(erased.value, Retryable)
            with pytest.raises(Erased):
                await keys.create(person, compartment)

    async def test_erasing_twice_or_before_any_key_is_the_same(self, keys: Keys):
        person = uuid4()
        await keys.erase(person)
        await keys.erase(person)
        with pytest.raises(Erased):
            await keys.create(person, CONTACT)

    async def test_erasing_one_leaves_the_others(self, keys: Keys):
        ray, jo = uuid4(), uuid4()
        of_jo = await keys.create(jo, CONTACT)
        await keys.create(ray, CONTACT)
        await keys.erase(ray)
        assert await keys.get(jo, CONTACT) == of_jo

    async def test_many_are_found_at_once_and_the_erased_among_them_are_named(self, keys: Keys):
        people = [uuid4() for _ in range(5)]
        made = {person: await keys.create(person, CONTACT) for person in people}
        await keys.erase(people[2])
        assert await keys.get_many(people, CONTACT) == {**made, people[2]: None}
        assert await keys.get_many([], CONTACT) == {}
        with pytest.raises(KeyMissing):
            await keys.get_many([people[0], uuid4()], CONTACT)

    async def test_what_is_sealed_opens_again(self, keys: Keys):
        person = uuid4()
        for text in ("", "Ray", "Señora Muñoz 🌿", "x" * 100_000, "a\0b"):
            assert (
                await open_sealed(keys, person, CONTACT, FIELD, await seal(keys, person, CONTACT, FIELD, text)) == text
            )

    async def test_the_same_text_never_looks_the_same_twice(self, keys: Keys):
        person = uuid4()
        assert len({await seal(keys, person, CONTACT, FIELD, CANARY) for _ in range(50)}) == 50

    async def test_nothing_of_the_text_or_the_person_shows(self, keys: Keys):
        person = uuid4()
        sealed = await seal(keys, person, CONTACT, FIELD, CANARY)
        assert CANARY.encode() not in sealed
        assert b"canary" not in sealed
        assert person.bytes not in sealed
        assert await keys.get(person, CONTACT) not in sealed

    async def test_any_changed_byte_is_noticed(self, keys: Keys):
        person = uuid4()
        sealed = await seal(keys, person, CONTACT, FIELD, CANARY)
        for place in range(len(sealed)):
            changed = bytearray(sealed)
            changed[place] ^= 1
            with pytest.raises(Tampered) as tampered:
                await open_sealed(keys, person, CONTACT, FIELD, bytes(changed))
            assert isinstance(tampered.value, Permanent)
            assert CANARY not in str(tampered.value)

    async def test_any_cut_is_noticed(self, keys: Keys):
        person = uuid4()
        sealed = await seal(keys, person, CONTACT, FIELD, CANARY)
        for length in range(len(sealed)):
            with pytest.raises(Tampered):
                await open_sealed(keys, person, CONTACT, FIELD, sealed[:length])
        with pytest.raises(Tampered):
            await open_sealed(keys, person, CONTACT, FIELD, sealed + b"\0")

    async def test_a_copy_under_another_person_field_or_compartment_does_not_open(self, keys: Keys):
        ray, jo = uuid4(), uuid4()
        sealed = await seal(keys, ray, CONTACT, FIELD, CANARY)
        await seal(keys, jo, CONTACT, FIELD, "x")
        await seal(keys, ray, IDENTITY, FIELD, "x")
        moved = [
            (jo, CONTACT, FIELD),
            (ray, IDENTITY, FIELD),
            (ray, CONTACT, "person.name"),
            (ray, CONTACT, FIELD + "x"),
        ]
        for person, compartment, field in moved:
            with pytest.raises(Tampered):
                await open_sealed(keys, person, compartment, field, sealed)

    async def test_noise_is_tampered_with_and_nothing_worse(self, keys: Keys):
        person, random = uuid4(), Random(7)
        await keys.create(person, CONTACT)
        for length in range(120):
            with pytest.raises(Tampered):
                await open_sealed(keys, person, CONTACT, FIELD, random.randbytes(length))
            with pytest.raises(Tampered):
                await open_sealed(keys, person, CONTACT, FIELD, b"\x01" + random.randbytes(length))

    async def test_what_was_sealed_of_an_erased_person_is_gone_and_nothing_new_is_written(self, keys: Keys):
        person = uuid4()
        sealed = await seal(keys, person, CONTACT, FIELD, CANARY)
        await keys.erase(person)
        with pytest.raises(Erased):
            await open_sealed(keys, person, CONTACT, FIELD, sealed)
        with pytest.raises(Erased):
            await seal(keys, person, CONTACT, FIELD, CANARY)

    async def test_a_list_opens_in_one_go_and_shows_who_was_erased_as_nobody(self, keys: Keys):
        people = [uuid4() for _ in range(4)]
        sealed = {p: await seal(keys, p, IDENTITY, "person.name", f"name {n}") for n, p in enumerate(people)}
        await keys.erase(people[1])
        opened = await open_many(keys, IDENTITY, "person.name", sealed)
        assert list(opened.values()) == ["name 0", None, "name 2", "name 3"]

    async def test_a_list_with_one_damaged_row_says_so(self, keys: Keys):
        people = [uuid4() for _ in range(2)]
        sealed = {p: await seal(keys, p, IDENTITY, "person.name", "name") for p in people}
        sealed[people[0]] = sealed[people[1]]
        with pytest.raises(Tampered):
            await open_many(keys, IDENTITY, "person.name", sealed)
