"""`record` and `play`: what streams say to a tape, and a tape to the screen."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer

from bpx_connector.cli.shown import AsJson, line
from bpx_connector.cli.words import Refusal

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(record)
    app.command()(play)


def record(
    path: Annotated[Path, typer.Argument(metavar="FILE")],
    streams: Annotated[list[str], typer.Argument(metavar="STREAM...", help="depth.SOL_USDC, ...")],
    seconds: Annotated[float, typer.Option("--seconds", "-s", help="For how long.")] = 60,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a tape that is there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say as JSON what was recorded.")] = False,
) -> None:
    """Write what the venue says on some streams to a tape: bpx record sol.jsonl depth.SOL_USDC -s 30."""
    from bpx_connector.cli.record_streams import record_streams

    flags = {"--replace": replace, "--json": as_json}
    said = [flag for flag, is_said in flags.items() if is_said]
    record_streams([*streams, "--seconds", str(seconds), "--out", str(path), *said])


def play(
    path: Annotated[Path, typer.Argument(metavar="FILE")],
    speed: Annotated[
        float | None, typer.Option(min=0.001, help="1 is as slowly as it was recorded; without it at once.")
    ] = None,
    stream: Annotated[str | None, typer.Option(help="Only this stream.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what is on a tape, line by line; programs play it with exchange.play(FILE)."""
    from bpx_connector.tape import TapeError, read_tape

    try:
        header, lines = read_tape(path)
    except TapeError as error:
        raise Refusal(str(error)) from error
    if not as_json:
        typer.echo(f"source: {header.source}")
    said = [told for each in lines if (told := _told(each)) and stream in (None, told["stream"])]
    pauses = [0.0, *(later["at"] - sooner["at"] for sooner, later in pairwise(said))]
    for told, pause in zip(said, pauses, strict=False):
        if speed is not None:
            time.sleep(max(pause, 0) / speed)
        if as_json:
            line(told)
        else:
            typer.echo(f"{told['at']:10.3f}  {told['stream'] or told['request']}  {str(told['data'])[:120]}")


def _told(each: Any) -> dict[str, Any] | None:
    """A frame of a stream or an answer, as it is shown; None for what the client said."""
    import msgspec

    if each.venue is not None:
        frame = msgspec.json.decode(each.venue)
        return {
            "at": each.at,
            "stream": frame.get("stream"),
            "request": None,
            "data": frame.get("data", frame),
        }
    if each.request is not None:
        answer = msgspec.json.decode(each.answer)
        return {"at": each.at, "stream": None, "request": each.request, "data": answer}
    return None
