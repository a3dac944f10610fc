"""`bpx COMMAND` against a sandbox: what it shows, asks and refuses, and its exit codes."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bpx_connector.cli import shown
from bpx_connector.sandbox.server import SandboxThread
from bpx_connector.testing import generated_keys
from tests.support.shell import Shell

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxThread]:
    with SandboxThread(seed=1, symbols=("SOL_USDC", "BTC_USDC", "SOL_USDC_PERP"), speed=20) as sandbox:
        yield sandbox


@pytest.fixture
def shell(sandbox: SandboxThread, tmp_path: Path) -> Shell:
    return Shell(sandbox.url, tmp_path)


# --- prices -----------------------------------------------------------------------------------------------


def test_markets_are_listed_of_one_type_or_all(shell: Shell) -> None:
    assert shell.shows("markets", "--type", "spot").split()[:5] == ["symbol", "id", "type", "active", "tick"]
    assert {row["symbol"] for row in shell.gives("markets")} == {"SOL/USDC", "BTC/USDC", "SOL/USDC:USDC"}
    assert shell.refuses(2, "markets", "--type", "option") == "bpx: --type is spot or swap, not option\n"


def test_tickers_are_shown_of_markets_named_either_way(shell: Shell) -> None:
    lines = shell.shows("ticker", "SOL_USDC", "sol/usdc:usdc").splitlines()
    assert [line.split()[0] for line in lines] == ["symbol", "SOL/USDC", "SOL/USDC:USDC"]
    assert len(shell.gives("ticker")) == 3


def test_a_market_that_is_not_there_is_named_with_the_nearest(shell: Shell) -> None:
    told = shell.refuses(2, "ticker", "SOL/USD")
    assert told.startswith("bpx: there is no market SOL/USD; did you mean 'SOL/USDC'?")


def test_a_book_is_shown_with_asks_above_bids_and_live_by_its_best(shell: Shell) -> None:
    sides = [line.split()[0] for line in shell.shows("book", "SOL/USDC", "--depth", "2").splitlines()]
    assert sides == ["side", "ask", "ask", "bid", "bid"]
    live = shell.shows("book", "SOL/USDC", "--live", "--updates", "2").splitlines()
    assert len(live) == 2
    assert all(re.match(r" *[\d.]+ at [\d.]+ +\| +[\d.]+ for [\d.]+$", line) for line in live)
    assert len(shell.gives("book", "SOL/USDC", "--depth", "2")["asks"]) == 2


def test_trades_and_candles_are_shown(shell: Shell) -> None:
    assert len(shell.gives("trades", "SOL/USDC", "--limit", "3")) == 3
    live = shell.shows("trades", "SOL/USDC", "--live", "--updates", "1", "--json")
    assert all(json.loads(line)["symbol"] == "SOL/USDC" for line in live.splitlines())
    assert len(shell.shows("candles", "SOL/USDC", "-t", "1m", "--limit", "2").splitlines()) == 3
    assert "there are no candles of 7m; there are 1s, 1m" in shell.refuses(
        2, "candles", "SOL/USDC", "-t", "7m"
    )


# --- the account and its orders ---------------------------------------------------------------------------


def test_an_order_is_placed_found_and_cancelled(shell: Shell) -> None:
    placed = shell.gives("buy", "SOL/USDC", "1.5", "--price", "60", "--post-only", "--yes")
    assert (placed["side"], placed["type"], placed["amount"], placed["price"]) == (
        "buy",
        "limit",
        "1.5",
        "60",
    )
    assert [row["id"] for row in shell.gives("orders", "SOL/USDC")] == [placed["id"]]
    assert "canceled" in shell.shows("cancel", placed["id"], "SOL/USDC", "--yes")
    assert [row["id"] for row in shell.gives("orders", "--closed")] == [placed["id"]]
    shell.gives("sell", "SOL/USDC", "1", "--price", "200", "--yes")
    assert len(shell.gives("cancel", "--all", "SOL/USDC", "--yes")) == 1
    assert shell.gives("orders") == []


def test_a_market_order_moves_balance_and_position(shell: Shell) -> None:
    before = shell.gives("balance")["SOL"]["total"]
    assert shell.gives("sell", "SOL/USDC", "1", "--yes")["status"] == "closed"
    assert float(shell.gives("balance")["SOL"]["total"]) == float(before) - 1
    shell.gives("buy", "SOL/USDC:USDC", "2", "--yes")
    assert [(row["side"], row["contracts"]) for row in shell.gives("positions")] == [("long", "2")]
    assert "SOL/USDC:USDC  long" in shell.shows("positions")
    assert "SOL " in shell.shows("balance")


def test_nothing_is_sent_where_nobody_can_be_asked(shell: Shell) -> None:
    told = shell.refuses(2, "buy", "SOL/USDC", "1", "--price", "60")
    assert re.match(
        r"bpx: would buy 1 SOL/USDC at 60, 60 in all, at http://\S+ with key \S{6}\.\.\.: say --yes", told
    )
    assert shell.gives("orders") == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("buy", "SOL/USDC", "many"), "AMOUNT is many; it takes a figure above zero"),
        (("buy", "SOL/USDC", "0"), "AMOUNT is 0;"),
        (("sell", "SOL/USDC", "1", "--price", "nan"), "--price is nan;"),
        (("cancel",), "name an order and its market"),
        (("cancel", "1"), "name an order and its market"),
        (("cancel", "1", "SOL/USDC", "--all", "SOL/USDC"), "name an order and its market"),
        (("call", "fetch_tiker"), "there is no method fetch_tiker to call; did you mean 'fetch_ticker'?"),
        (("call", "fetch_ticker", "SOL/USDC", "--yess"), "call has no option --yess; did you mean '--yes'?"),
        (("call", "sign", "a"), "there is no method sign to call"),
        (("call", "fetch_ticker"), "missing a required argument: 'symbol'"),
        (("call", "set_leverage", "5", "SOL/USDC:USDC"), "would call set_leverage(5, 'SOL/USDC:USDC')"),
        (("play", "nowhere.jsonl"), "there is no tape nowhere.jsonl"),
        (("tikcer",), "No such command 'tikcer'. Did you mean 'ticker'"),
        (("ticker", "--jsno"), "No such option"),
        (("book",), "Missing argument"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    shell: Shell, words: tuple[str, ...], sentence: str
) -> None:
    assert sentence in shell.refuses(2, *words)


def test_a_refusal_of_the_venue_is_one_sentence_and_exit_code_1(shell: Shell) -> None:
    told = shell.refuses(1, "sell", "SOL/USDC", "10000000", "--yes")
    assert re.match(r"bpx: InsufficientFunds: .*\n$", told)
    assert "bpx: OrderNotFound: " in shell.refuses(1, "cancel", "12345", "SOL/USDC", "--yes")
    shell.environment["BPX_SANDBOX"] = NOBODY
    assert re.match(r"bpx: \w+: bpx GET .*\n$", shell.refuses(1, "ticker"))


def test_any_method_is_called_by_either_spelling(shell: Shell) -> None:
    for name in ("fetch_ohlcv", "fetchOHLCV"):
        assert len(json.loads(shell.shows("call", name, "SOL/USDC", "1m", "limit=2"))) == 2
    rows = json.loads(shell.shows("call", "public_get_api_v1_ticker", '{"symbol": "SOL_USDC"}'))
    assert rows["symbol"] == "SOL_USDC"
    assert shell.run("call", "set_leverage", "5", "SOL/USDC:USDC", "--yes").returncode == 0


# --- keys and the doctor ----------------------------------------------------------------------------------


def test_new_keys_sign_at_once(shell: Shell) -> None:
    made = shell.gives("keys")
    lines = shell.shows("keys").splitlines()
    assert [line.partition("=")[0] for line in lines] == ["export BPX_API_KEY", "export BPX_SECRET"]
    shell.environment.update(made)
    assert shell.gives("balance")["USDC"]["total"]


def test_keys_in_a_file_of_ones_own_are_taken(shell: Shell) -> None:
    assert shell.shows("keys", "--out", "my.keys") == "written to my.keys\n"
    path = shell.folder / "my.keys"
    assert path.stat().st_mode & 0o777 == 0o600
    assert "is there already" in shell.refuses(2, "keys", "--out", "my.keys")
    for name in ("BPX_API_KEY", "BPX_SECRET"):
        del shell.environment[name]
    assert "this needs keys: set BPX_API_KEY" in shell.refuses(2, "balance")
    shell.environment["BPX_KEYS_FILE"] = str(path)
    assert shell.gives("balance")["USDC"]["total"]
    path.chmod(0o644)
    assert "may be read by others than you; chmod 600" in shell.refuses(2, "balance")
    path.chmod(0o600)
    path.write_text("nothing")
    assert "does not hold the two lines" in shell.refuses(2, "balance")


def test_half_a_pair_is_said_to_be_half(shell: Shell) -> None:
    del shell.environment["BPX_SECRET"]
    assert shell.refuses(2, "balance").startswith("bpx: BPX_SECRET is not set")


def test_the_doctor_finds_all_well(shell: Shell) -> None:
    found = {row["subject"]: row["is_well"] for row in shell.gives("doctor")}
    assert found == dict.fromkeys(("versions", "proxies", "reached", "clock", "keys"), True)
    assert "TROUBLE" not in shell.shows("doctor")


def test_the_doctor_says_what_is_wrong_and_what_to_do(shell: Shell) -> None:
    shell.environment["BPX_SECRET"] = generated_keys().secret
    done = shell.run("doctor")
    assert done.returncode == 1
    assert re.search(r"^keys +TROUBLE +AuthenticationError", done.stdout, re.MULTILINE)
    shell.environment["BPX_SANDBOX"] = NOBODY
    done = shell.run("doctor")
    assert done.returncode == 1
    assert "is the network up, or the sandbox running (bpx sandbox)?" in done.stdout
    for name in ("BPX_API_KEY", "BPX_SECRET"):
        assert shell.environment[name] not in done.stdout + done.stderr


def test_candles_are_downloaded_and_gone_on_with(shell: Shell) -> None:
    words = ("download", "candles", "SOL/USDC", "-t", "1m", "--out", "sol.csv")
    now = datetime.now(tz=UTC).replace(second=0, microsecond=0)
    since, middle = (str((now - timedelta(minutes=back)).isoformat()) for back in (30, 10))
    first = shell.run(*words, "--since", since, "--until", middle)
    assert (first.returncode, first.stdout) == (0, "20 new rows in sol.csv\n")
    again = shell.run(*words, "--since", since)
    assert again.stdout.startswith("10 new rows in sol.csv") or again.stdout.startswith(
        "11 new rows in sol.csv"
    )
    lines = (shell.folder / "sol.csv").read_text().splitlines()
    times = [int(line.split(",")[0]) for line in lines[1:]]
    assert lines[0] == "timestamp,open,high,low,close,volume"
    assert [later - sooner for sooner, later in itertools.pairwise(times)] == [60_000] * (len(times) - 1)


def test_trades_and_funding_are_downloaded(shell: Shell) -> None:
    since = (datetime.now(tz=UTC) - timedelta(hours=3)).isoformat()
    for kind, market in (("trades", "SOL/USDC"), ("funding", "SOL/USDC:USDC")):
        words = ("download", kind, market, "--out", f"{kind}.csv", "--since", since)
        done = shell.run(*words)
        assert re.match(r"[1-9]\d* new rows in", done.stdout), done
        rows = (shell.folder / f"{kind}.csv").read_text().splitlines()[1:]
        assert len(rows) == len(set(rows))
    (shell.folder / "other.csv").write_text("mine\n")
    assert "does not begin with timestamp" in shell.refuses(
        2, *words[:3], "--out", "other.csv", "--since", since
    )
    assert "--since is soon; it takes a date" in shell.refuses(2, *words[:5], "--since", "soon")
    told = shell.refuses(2, "download", "candle", *words[2:])
    assert "there is no candle to download; did you mean 'candles'?" in told


# --- tapes, the sandbox, and all of them ------------------------------------------------------------------


def test_a_tape_is_recorded_and_shown(shell: Shell) -> None:
    told = shell.shows("record", "sol.jsonl", "depth.SOL_USDC", "trade.SOL_USDC", "-s", "1")
    assert "written to sol.jsonl" in told
    lines = shell.shows("play", "sol.jsonl", "--stream", "depth.SOL_USDC", "--json").splitlines()
    assert {json.loads(line)["stream"] for line in lines} == {"depth.SOL_USDC"}
    assert "GET /api/v1/depth" in shell.shows("play", "sol.jsonl")
    again = ("record", "sol.jsonl", "trade.SOL_USDC", "-s", "0.3")
    assert "sol.jsonl is there already" in shell.refuses(2, *again)
    assert "written to sol.jsonl" in shell.shows(*again, "--replace")


def test_an_address_may_be_given_anywhere(shell: Shell) -> None:
    url = shell.environment.pop("BPX_SANDBOX")
    spelt: list[tuple[str, ...]] = [("--sandbox", url, "ticker"), ("ticker", "--sandbox", url)]
    for words in [*spelt, ("ticker", f"--sandbox={url}")]:
        assert "SOL/USDC" in shell.shows(*words)
    program = "import ccxt, sys\nprint(ccxt.bpx().urls['api']['private'], sys.argv[1:])"
    (shell.folder / "bot.py").write_text(program)
    runs: list[tuple[str, ...]] = [("run", "--sandbox", url, "bot.py"), ("--sandbox", url, "run", "bot.py")]
    for words in runs:
        assert shell.starts(*words, "--sandbox") == (0, f"{url} ['--sandbox']\n", "")


@pytest.mark.parametrize(
    "address",
    ["localhost", "ftp://here", "http://", "http://127.0.0.1:99999", "http://127.0.0.1:x", "http://a:0"],
)
def test_an_address_that_is_none_is_refused_before_anything_is_sent(shell: Shell, address: str) -> None:
    said = f"bpx: --sandbox and BPX_SANDBOX take an address such as http://127.0.0.1:8787, not {address!r}\n"
    assert shell.refuses(2, "ticker", f"--sandbox={address}") == said
    assert shell.refuses(2, "run", f"--sandbox={address}", "bot.py") == said
    shell.environment["BPX_SANDBOX"] = address
    assert shell.refuses(2, "ticker") == said


def test_all_of_no_market_is_not_taken_for_a_market(shell: Shell) -> None:
    assert "--all takes a market; `bpx call cancel_all_orders`" in shell.refuses(
        2, "cancel", "--all", "--yes"
    )


def test_the_venues_own_methods_take_their_parameters_by_name(shell: Shell) -> None:
    row = json.loads(shell.shows("call", "public_get_api_v1_ticker", "symbol=SOL_USDC"))
    assert row["symbol"] == "SOL_USDC"
    assert int(json.loads(shell.shows("call", "publicGetApiV1Time"))) > 0


@pytest.mark.parametrize("command", ["markets", "ticker", "cancel", "download"])
def test_a_usage_line_names_the_command(shell: Shell, command: str) -> None:
    assert shell.refuses(2, command, "--nothing").startswith("Usage: ")
    assert f" {command} [OPTIONS]" in shell.shows(command, "--help")


def test_a_wide_table_keeps_its_short_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown, "WIDE", 60)
    shown.table([["versions", "TROUBLE", "word " * 30]], ["", "", "what was found"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("versions  TROUBLE  word word")
    assert sum(line.count("word") for line in lines) == 30


def test_a_table_of_figures_is_never_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown, "WIDE", 40)
    shown.table([["60000003394", "1234.5678", "limit"] * 3], ["id", "amount", "type"] * 3)
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["id", "amount", "type"] * 3
    assert row.split() == ["60000003394", "1234.5678", "limit"] * 3


def test_an_answer_of_a_call_is_json_in_any_case(shell: Shell) -> None:
    words = ("call", "public_get_api_v1_markets")
    assert shell.shows(*words) == shell.shows(*words, "--json")


def test_figures_of_a_report_have_the_digits_that_count(shell: Shell) -> None:
    for amount in ("1", "2", "3"):
        shell.shows("buy", "SOL/USDC", amount, "--yes")
    found = shell.gives("report")
    figures = [found["net"], found["fees"], found["drawdown"], found["markets"]["SOL/USDC"]["average"]]
    assert all(len(figure.partition(".")[2]) <= 12 for figure in figures), figures


def test_help_and_version_are_there_without_loading_ccxt(shell: Shell) -> None:
    told = shell.shows("--help")
    for name in ("sandbox", "run", "demo", "doctor", "keys", "markets", "book", "buy", "call", "record"):
        assert re.search(rf"^  {name} ", told, re.MULTILINE), name
    code = (
        "import sys; sys.argv = ['bpx', '--help']\n"
        "from bpx_connector.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "assert not {'ccxt', 'aiohttp', 'nacl', 'rich'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert shell.shows("--version").startswith("bpx-connector 0.")
    assert "complete" in shell.run("--show-completion").stdout + shell.run("--help").stdout


# --- streams that are not there ---------------------------------------------------------------------------


def in_sh(shell: Shell, line: str) -> subprocess.CompletedProcess[str]:
    """A line of a shell in which `bpx` is the command."""
    command = f'bpx() {{ "{sys.executable}" -m bpx_connector "$@"; }}; {line}'
    environment = shell.environment | {"PYTHONPATH": str(Path(__file__).parent.parent.parent)}
    return subprocess.run(
        ["sh", "-c", command],
        cwd=shell.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize(
    "words",
    ["ticker SOL/USDC", "ticker --json", "keys", "trades SOL/USDC --live", "book SOL/USDC --live", "--help"],
)
def test_an_output_that_is_full_is_one_sentence(shell: Shell, words: str) -> None:
    done = in_sh(shell, f"bpx {words} > /dev/full")
    said = "bpx: what was to be said cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, said)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_program_says_in_its_own_way_that_there_is_no_room(shell: Shell) -> None:
    (shell.folder / "bot.py").write_text("with open('/dev/full', 'w') as file:\n    file.write('x')\n")
    assert "Traceback" in in_sh(shell, "bpx run bot.py").stderr


def test_who_reads_no_further_is_told_nothing(shell: Shell) -> None:
    done = in_sh(shell, "bpx trades SOL/USDC --live --json | head -n 1")
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


@pytest.mark.parametrize("words", ["buy SOL/USDC 1 --price 60", "cancel --all SOL/USDC"])
def test_where_nobody_can_be_asked_it_is_all_one_how(shell: Shell, words: str) -> None:
    closed, empty = (in_sh(shell, f"bpx {words} {how}") for how in ("<&-", "</dev/null"))
    assert (closed.returncode, closed.stderr) == (2, empty.stderr)
    assert "say --yes where nobody can be asked" in closed.stderr


def test_who_reads_nothing_at_all_disturbs_nobody(shell: Shell) -> None:
    done = in_sh(shell, "bpx ticker SOL/USDC >&-")
    assert (done.returncode, done.stderr) == (0, "")


def test_without_typer_the_commands_that_need_it_say_so(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise ModuleNotFoundError('no typer', name='typer')")
    shell.environment["PYTHONPATH"] = str(tmp_path)
    done = shell.starts("ticker")
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'bpx-connector[cli]'" in done.stderr
    assert "python -m bpx_connector run" in shell.starts("run", "--help").stdout
