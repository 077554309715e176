"""An AsyncAPI 3.0 document for each service: its channels, what it says on them and what it hears.

Built from the topics and the events themselves rather than from running subscribers, so that headers, keys, partitions
and examples are in it, and so that it can be read before anything runs.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Any

from shared.contracts.codec import to_kafka
from shared.contracts.compartments import Compartment, fields_in, is_about_a_person
from shared.contracts.data import encode_data
from shared.contracts.documents.samples import SLUG, envelope_of, record_of, sample_of
from shared.contracts.documents.schemas import Schema, inlined, schema_of
from shared.contracts.events import EVENTS, Event, SideEvent, topic_of
from shared.contracts.partner_view import ON_EVERY_STREAM
from shared.contracts.topics import BY_NAME, LISTENS, PARTNER_TOPICS, Topic

KAFKA_BINDING = "0.5.0"
SAYS = {
    "intake": "The front door: people, consent, needs and strengths, directory.",
    "caseplan": "The work: plans, promises, referrals, setbacks.",
    "notifications": "The voice: messages to people and staff, partner streams and their answers.",
    "reporting": "The mirror: projections, indicators, dashboards, exports.",
}
SEALED = "sealed"  # the name of the schema of sealed data
PARTS = (
    "What is said of a person is sealed: one part a compartment, each under a key of that person and compartment, "
    "which a service is given or not. A message's schema describes the opened parts, and names the one that each "
    "field lies in. Facts of agencies, programs and partners are in clear, and so are revocations, erasures and what "
    "services confirm of them; data from before there was sealing is too.\n\n"
)
PARTNER = "partner"  # the document for partners' own engineers: their four topics, and nothing of the inside


def document_of(service: str) -> dict[str, Any]:
    """The document of a service, or of `partner`."""
    topics = tuple(_topics_of(service))
    kinds = {kind.type: kind for topic, _ in topics for kind in events_on(topic)}
    components: dict[str, Any] = {
        "messages": {name: _message(service, kinds[name]) for name in sorted(kinds)},
        "messageTraits": _traits(service),
        "securitySchemes": {
            "scram": {"type": "scramSha512", "description": "SASL SCRAM-SHA-512; a user for each service and partner."}
        },
    }
    components["schemas"] = lifted(kinds.values()) if service == PARTNER else {SEALED: _sealed()}
    return {
        "asyncapi": "3.0.0",
        "id": f"urn:throughcare:{service}",
        "info": _info(service),
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": {_slot(topic.name): _channel(topic) for topic, _ in topics},
        "operations": dict(_operation(service, topic, action) for topic, action in topics),
        "components": components,
    }


def writer_of(topic: Topic) -> str:
    return "the partner" if topic.owner == "{slug}" else topic.owner


def events_on(topic: Topic) -> list[type[Event]]:
    """The types that stand on a topic, in the order of their names."""
    found = [kind for kind in EVENTS.values() if topic.name in _names(kind)]
    return sorted(found, key=lambda kind: kind.type)


def _names(kind: type[Event]) -> tuple[str, ...]:
    if kind in ON_EVERY_STREAM:
        return tuple(topic.name for topic in PARTNER_TOPICS[:2])
    if issubclass(kind, SideEvent):
        return tuple(kind.channel.format(service=service) for service in SAYS)
    return (topic_of(kind),)


def _topics_of(service: str) -> Iterator[tuple[Topic, str]]:
    """Each topic with what the service does there: sends, receives, or (on its own side channels) both."""
    if service == PARTNER:
        yield from ((topic, "send" if topic.owner == "{slug}" else "receive") for topic in PARTNER_TOPICS)
        return
    listens = set(LISTENS[service])
    for topic in (*BY_NAME.values(), *PARTNER_TOPICS):
        if topic.owner == service:
            yield topic, "send"
        if topic.name in listens:
            yield topic, "receive"


def _info(service: str) -> dict[str, Any]:
    if service == PARTNER:
        title, says, parts = "Throughcare: a partner's streams", "What your own Kafka client reads and writes.", ""
    else:
        title, says, parts = f"Throughcare: {service}", SAYS[service], PARTS
    return {
        "title": title,
        "version": "1.0.0",
        "description": f"{says}\n\n{parts}Events carry ids and coded facts, never a name, a contact or free text of a "
        "person. Codes are open: expect values that are not listed. Fields may be added; ignore those you do not know.",
    }


def _servers() -> dict[str, Any]:
    def server(protocol: str, host: str, says: str) -> dict[str, Any]:
        return {
            "host": "{bootstrap}",
            "protocol": protocol,
            "description": says,
            "variables": {"bootstrap": {"default": host, "description": "Bootstrap servers, host:port."}},
            "security": [{"$ref": "#/components/securitySchemes/scram"}],
        }

    return {
        "network": server("kafka-secure", "streams.example:9094", "A network's cluster: SASL_SSL."),
        "thisMachine": server(
            "kafka", "127.0.0.1:9092", "The embedded network: SASL_PLAINTEXT on the loopback address."
        ),
    }


def _slot(name: str) -> str:
    """A name as a key of the document, where braces and dots read badly."""
    return name.replace("{slug}", "slug")


def _channel(topic: Topic) -> dict[str, Any]:
    config = {"cleanup.policy": [topic.config["cleanup.policy"]], "retention.ms": int(topic.config["retention.ms"])}
    channel: dict[str, Any] = {
        "address": topic.name,
        "title": topic.says.split(".")[0],
        "description": f"{topic.says} Subject: {topic.subject}. Key: {topic.key}. Written by {writer_of(topic)} alone.",
        "messages": {kind.type: {"$ref": f"#/components/messages/{kind.type}"} for kind in events_on(topic)},
        "bindings": {
            "kafka": {
                "partitions": topic.partitions,
                "topicConfiguration": config,
                "bindingVersion": KAFKA_BINDING,
            }
        },
    }
    if "{slug}" in topic.name:
        channel["parameters"] = {"slug": {"description": "The partner's slug, which says nothing.", "examples": [SLUG]}}
    return channel


def _operation(service: str, topic: Topic, action: str) -> tuple[str, dict[str, Any]]:
    operation: dict[str, Any] = {
        "action": action,
        "channel": {"$ref": f"#/channels/{_slot(topic.name)}"},
        "title": f"{'Say' if action == 'send' else 'Hear'}: {topic.says.split('.')[0]}",
    }
    if action == "receive":
        group = "^partner\\.[a-z0-9-]+\\." if service == PARTNER else f"^throughcare\\.{service}"
        operation["bindings"] = {
            "kafka": {"groupId": {"type": "string", "pattern": group}, "bindingVersion": KAFKA_BINDING}
        }
    return f"{action}.{_slot(topic.name)}", operation


def _message(service: str, kind: type[Event]) -> dict[str, Any]:
    for_partner = kind.type.startswith("partner.")
    message: dict[str, Any] = {
        "name": kind.type,
        "title": kind.type.removeprefix("throughcare.").rpartition(".")[0],
        "summary": sentence_of(kind),
        "contentType": "application/cloudevents+json" if for_partner else "application/json",
        "traits": [{"$ref": f"#/components/messageTraits/{'structured' if for_partner else 'binary'}"}],
        "tags": [{"name": kind.type.split(".")[1]}],
        "payload": _whole_document(service, kind) if for_partner else _payload(service, kind),
        "examples": _examples(kind, for_partner),
    }
    return {key: value for key, value in message.items() if value}


def sentence_of(kind: type[Event]) -> str:
    """What the class says of itself; nothing where it only inherits."""
    return " ".join((kind.__dict__.get("__doc__") or "").split())


def _schema_ref(service: str, kind: type[Event]) -> Schema:
    """Partners get one file that holds all; a service's document stands beside the schemas."""
    return {"$ref": f"#/components/schemas/{kind.type}" if service == PARTNER else f"../schemas/{kind.type}.json"}


def _payload(service: str, kind: type[Event]) -> Schema:
    opened = _schema_ref(service, kind)
    return {"anyOf": [{"$ref": f"#/components/schemas/{SEALED}"}, opened]} if is_about_a_person(kind) else opened


def _sealed() -> Schema:
    part = {"type": "string", "contentEncoding": "base64", "description": "A nonce of 12 bytes, ciphertext and tag."}
    binds = "AES-256-GCM of a JSON object; bound to person, event id, compartment and type."
    return {
        "type": "object",
        "description": f"Sealed data. Each part: {binds} Empty: the person was erased, and that it happened is all.",
        "properties": {
            "sealed": {
                "type": "object",
                "properties": {compartment.value: part for compartment in Compartment},
                "additionalProperties": part,
            },
            "person": {"type": "string", "format": "uuid", "description": "Whose keys open it."},
        },
        "required": ["sealed", "person"],
    }


def _examples(kind: type[Event], for_partner: bool) -> list[dict[str, Any]]:
    event = sample_of(kind)
    data = json.loads(record_of(event) if for_partner else encode_data(event))
    if not is_about_a_person(kind):
        return [{"name": kind.type, "payload": data}]
    parts = {part.value: b64encode(f"{part.value}, sealed".encode()).decode() for part in fields_in(kind)}
    return [
        {"name": kind.type, "payload": {"sealed": parts, "person": data["person"]}},
        {"name": f"{kind.type}, opened", "payload": data},
    ]


def _example_headers() -> dict[str, str]:
    event = sample_of(EVENTS["throughcare.consent.revoked.v1"])
    _, _, headers = to_kafka(envelope_of(event, encode_data(event)))
    return {name: raw.decode() for name, raw in headers}


def _traits(service: str) -> dict[str, Any]:
    key = {"kafka": {"key": {"type": "string", "description": "The partition key."}, "bindingVersion": KAFKA_BINDING}}
    structured = {
        "type": "object",
        "properties": {"content-type": {"type": "string", "const": "application/cloudevents+json"}},
        "required": ["content-type"],
    }
    traits = {
        "binary": {"headers": {**_headers(), "examples": [_example_headers()]}, "bindings": key},
        "structured": {"headers": structured, "bindings": key},
    }
    return {"structured": traits["structured"]} if service == PARTNER else traits


def _headers() -> Schema:
    text = {"type": "string", "minLength": 1, "maxLength": 256}
    fields: dict[str, Schema] = {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {
            "type": "string",
            "format": "uuid",
            "description": "UUIDv7; one for each fact, however often sent.",
        },
        "ce_source": {**text, "description": "The service that wrote it.", "examples": ["/throughcare/caseplan"]},
        "ce_type": {**text, "description": "The fact, by a neutral name."},
        "ce_subject": {**text, "description": "The aggregate."},
        "ce_time": {"type": "string", "format": "date-time", "description": "When it was written, UTC."},
        "ce_sequence": {
            "type": "string",
            "pattern": "^[0-9]{19}$",
            "description": "Counts per topic and subject, from 1, no gaps; padded, so text order is number order.",
        },
        "ce_epoch": {"type": "string", "pattern": "^[0-9]{1,10}$", "description": "The life of the source's database."},
        "ce_partitionkey": {**text, "description": "Equal to the record key; never changes for one subject."},
        "ce_dataschema": {"type": "string", "format": "uri", "description": "Names the schema of the data."},
        "content-type": {"type": "string", "const": "application/json"},
    }
    optional: dict[str, Schema] = {
        "ce_traceparent": {**text, "description": "W3C trace context."},
        "ce_causationid": {**text, "description": "The id of the event or command it follows from."},
        "ce_actor": {**text, "description": "Who acted, `role:id`."},
    }
    return {"type": "object", "properties": fields | optional, "required": list(fields)}


def _whole_document(service: str, kind: type[Event]) -> Schema:
    """The CloudEvents document whose `data` is this event."""
    text = {"type": "string", "minLength": 1, "maxLength": 256}
    fields: dict[str, Schema] = {
        "specversion": {"type": "string", "const": "1.0"},
        "id": {**text, "description": "The same id again is the same record."},
        "source": {**text, "description": "Who wrote it."},
        "type": {"type": "string", "const": kind.type},
        "subject": {**text, "description": "Your own reference."},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"type": "string", "const": "application/json"},
        "dataschema": {"type": "string", "format": "uri"},
        "data": _schema_ref(service, kind),
    }
    return {"type": "object", "properties": fields, "required": ["specversion", "id", "source", "type", "data"]}


def lifted(kinds: Iterable[type[Event]]) -> dict[str, Schema]:
    """The schemas of these types and their parts as neighbours: AsyncAPI resolves `$ref` from the document's root.

    Parts of one name that differ keep apart by the type that they belong to.
    """
    schemas: dict[str, Schema] = {}
    seen: dict[str, Schema] = {}
    for kind in kinds:
        schema = schema_of(kind)
        parts = schema.get("$defs", {})
        homes = {}
        for name, part in parts.items():
            whole = inlined({**part, "$defs": parts})
            homes[name] = name if seen.setdefault(name, whole) == whole else f"{kind.type}.{name}"
        schemas |= {homes[name]: _pointing(part, homes) for name, part in parts.items()}
        rest = {key: value for key, value in schema.items() if key not in ("$schema", "$defs")}
        schemas[kind.type] = _pointing(rest, homes)
    return dict(sorted(schemas.items()))


def _pointing(node: Any, names: dict[str, str]) -> Any:
    """The same with each `$ref` pointing to where its part was lifted to."""
    if isinstance(node, list):
        return [_pointing(item, names) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        rest = {key: value for key, value in node.items() if key != "$ref"}
        target = {"$ref": f"#/components/schemas/{names[node['$ref'].rpartition('/')[2]]}"}
        return {**rest, "allOf": [target]} if rest else target  # draft 7 ignores what stands beside a $ref
    return {key: _pointing(value, names) for key, value in node.items()}
