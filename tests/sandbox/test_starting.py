"""What can be wrong with the wish for a sandbox: one sentence, exit code 2, nothing left behind."""

from __future__ import annotations

import asyncio
import errno
import re
import signal
import socket
from typing import Any

import pytest

from bpx_connector.sandbox import __main__ as command
from bpx_connector.sandbox.__main__ import arguments, main
from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.server import Sandbox, SandboxThread
from bpx_connector.sandbox.trouble import listen_error
from tests.support.desk import LocalDesk
from tests.support.keys import FIRST, SECOND

FEW: dict[str, Any] = {"symbols": ["SOL_USDC"], "speed": 0}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--port", "99999"], "'99999' is no port: give a whole number from 0 to 65535"),
        (["--port", "-1"], "'-1' is no port"),
        (["--port", "http"], "'http' is no port"),
        (["--control", "70000"], "'70000' is no port"),
        (["--speed", "1e9"], "'1e9' is not a number from 0 to 1000"),
        (["--speed", "nan"], "'nan' is not a number from 0 to 1000"),
        (["--speed", "-1"], "'-1' is not a number from 0 to 1000"),
        (["--speed", "fast"], "'fast' is not a number from 0 to 1000"),
        (["--seed", "x"], "'x' is no whole number"),
        (["--spede", "3"], "there is no option --spede; did you mean '--speed'?"),
        (["--close"], None),
        (["--switch", "fired_order=same_id"], "no switch 'fired_order'; did you mean 'fired_orders'?"),
        (["--switch", "fired_orders=maybe"], "fired_orders=maybe is not one of linked, same_id, unlinked"),
        (["--page-host", "http://box"], "'http://box' is no host of an address: name it as a browser does"),
        (["--fault", "loose"], "there is no fault 'loose'"),
        (["--host", "no.such.host.invalid"], "is no address of this machine: 127.0.0.1 is for programs of"),
    ],
)
def test_a_wrong_command_line_is_one_sentence(
    words: list[str], said: str | None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if said is None:  # what argparse understands as the beginning of an option
        assert arguments(words).closed
        return

    async def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "create_server", unknown)
    with pytest.raises(SystemExit) as end:
        main(words)
    shown = capsys.readouterr()
    assert end.value.code == 2
    assert shown.out == ""
    assert shown.err.count("\n") == 1, shown.err
    assert said in shown.err
    assert "Traceback" not in shown.err


def test_a_port_in_use_is_one_sentence_that_says_what_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SystemExit) as end:
            main(["--port", str(port), "--speed", "0"])
    shown = capsys.readouterr()
    assert (end.value.code, shown.out) == (2, "")
    assert shown.err.count("\n") == 1
    for words in (f"port {port} of 127.0.0.1", f"lsof -i :{port}", f"--port {port + 1}", "--port 0"):
        assert words in shown.err


async def test_a_control_port_in_use_names_its_own_option() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OSError, match=f"--control {port + 1}"):
            await Sandbox(control=port, **FEW).start()


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:1"),
        ("0.0.0.0", "http://127.0.0.1:1"),
        ("::", "http://[::1]:1"),
        ("::1", "http://[::1]:1"),
        ("localhost", "http://localhost:1"),
    ],
)
def test_the_address_is_one_that_programs_of_this_machine_can_use(host: str, address: str) -> None:
    sandbox = Sandbox(host=host, port=1, **FEW)
    assert (sandbox.url, sandbox.socket_url) == (address, address.replace("http", "ws"))


def test_other_reasons_not_to_listen_are_named() -> None:
    forbidden = listen_error(OSError(errno.EACCES, "Permission denied"), "127.0.0.1", 80)
    assert "take one above 1023" in str(forbidden)
    elsewhere = listen_error(OSError(errno.EADDRNOTAVAIL, "Cannot assign"), "8.8.8.8", 8787)
    assert "'8.8.8.8' is no address of this machine" in str(elsewhere)
    assert elsewhere.errno == errno.EADDRNOTAVAIL
    strange = listen_error(OSError(errno.ENOBUFS, "No buffer space available"), "127.0.0.1", 8787)
    assert "No buffer space available" in str(strange)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"port": 70_000}, "port=70000 is no port"),
        ({"port": "8787"}, "port='8787' is no port"),
        ({"control": -1}, "control=-1 is no port"),
        ({"speed": 1e9}, "speed=1000000000.0 is not a number from 0 to 1000"),
        ({"speed": float("nan")}, "is not a number"),
        ({"symbols": ["SOL_USD"]}, "no market 'SOL_USD' in the sandbox; did you mean 'SOL_USDC'?"),
        ({"switches": {"fired_orders": "x"}}, "fired_orders=x is not one of"),
        ({"faults": ["loose"]}, "there is no fault 'loose'"),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_starts(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        Sandbox(**options)


@pytest.mark.parametrize("start", [-1, 10**18, 5_000_000_000_000_000])
def test_a_driven_clock_shows_no_absurd_time(start: int) -> None:
    with pytest.raises(ValueError, match="no time from 1970 to 2100"):
        DrivenClock(start)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), 1e12])
def test_a_driven_clock_does_not_advance_for_ever(seconds: float) -> None:
    with pytest.raises(ValueError, match="cannot pass at once: give 0 to 604800"):
        DrivenClock().advance(seconds)


def test_great_speed_is_bounded_work_in_every_step() -> None:
    desk = LocalDesk(symbols=["SOL_USDC", "SOL_USDC_PERP"], speed=1_000)
    trades = desk.venue.markets["SOL_USDC_PERP"].tape[-1].trade_id
    desk.clock.advance(0.1)
    done = desk.venue.markets["SOL_USDC_PERP"].tape[-1].trade_id - trades
    assert 100 < done <= 2_000


def test_a_loop_without_signal_handlers_is_stopped_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    handlers: dict[int, Any] = {}

    def unknown(*_: Any) -> None:
        raise NotImplementedError

    async def interrupted() -> bool:
        event = asyncio.Event()
        monkeypatch.setattr(asyncio.get_running_loop(), "add_signal_handler", unknown, raising=False)
        monkeypatch.setattr(signal, "signal", handlers.__setitem__)
        command._stop_on_signals(event)
        handlers[signal.SIGINT](signal.SIGINT, None)
        return await asyncio.wait_for(event.wait(), 5)

    assert asyncio.run(interrupted())
    assert set(handlers) == {signal.SIGINT, signal.SIGTERM}


async def test_a_closed_sandbox_knows_the_keys_it_was_given() -> None:
    async with Sandbox(closed=True, accounts=[FIRST.api_key], **FEW) as sandbox:
        assert sandbox.context.account(FIRST.api_key).balance("USDC").available == 1_000_000
        with pytest.raises(Exception, match="Unauthorized"):
            sandbox.context.account(SECOND.api_key)


def test_the_command_takes_accounts_and_switches() -> None:
    options = arguments(["--closed", "--account", "a", "--account", "b", "--switch", "running_kline=on"])
    assert (options.account, options.switch) == (["a", "b"], [("running_kline", True)])


@pytest.mark.parametrize("option", ["budgets", "limits"])
def test_budgets_are_kept_by_either_word(option: str) -> None:
    assert arguments([f"--{option}"]).budgets
    given: dict[str, Any] = {option: True, **FEW}
    assert Sandbox(**given)._budgets is not None


def test_a_thread_that_cannot_listen_says_what_to_do() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        pytest.raises(OSError, match="perhaps another sandbox"),
        SandboxThread(port=other.getsockname()[1], **FEW),
    ):
        pytest.fail("two programs on one port")
