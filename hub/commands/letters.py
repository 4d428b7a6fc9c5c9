"""`hub dlq`: what could not be taken, why, and sending it again."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from hub.commands import partition_pauses
from hub.commands.options import As, Home, Json

__all__ = ["app"]

CAP = 50
app = typer.Typer(
    name="dlq",
    help="Dead letters: records that were refused for what they are, where each stands and why, and sending them again once the "
    "mapping is mended. Seeing where and why, seeing what they hold, and sending them again are three rights. What consent "
    "keeps out is no dead letter and is listed nowhere.",
    no_args_is_help=True,
)
app.command()(partition_pauses.paused)
app.command()(partition_pauses.resume)
Ids = Annotated[list[str] | None, typer.Argument(metavar="[LETTER]...", help="Letters, as `hub dlq list` prints them.")]
Letter = Annotated[str, typer.Argument(metavar="LETTER", help="A letter, as `hub dlq list` prints it.")]
Connector = Annotated[str, typer.Option("--connector", "-c", metavar="NAME", help="Only of this connector instance.")]
Reason = Annotated[str, typer.Option("--reason", metavar="CODE", help="Only those refused for this reason.")]
TopicName = Annotated[
    str, typer.Option("--topic", "-t", metavar="TOPIC", help="Those of records on this topic, instead of connectors'.")
]
Every = Annotated[bool, typer.Option("--all", help="All that wait, instead of naming letters.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many, the oldest first.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command("list")
def list_letters(
    connector: Connector = "",
    reason: Reason = "",
    *,
    every: Annotated[bool, typer.Option("--all", help="Those that are handled or discarded, too.")] = False,
    limit: Limit = CAP,
    account: As = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List letters with origin and reason, oldest first, and how many there are of each reason. Nothing of their content.

    Those of connectors are records of a source; those of topics are records on Kafka that a process of the hub could not take,
    named by their place.

    Example: hub dlq list --connector ss12000 --reason bad_minutes
    """
    from hub.access.roles import Action
    from hub.audit.actions import Action as Logged
    from hub.commands import letter_texts as texts
    from hub.commands.letter_person import admitted
    from hub.commands.topic_letters import listed_or_none
    from hub.connect.letter_box import Look
    from hub.connect.letters import LetterState

    look = Look(connector=connector, reason=reason)
    if every:
        look = replace(look, states=frozenset(LetterState))
    with admitted(home, account, Action.LETTER_SEE) as place:
        place.log(Logged.DEAD_LETTER_LISTED)
        found = place.box.letters(look)
        topics = [] if connector or reason else listed_or_none(place, every=every)
    texts.print_list(found, topics, limit, as_json=as_json)


@app.command()
def show(
    letter: Letter,
    *,
    body: Annotated[
        bool, typer.Option("--body", help="What it holds, too: read again at the source, or as it was kept.")
    ] = False,
    account: As = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show one letter's origin, reason and history; with --body the source's own record, identifiers covered.

    Example: hub dlq show l4f1c… --body --as anna
    """
    from hub.access.roles import Action
    from hub.audit.actions import Action as Logged
    from hub.commands import letter_texts as texts
    from hub.commands.letter_person import admitted
    from hub.commands.topic_letters import is_place, show_topic_letter
    from hub.connect.trying import recalled

    with admitted(home, account, Action.LETTER_BODY if body else Action.LETTER_SEE) as place:
        if is_place(letter):
            show_topic_letter(place, letter, body=body, as_json=as_json)
            return
        filed = place.box.find(letter)
        place.log(Logged.DEAD_LETTER_BODY_READ if body else Logged.DEAD_LETTER_READ, [letter])
        found = recalled(place.settings, place.clock, [filed])[letter] if body else None
    texts.print_letter(filed, found, as_json=as_json)


@app.command("try")
def try_letter(letter: Letter, account: As = "", home: Home = None, as_json: Json = False) -> None:
    """Map one letter's record with the mapping as it is now, and show the event field by field. Nothing is done with it.

    Exits 1 when it still gives no event.

    Example: hub dlq try l4f1c…
    """
    from hub.access.roles import Action
    from hub.audit.actions import Action as Logged
    from hub.commands import letter_texts as texts
    from hub.commands.letter_person import admitted
    from hub.commands.topic_letters import is_place, try_topic_letters
    from hub.connect.trying import tried

    with admitted(home, account, Action.LETTER_REDRIVE) as place:
        if is_place(letter):
            try_topic_letters(place, [letter], "", 1, as_json=as_json)
            return
        filed = place.box.find(letter)
        place.log(Logged.DEAD_LETTER_TRIED, [letter])
        found = tried(place.settings, place.clock, [filed])[letter]
    texts.print_trial(filed, found, as_json=as_json)
    if found.outcome != "mapped":
        raise typer.Exit(1)


@app.command()
def preview(
    letters: Ids = None,
    *,
    every: Every = False,
    connector: Connector = "",
    reason: Reason = "",
    topic: TopicName = "",
    limit: Limit = CAP,
    account: As = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show what would be sent again, and what the mapping as it is now makes of each. Nothing is done with it.

    Example: hub dlq preview --all --reason bad_minutes
    """
    from hub.access.roles import Action
    from hub.audit.actions import Action as Logged
    from hub.commands import letter_texts as texts
    from hub.commands.letter_person import admitted
    from hub.commands.topic_letters import are_places, try_topic_letters
    from hub.connect.letter_box import Look
    from hub.connect.trying import choose, tried

    with admitted(home, account, Action.LETTER_REDRIVE) as place:
        if are_places(letters, topic):
            try_topic_letters(place, letters or (), topic, limit, as_json=as_json)
            return
        chosen, more = choose(place.box, letters or (), Look(connector=connector, reason=reason), limit, every=every)
        place.log(Logged.DEAD_LETTER_TRIED, [one.letter.letter_id for one in chosen])
        found = tried(place.settings, place.clock, chosen)
    texts.print_preview(chosen, found, more, as_json=as_json)


@app.command()
def redrive(
    letters: Ids = None,
    *,
    every: Every = False,
    connector: Connector = "",
    reason: Reason = "",
    topic: TopicName = "",
    limit: Limit = CAP,
    yes: Yes = False,
    account: As = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Send letters again: mapped as the mapping is now, and let through or not as consent is now.

    It shows what it would take and asks. A running connector does it by itself, within seconds; otherwise it is done here.
    A record on a topic is read again from where it stands, if it still does, and written once more for its reader to decide. How
    consent decided is not told. Twice has one effect. Exits 1 when some still wait.

    Example: hub dlq redrive --all --connector ss12000 --limit 50 --yes
    """
    from hub.access.roles import Action
    from hub.audit.actions import Action as Logged
    from hub.commands import letter_texts as texts
    from hub.commands import redriving
    from hub.commands.letter_person import admitted
    from hub.commands.topic_letters import are_places, redrive_topic_letters
    from hub.connect.letter_box import Look
    from hub.connect.letters import LetterState
    from hub.connect.trying import choose, tried
    from hub.logs import configure_logs

    configure_logs("dlq", level="ERROR")
    with admitted(home, account, Action.LETTER_REDRIVE) as place:
        if are_places(letters, topic):
            redrive_topic_letters(place, letters or (), topic, limit, yes=yes, as_json=as_json)
            return
        look = Look(connector=connector, reason=reason)
        chosen, more = choose(place.box, letters or (), look, limit, every=every)
        ids = [one.letter.letter_id for one in chosen]
        if chosen and not yes:
            place.log(Logged.DEAD_LETTER_TRIED, ids)
            texts.print_preview(chosen, tried(place.settings, place.clock, chosen), more, as_json=False)
            typer.confirm(f"Send {len(chosen)} again?", abort=True, err=True)
        if chosen:
            place.log(Logged.DEAD_LETTER_REDRIVEN, ids)
        done = redriving.redrive(place, chosen, quiet=as_json)
    texts.print_redriven(done, more, as_json=as_json)
    if any(one.letter.state is not LetterState.HANDLED for one in done):
        raise typer.Exit(1)


@app.command()
def discard(
    letters: Ids = None,
    *,
    every: Every = False,
    connector: Connector = "",
    reason: Reason = "",
    topic: TopicName = "",
    limit: Limit = CAP,
    yes: Yes = False,
    undo: Annotated[bool, typer.Option("--undo", help="Let discarded letters wait again.")] = False,
    account: As = "",
    home: Home = None,
) -> None:
    """Say that letters need nothing more: they leave the list and go with their time. --undo brings them back.

    Example: hub dlq discard l4f1c…
    """
    from hub.access.roles import Action
    from hub.audit.actions import Action as Logged
    from hub.commands.letter_person import admitted
    from hub.commands.topic_letters import are_places, discard_topic_letters
    from hub.connect.letter_box import Look
    from hub.connect.letters import LetterState
    from hub.connect.trying import choose

    before, after = LetterState.WAITING, LetterState.DISCARDED
    if undo:
        before, after = after, before
    with admitted(home, account, Action.LETTER_REDRIVE) as place:
        if are_places(letters, topic):
            discard_topic_letters(place, letters or (), topic, limit, yes=yes, undo=undo)
            return
        look = Look(connector=connector, reason=reason)
        chosen, _more = choose(place.box, letters or (), look, limit, every=every, state=before)
        if chosen and not yes:
            typer.confirm(f"{'Bring back' if undo else 'Discard'} {len(chosen)} letters?", abort=True, err=True)
        if chosen:
            place.log(Logged.DEAD_LETTER_RESOLVED, [one.letter.letter_id for one in chosen])
        moved = sum(
            len(place.box.move(one.connector, [one.letter.letter_id], before, after, place.clock.now())) for one in chosen
        )
    typer.echo(f"{moved} {'wait again' if undo else 'discarded. Undo: hub dlq discard --undo LETTER'}")
