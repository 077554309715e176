"""`throughcare partner`: connect an agency's own system, look at it, and take it away again."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Annotated, Any, TypeVar

import typer

from services.notifications.provisioning import Desk, open_desk
from shared.local.network import Network

app = typer.Typer(name="partner", help="Agencies' own systems and their streams.", no_args_is_help=True)
T = TypeVar("T")

Slug = Annotated[str, typer.Argument(help="What the partner is called, as `partner list` shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="For other programs.")]


def at_desk(work: Callable[[Desk], Awaitable[T]]) -> T:
    async def run() -> T:
        async with open_desk(Network()) as desk:
            return await work(desk)

    return asyncio.run(run())


@app.command()
def add(
    agency: Annotated[str, typer.Argument(help="Its id, or its name.")],
    slug: Annotated[str | None, typer.Option(help="Instead of one that says nothing.")] = None,
    quota: Annotated[int | None, typer.Option(help="Bytes a second that it may read.", min=1000)] = None,
    as_json: AsJson = False,
) -> None:
    """Give an agency's system streams of its own: of invented people, until an agreement is recorded."""

    async def work(desk: Desk) -> dict[str, Any]:
        partner = await desk.add(await desk.find_agency(agency), slug=slug, quota=quota)
        return await desk.show(partner.slug)

    shown = at_desk(work)
    if as_json:
        typer.echo(json.dumps(shown, indent=2))
        return
    typer.echo(f"{shown['agency_name']} is connected as {shown['slug']}. It reads invented people only, until you run")
    typer.echo(f"  ./throughcare partner agree {shown['slug']} --until {date.today() + timedelta(days=365)}")
    tell(shown)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Every partner."""
    found = at_desk(lambda desk: desk.all())
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for line in found:
        typer.echo(f"{line['slug']:<16} {line['agency_name']:<28} {line['reads']}")
    if not found:
        typer.echo("No agency has a stream yet: ./throughcare partner add AGENCY")


@app.command()
def show(slug: Slug, as_json: AsJson = False) -> None:
    """What a partner's own Kafka client needs."""
    shown = at_desk(lambda desk: desk.show(slug))
    typer.echo(json.dumps(shown, indent=2)) if as_json else tell(shown)


@app.command()
def rotate(slug: Slug, as_json: AsJson = False) -> None:
    """Make a new password; the old one is of no use from then on."""
    password = at_desk(lambda desk: desk.rotate(slug))
    typer.echo(json.dumps({"slug": slug, "user": slug, "password": password}) if as_json else password)


@app.command()
def remove(slug: Slug) -> None:
    """Take a partner's user, rules and topics away."""
    at_desk(lambda desk: desk.remove(slug))
    typer.echo(f"{slug} is removed. What it copied before is beyond our recall.")


@app.command()
def agree(
    slug: Slug,
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Its last day.")],
    from_: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Its first day; today without it."),
    ] = None,
) -> None:
    """Record the agreement that both sides signed: real people, each with consent, from its first day to its last."""
    partner = at_desk(lambda desk: desk.agree(slug, from_.date() if from_ else None, until.date()))
    typer.echo(f"{partner.agency_name} ({slug}) reads real people until {partner.agreed_until}, each with consent.")


@app.command()
def test(slug: Slug) -> None:
    """Send a test event to both streams. It concerns nobody, and may be answered."""
    called = at_desk(lambda desk: desk.test(slug))
    typer.echo(f"{called} is on its way to {slug}'s streams.")


def tell(shown: dict[str, Any]) -> None:
    """A client's settings, to copy."""
    typer.echo(
        f"""
bootstrap.servers={shown["bootstrap_servers"]}
security.protocol={shown["security_protocol"]}
sasl.mechanism={shown["mechanism"]}
sasl.username={shown["user"]}
sasl.password={shown["password"] or "not held on this machine: ./throughcare partner rotate " + shown["slug"]}
group.id={shown["group_prefix"]}desk
isolation.level={shown["isolation_level"]}
auto.offset.reset=earliest

reads   {shown["topics"]["referral"]} {shown["topics"]["setback"]} {shown["topics"]["receipt"]}
writes  {shown["topics"]["answer"]}"""
    )
