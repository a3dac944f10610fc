"""`verify`: is the venue as its documents, the captures and the sandbox say it is?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from bpx_connector.cli import access
from bpx_connector.cli.ending import closed, together
from bpx_connector.cli.shown import AsJson, table
from bpx_connector.cli.trading import Yes, agreed
from bpx_connector.cli.words import FAILED, Refusal

if TYPE_CHECKING:
    from bpx_connector.verify.asking import Asker, Finding
    from bpx_connector.verify.questions import Question

__all__ = ["add_to"]

TAPE, ORDERS_TAPE = "answers.jsonl", "orders.jsonl"
STREAMS_TAPE, ACCOUNT_TAPE = "streams.jsonl", "account.jsonl"
TAPES = (TAPE, ORDERS_TAPE, STREAMS_TAPE, ACCOUNT_TAPE)
PAGE, DATA = "report.md", "report.json"
FILES = (PAGE, DATA, *TAPES)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(verify)


def verify(
    spot: Annotated[str, typer.Option(help="The spot market that is looked at.")] = "SOL/USDC",
    perp: Annotated[str, typer.Option(help="The perpetual.")] = "SOL/USDC:USDC",
    seconds: Annotated[
        float, typer.Option(min=0, max=600, help="How long to listen to streams; 0: not.")
    ] = 10,
    orders: Annotated[
        bool, typer.Option("--orders", help="Place the smallest orders, far off, too.")
    ] = False,
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
    pair = access.needed_keys() if orders else access.keys()
    with _written_to(out) as folder:
        with access.exchange(pair) as made:
            symbols = [access.market(made, word)["id"] for word in (spot, perp)]
            findings, counts = _asked(made, symbols, folder, bool(pair))
            if orders:
                findings += _ordered(made, symbols[0], folder, yes)
            address = access.address(made)
        if seconds:
            findings += _heard(symbols, seconds, folder, pair, counts)
        about = {"address": address, "version": version("bpx-connector"), **counts}
        _write(folder, findings, about)
        written = [name for name in FILES if (folder / name).exists()]
    _tell(findings, about, out, written, as_json)
    if any(found.kind == "contradiction" for found in findings):
        raise typer.Exit(FAILED)


@contextmanager
def _written_to(out: Path) -> Iterator[Path]:
    """A folder whose files take their places in `out` when all is done, and not before.

    Of a run that fails or is interrupted nothing is left, and everything that was there stays: a report never
    stands beside another run's tapes, but for those that a run does not make.
    """
    is_new = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        folder = Path(mkdtemp(prefix=".running-", dir=out))
    except OSError as error:
        raise Refusal(f"{out} cannot be written to: {error.strerror}") from error
    try:
        yield folder
        for name in FILES:
            if (folder / name).exists():
                (folder / name).replace(out / name)
    finally:
        rmtree(folder, ignore_errors=True)
        if is_new:
            with suppress(OSError):  # there is something in it
                out.rmdir()


# --- asking -------------------------------------------------------------------------------------------------


def _asked(made: Any, symbols: list[str], out: Path, has_keys: bool) -> tuple[list[Finding], dict[str, int]]:
    from bpx_connector.verify import questions
    from bpx_connector.verify.asking import Asker
    from bpx_connector.verify.written import noted

    now = made.fetch_time() // 1000
    asked = list(questions.public_questions(symbols[0], symbols[1], now))
    private = list(questions.private_questions(symbols[1])) if has_keys else []
    with noted(made, out / TAPE, access.address(made)) as tape, _sandbox() as beside:
        asker = Asker(made, tape.told)
        findings = [*_all(asked, asker, beside), *_all(private, asker, beside), *_strangers(asker)]
        findings += [*_signatures(asker, questions), *_called(made, symbols, has_keys)]
    alone = 2 + (1 + len(questions.SIGNATURES) if private else 0)
    return findings, {"questions": len(asked) + len(private) + alone}


def _all(asked: Iterable[Question], asker: Asker, beside: Asker) -> Iterator[Finding]:
    from bpx_connector.verify.asking import compared, judged, understood
    from bpx_connector.verify.written import discreet, is_private

    for question in asked:
        typer.echo(f"  {question.name}", err=True)
        answer = asker.ask(question)
        found = [*judged(question, answer), *understood(asker.exchange, question, answer)]
        found += compared(question, answer, beside.ask(question))
        yield from map(discreet, found) if is_private(*question.operation.split()) else found


def _signatures(asker: Asker, questions: Any) -> Iterator[Finding]:
    """What else a signature may do."""
    from bpx_connector.verify.asking import judged

    if asker.exchange.apiKey:
        yield from judged(questions.TWICE, asker.ask(questions.TWICE, repeats=1))
        for question in questions.SIGNATURES:
            yield from judged(question, asker.ask(question))


def _called(made: Any, symbols: list[str], has_keys: bool) -> Iterator[Finding]:
    from bpx_connector.verify.calls import private_calls, public_calls, tried
    from bpx_connector.verify.written import discreet

    typer.echo("  methods", err=True)
    named = [made.safe_symbol(symbol) for symbol in symbols]
    yield from tried(made, public_calls(*named))
    yield from map(discreet, tried(made, private_calls(*named) if has_keys else []))


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
def _sandbox() -> Iterator[Asker]:
    """A sandbox of its own, with an account that owns and owes nothing yet, asked the same."""
    from bpx_connector.sandbox.server import SandboxThread
    from bpx_connector.verify.asking import Asker

    with SandboxThread() as sandbox:
        yield Asker(sandbox.exchange(enableRateLimit=False))


def _ordered(made: Any, symbol: str, out: Path, yes: bool) -> list[Finding]:
    from bpx_connector.verify.asking import Asker
    from bpx_connector.verify.orders import checked_by_order, smallest_order
    from bpx_connector.verify.written import discreet, noted

    order = smallest_order(
        made.markets_by_id[symbol][0]["info"], made.fetch_ticker(made.safe_symbol(symbol))["last"]
    )
    agreed(f"place a {order.sentence}, at {access.address(made)}", yes)
    with noted(made, out / ORDERS_TAPE, access.address(made)) as tape:
        return list(map(discreet, checked_by_order(Asker(made, tape.told), order)))


def _heard(
    symbols: list[str], seconds: float, out: Path, pair: dict[str, str], counts: dict[str, int]
) -> list[Finding]:
    """What streams say, those of the account too, if there are keys; and a sandbox's beside them."""
    from bpx_connector.verify import streams
    from bpx_connector.verify.written import discreet

    typer.echo(f"  streams, {seconds:g} s", err=True)

    listening = together(_listened(symbols, seconds, out, pair), _beside(symbols, seconds))
    (exchange, frames, failed), sandboxs = asyncio.run(listening)
    counts["frames"] = sum(map(len, frames.values()))
    found = [*failed, *streams.heard(frames, seconds, exchange), *streams.framed_alike(frames, sandboxs)]
    return [discreet(each) if each.question.startswith("account.") else each for each in found]


class _Listened(NamedTuple):
    """What was heard: by which exchange object, each stream's frames, and which methods failed."""

    exchange: Any
    frames: dict[str, list[Any]]
    failed: list[Finding]


async def _listened(symbols: list[str], seconds: float, out: Path, pair: dict[str, str]) -> _Listened:
    from bpx_connector.pro import bpx
    from bpx_connector.verify import streams
    from bpx_connector.verify.written import noted

    async with closed(bpx()) as public, closed(bpx(dict(pair))) as private:
        with ExitStack() as tapes:
            tapes.enter_context(noted(public, out / STREAMS_TAPE, "bpx verify"))
            markets = await public.load_markets()
            names = [public.safe_symbol(symbol) for symbol in symbols]
            work: list[Any] = [
                streams.listened(public, streams.public_streams(*symbols), seconds),
                streams.followed(public, streams.public_watches(*names), seconds),
            ]
            if pair:
                tapes.enter_context(noted(private, out / ACCOUNT_TAPE, "bpx verify", is_of_account=True))
                private.set_markets(markets)
                work += [
                    streams.listened(private, streams.private_streams(), seconds),
                    streams.followed(private, streams.private_watches(), seconds),
                ]
            found = await together(*work)
    frames = {stream: said for part in found[::2] for stream, said in part.items()}
    return _Listened(public, frames, [each for part in found[1::2] for each in part])


async def _beside(symbols: list[str], seconds: float) -> dict[str, list[Any]]:
    """What a sandbox of its own says meanwhile on those of the streams that it has."""
    from bpx_connector.sandbox.server import Sandbox
    from bpx_connector.verify import streams

    async with Sandbox(speed=5) as sandbox, closed(sandbox.exchange()) as exchange:
        known = [
            name
            for name in streams.public_streams(*symbols)
            if name.rpartition(".")[2] in sandbox.venue.markets
        ]
        return await streams.listened(exchange, known, seconds)


# --- what was found -----------------------------------------------------------------------------------------


def _write(out: Path, findings: list[Finding], about: dict[str, Any]) -> None:
    from bpx_connector.verify.report import as_json, as_markdown

    lines = [f"{name}: {value}" for name, value in about.items()]
    (out / PAGE).write_text(as_markdown(findings, lines), encoding="utf-8")
    (out / DATA).write_text(as_json(findings, about), encoding="utf-8")


def _tell(
    findings: list[Finding], about: dict[str, Any], out: Path, written: list[str], is_json: bool
) -> None:
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
    typer.echo(f"written to {out}: {', '.join(written)}")
    if old := [name for name in TAPES if name not in written and (out / name).exists()]:
        typer.echo(f"from before: {', '.join(old)}")
