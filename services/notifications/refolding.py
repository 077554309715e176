"""After a restore: what this service itself had said since, taken back from its own topics.

A message that was decided keeps its id, so that whoever carries it again carries the same one; a partner that was
connected is one still; an answer that was taken is not taken again; a consent that this service had halted stays
ended, also before its revocation is heard again. What partners were told needs no memory: their logs are read before
anything is written, and what they were answered before anything of theirs is heard (answers/recalling.py).
"""

from uuid import UUID

from asyncpg import Connection

from services.notifications import consents
from services.notifications.settings import Voice
from services.notifications.streams import STREAMS, shard_of
from shared.contracts import answer as answers
from shared.contracts import message as messages
from shared.contracts import partner as partners
from shared.contracts.envelope import Envelope
from shared.contracts.events import Event
from shared.contracts.halted import Halted
from shared.runtime import sql

SQL = sql.load(__file__, "refolding.sql")


async def refold(tx: Connection, envelope: Envelope, event: Event) -> None:
    match event:
        case messages.MessageEvent():
            await _message(tx, envelope, event)
        case partners.PartnerEvent():
            await _partner(tx, envelope, event)
        case answers.Received(partner=partner) if partner:
            await tx.execute(SQL["answer_taken"], partner, str(event.answer_id), event.referral)
        case Halted():
            await consents.stay_ended(tx, consents.Ended(event.consent, event.person, event.reason))


async def _message(tx: Connection, envelope: Envelope, event: messages.MessageEvent) -> None:
    match event:
        case messages.Decided(message=id, person=person, about=about) if person and about and envelope.causationid:
            await tx.execute(
                SQL["message_decided"], id, person, event.occasion, about, UUID(envelope.causationid), event.channel,
                event.not_before or envelope.time,
            )  # fmt: skip
        case messages.Sent(message=id):
            await tx.execute(SQL["message_settled"], id, "sent", None, envelope.time)
        case messages.Withheld(message=id, reason=reason):
            await tx.execute(SQL["message_settled"], id, "withheld", reason, envelope.time)


async def _partner(tx: Connection, envelope: Envelope, event: partners.PartnerEvent) -> None:
    match event:
        case partners.Connected(partner=id, agency=agency, slug=slug):
            shard = shard_of(id)
            quota = Voice().partner_quota
            await tx.execute(SQL["partner_connected"], id, agency, slug, shard, quota, envelope.time)
            for stream in STREAMS:
                await tx.execute(SQL["partner_stream"], id, stream, shard)
        case partners.AgreementRecorded(partner=id, agreement=agreement, valid_from=first, expires_on=last):
            await tx.execute(SQL["agreement_recorded"], agreement, id, first, last, envelope.time)
        case partners.AgreementExpired(agreement=agreement):
            await tx.execute(SQL["agreement_ended"], agreement, envelope.time)
        case partners.Removed(partner=id):
            await tx.execute(SQL["partner_removed"], id, envelope.time)
