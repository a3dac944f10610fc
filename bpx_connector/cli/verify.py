"""`verify`: is the venue as its documents, the captures and the sandbox say it is?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bpx_connector.cli import access
from bpx_connector.cli.shown import AsJson, table
from bpx_connector.cli.trading import Yes, agreed
from bpx_connector.cli.words import FAILED, Refusal

if TYPE_CHECKING:
    from bpx_connector.verify.asking import Asker, Finding
    from bpx_connector.verify.questions import Question

__all__ = ["add_to"]

STREAMS_TAPE, TAPE, PAGE, DATA = "streams.jsonl", "answers.jsonl", "report.md", "report.json"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(verify)


def verify(
    spot: Annotated[str, typer.Option(help="The spot market that is looked at.")] = "SOL/USDC",
    perp: Annotated[str, typer.Option(help="The perpetual.")] = "SOL/USDC:USDC",
    seconds: Annotated[
        float, typer.Option(min=0, max=600, help="How long to listen to streams; 0: not.")
    ] = 10,
    orders: Annotated[bool, typer.Option("--orders", help="Place the smallest order, far off, too.")] = False,
    out: Annotated[Path, typer.Option("--out", "-o", help="A folder for the report and the tapes.")] = Path(
        "bpx-verify"
    ),
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Hold the venue's answers and frames against its documents, our facts and the sandbox; change nothing.

    Public questions need no keys; with keys the account's are asked as well. What is written to the folder
    is free of keys and of the account's figures, and can be sent back. Exit code 1 if something contradicts.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(f"{out} cannot be made: {error.strerror}") from error
    pair = access.needed_keys() if orders else access.keys()
    with access.exchange(pair) as made:
        symbols = [access.market(made, word)["id"] for word in (spot, perp)]
        findings, counts = _asked(made, symbols, out, bool(pair))
        if orders:
            findings += _ordered(made, symbols[0], yes)
        address = access.address(made)
    if seconds:
        findings += _heard(symbols, seconds, out, pair, counts)
    about = {"address": address, "version": version("bpx-connector"), **counts}
    _write(out, findings, about)
    _tell(findings, about, out, as_json)
    if any(found.kind == "contradiction" for found in findings):
        raise typer.Exit(FAILED)


# --- asking -------------------------------------------------------------------------------------------------


def _asked(made: Any, symbols: list[str], out: Path, has_keys: bool) -> tuple[list[Finding], dict[str, int]]:
    from bpx_connector.verify import questions
    from bpx_connector.verify.asking import judged

    now = made.fetch_time() // 1000
    asked = list(questions.public_questions(symbols[0], symbols[1], now))
    private = list(questions.private_questions(symbols[1])) if has_keys else []
    with _taped(made, out / TAPE, {each.name for each in private}) as asker, _sandbox() as beside:
        findings = [*_all(asked, asker, beside), *_all(private, asker, beside), *_strangers(asker)]
        if private:
            findings += judged(questions.TWICE, asker.ask(questions.TWICE, repeats=1))
    return findings, {"questions": len(asked) + len(private) + 2 + bool(private)}


def _all(asked: Iterable[Question], asker: Asker, beside: Asker | None) -> Iterator[Finding]:
    from bpx_connector.verify.asking import compared, judged

    for question in asked:
        typer.echo(f"  {question.name}", err=True)
        answer = asker.ask(question)
        yield from judged(question, answer)
        if beside is not None:
            yield from compared(question, answer, beside.ask(question))


def _strangers(asker: Asker) -> Iterator[Finding]:
    """What a key that nobody knows is told, and somebody without any."""
    from bpx_connector.keys import generated_keys
    from bpx_connector.verify.asking import Asker, judged
    from bpx_connector.verify.questions import STRANGERS

    with access.exchange(generated_keys().config) as stranger:
        yield from judged(STRANGERS, Asker(stranger).ask(STRANGERS))
    unsigned = STRANGERS._replace(name="account without credentials", facts=("unsigned",))
    yield from judged(unsigned, asker.ask(unsigned, is_signed=False))


@contextmanager
def _taped(made: Any, path: Path, private: set[str]) -> Iterator[Asker]:
    """Who asks, and writes all answers to a tape; private ones scrubbed."""
    from bpx_connector.tape import TapeWriter
    from bpx_connector.verify.asking import Asker
    from bpx_connector.verify.report import scrubbed

    writer = TapeWriter(
        path, access.address(made), secrets=[made.apiKey, made.secret], began=made.milliseconds()
    )

    def told(answer: Any, method: str, url: str) -> None:
        is_plain = answer.name not in private or answer.body is None
        text = answer.text if is_plain else json.dumps(scrubbed(answer.body))
        writer.answered(method, url, None, answer.status, text)

    try:
        yield Asker(made, told)
    finally:
        writer.close()


@contextmanager
def _sandbox() -> Iterator[Asker | None]:
    """A sandbox of its own, with an account that owns and owes nothing yet, asked the same."""
    from bpx_connector.sandbox.server import SandboxThread
    from bpx_connector.verify.asking import Asker

    with SandboxThread() as sandbox:
        yield Asker(sandbox.exchange(enableRateLimit=False))


def _ordered(made: Any, symbol: str, yes: bool) -> list[Finding]:
    from bpx_connector.verify.asking import Asker
    from bpx_connector.verify.orders import checked_by_order, smallest_order

    order = smallest_order(
        made.markets_by_id[symbol][0]["info"], made.fetch_ticker(made.safe_symbol(symbol))["last"]
    )
    agreed(f"place a {order.sentence}, at {access.address(made)}", yes)
    return list(checked_by_order(Asker(made), order))


def _heard(
    symbols: list[str], seconds: float, out: Path, pair: dict[str, str], counts: dict[str, int]
) -> list[Finding]:
    """What streams say; those of the account are listened to, and not put on the tape."""
    from bpx_connector.pro import bpx
    from bpx_connector.verify.streams import heard, listened, private_streams, public_streams

    typer.echo(f"  streams, {seconds:g} s", err=True)

    async def listen() -> dict[str, list[Any]]:
        async with bpx() as public, bpx(dict(pair)) as private:
            with public.record_streams(out / STREAMS_TAPE, "bpx verify"):
                await public.load_markets()
                own = listened(private, private_streams() if pair else [], seconds)
                found = await asyncio.gather(listened(public, public_streams(*symbols), seconds), own)
                return {**found[0], **found[1]}

    frames = asyncio.run(listen())
    counts["frames"] = sum(map(len, frames.values()))
    return list(heard(frames, seconds))


# --- what was found -----------------------------------------------------------------------------------------


def _write(out: Path, findings: list[Finding], about: dict[str, Any]) -> None:
    from bpx_connector.verify.report import as_json, as_markdown

    lines = [f"{name}: {value}" for name, value in about.items()]
    (out / PAGE).write_text(as_markdown(findings, lines), encoding="utf-8")
    (out / DATA).write_text(as_json(findings, about), encoding="utf-8")


def _tell(findings: list[Finding], about: dict[str, Any], out: Path, is_json: bool) -> None:
    from bpx_connector.verify.report import as_json

    if is_json:
        typer.echo(as_json(findings, about))
        return
    rows = [[f.kind, f"{f.question} {f.where}".strip(), f.found, f.fact, f.source] for f in findings]
    if rows:
        table(rows, ["", "where", "found", "the fact", "from"])
    asked = ", ".join(f"{count} {name}" for name, count in about.items() if isinstance(count, int))
    kinds = [found.kind for found in findings]
    typer.echo(f"{asked}: {kinds.count('contradiction')} contradictions, {kinds.count('news')} news")
    typer.echo(f"written to {out}: {PAGE}, {DATA}, {TAPE}")
