"""`bpx gateway`: what its words mean, and one sentence and exit code 2 for those that mean nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bpx_connector.cli.main import main as bpx
from bpx_connector.gateway.__main__ import CannotStartError, Reports, main, started_server
from bpx_connector.gateway.command_line import WrongWordsError, access_of, arguments, settings_of
from bpx_connector.sandbox.server import SandboxThread
from tests.support.nats_servers import NatsServer


@pytest.fixture(autouse=True)
def nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BPX_SANDBOX", "BPX_API_KEY", "BPX_SECRET", "BPX_KEYS_FILE"):
        monkeypatch.setenv(name, "")


WRONG = [
    (["--shrad", "0/2"], "there is no option --shrad; did you mean '--shard'?"),
    (["--acount=main"], "there is no option --acount=main; did you mean '--account'?"),
    (["--shar", "0/2"], "there is no option --shar; did you mean '--shard'?"),
    (["here"], "there is no option here"),
    (["--shard", "2/2"], "'2/2' is no part of the markets: K/N"),
    (["--shard", "one"], "'one' is no part of the markets"),
    (["--gather", "-1"], "'-1' is no number of milliseconds"),
    (["--gather", "nan"], "'nan' is no number of milliseconds"),
    (["--metrics", "127.0.0.1"], "'127.0.0.1' is no port"),
    (["--server-port", "70000"], "'70000' is no port: from 1 to 65535"),
    (["--url", "127.0.0.1:8787"], "is no address such as http://127.0.0.1:8787"),
    (["--socket-url", "http://a"], "is no address such as ws://"),
    (["--url", "http://127.0.0.1:1", "--net", "live"], "is another venue than the live one"),
    (["--net", "a.b"], "the net has to be 1 to 64 letters"),
    (["--name", "a b"], "the gateway's name has to be"),
    (["--account", "*"], "the account has to be"),
    (["--public-only", "--account-only"], "a gateway needs an account, a part of the markets, or both"),
    (["--nats", "nats://far:4222"], "far is another machine: use tls://"),
    (["--nats", "far"], "a server has to be nats://host:port"),
    (["--nats", "nats://127.0.0.1:1", "--with-server"], "--nats names another: leave one out"),
    (["--user", "a.b"], "the user has to be"),
    (["--seed", "/nowhere/s7.nk"], "--seed names /nowhere/s7.nk, which cannot be read"),
    (["--ca", "/nowhere/ca.pem"], "--ca names /nowhere/ca.pem, which cannot be read"),
    (["--limits", "/nowhere/l.json"], "--limits names /nowhere/l.json, which cannot be read: No such file"),
    (["--print-nats-config", "--bus-user", "s7:trade"], "did you mean 'trader'?"),
    (["--print-nats-config", "--bus-user", "s 7:trader"], "the user has to be"),
    (["--print-nats-config", "--bus-user", "s7"], "NAME:ROLE, and roles are gateway, reader"),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG, ids=lambda value: " ".join(value)[:40])
def test_wrong_words_are_refused_with_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(words, "bpx gateway")
    shown = capsys.readouterr()
    assert end.value.code == 2 and shown.out == ""
    assert sentence in shown.err and shown.err.startswith("bpx gateway: ") and shown.err.count("\n") == 1


PARENT = """
import subprocess, sys
from bpx_connector.gateway.__main__ import ending_with_us
child = subprocess.Popen(["sleep", "300"], preexec_fn=ending_with_us())
print(child.pid, flush=True)
child.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_the_server_ends_with_a_gateway_that_is_killed() -> None:
    """Both hold the pipe open: it ends when the child has."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert int(parent.stdout.readline()) > 0
        parent.kill()
        assert parent.communicate(timeout=60)[0] == ""


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="started_server() names its folder by the user")
async def test_a_port_that_is_taken_is_said_to_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("bpx_connector.gateway.__main__.tempfile.gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr("bpx_connector.gateway.__main__.shutil.which", lambda *words, **named: "false")
    with pytest.raises(CannotStartError, match="is port 4999 taken, perhaps by one that an earlier gateway"):
        await started_server(4999)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "Expecting property name"),
        ("[]", "the limits are a table of users"),
        ('{"s7": 5}', "the limits of s7 are a table"),
        ('{"s7": {"maxNotionall": "5"}}', "unknown limits maxNotionall"),
        ('{"s7": {"maxNotional": "much"}}', "maxNotional of s7 is 'much', not a positive number"),
        ('{"s7": {"maxNotional": "NaN"}}', "maxNotional of s7 is 'NaN', not a positive number"),
        ('{"s7": {"maxNotional": -5}}', "maxNotional of s7 is -5, not a positive number"),
        ('{"s7": {"maxOpenOrders": 2.5}}', "maxOpenOrders of s7 is 2.5, not a whole number"),
        ('{"s7": {"maxOpenOrders": true}}', "maxOpenOrders of s7 is True, not a whole number"),
        ('{"s7": {"symbols": "SOL_USDC"}}', "symbols of s7 is 'SOL_USDC', not a list of markets"),
        ('{"s 7": {}}', "the user has to be"),
    ],
)
def test_limits_that_cannot_hold_are_refused(
    text: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "limits.json"
    path.write_text(text)
    with pytest.raises(SystemExit) as end:
        main(["--limits", str(path)])
    assert end.value.code == 2 and sentence in capsys.readouterr().err


def test_the_commands_name_is_listed_and_its_help_tells_of_all_options(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for words, expected in ((["--help"], "\n  gateway "), (["gateway", "--help"], "--with-server")):
        monkeypatch.setattr(sys, "argv", ["bpx", *words])
        with pytest.raises(SystemExit) as end:
            bpx()
        assert end.value.code in (0, None) and expected in capsys.readouterr().out


def test_a_printed_configuration_is_all_that_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["bpx", "gateway", "--print-nats-config", "--bus-user", "s7:trader:UA"])
    bpx()
    assert "nkey: UA" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--sandbox"], ["--sandbox", "http://127.0.0.1:8787"]])
def test_a_sandbox_has_a_net_of_its_own(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    options = arguments(words, "bpx gateway")
    assert options.url == "http://127.0.0.1:8787" and settings_of(options).net == "sandbox"
    monkeypatch.setenv("BPX_SANDBOX", "http://127.0.0.1:1")
    assert settings_of(arguments([], "bpx gateway")).net == "sandbox"
    assert settings_of(arguments(["--net", "t1"], "bpx gateway")).net == "t1"
    monkeypatch.setenv("BPX_SANDBOX", "somewhere")
    with pytest.raises(WrongWordsError, match="BPX_SANDBOX"):
        arguments([], "bpx gateway")


def test_without_a_word_it_serves_the_venue_on_this_machine() -> None:
    options = arguments([], "bpx gateway")
    assert options.url is None and settings_of(options).net == "live"
    assert access_of(options).servers == ("nats://127.0.0.1:4222",) and access_of(options).user == "gw-a"


def test_one_key_of_the_pair_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BPX_API_KEY", "something")
    for run in (main, bpx):
        monkeypatch.setattr(sys, "argv", ["bpx", "gateway"] if run is bpx else ["gateway"])
        with pytest.raises(SystemExit) as end:
            run()
        assert end.value.code == 2 and "BPX_SECRET is not set" in capsys.readouterr().err


def test_a_port_that_is_taken_is_one_sentence_and_exit_code_1(
    nats_server: NatsServer, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--nats", nats_server.url, "--metrics", f"127.0.0.1:{nats_server.port}"]
    with pytest.raises(SystemExit) as end:
        main(words, "bpx gateway")
    assert end.value.code == 1 and "cannot be listened on" in capsys.readouterr().err


def test_it_serves_a_sandbox_until_it_is_interrupted_and_says_no_trouble_twice(
    nats_server: NatsServer, net: str
) -> None:
    words = [sys.executable, "-m", "bpx_connector", "gateway", "--nats", nats_server.url, "--net", net]
    with SandboxThread(seed=1, symbols=("SOL_USDC",)) as venue:
        serving = subprocess.Popen(
            [*words, "--sandbox", venue.url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert serving.stdout is not None
        assert serving.stdout.readline().startswith("gateway a serves md, main at nats://")
        serving.send_signal(signal.SIGINT)
        assert "Traceback" not in serving.communicate()[1]
        assert serving.returncode == 0


def test_without_its_client_the_command_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys, importlib.util as u; found = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'nats' else found(name, *rest)\n"
        "sys.argv = ['bpx', 'gateway']\nfrom bpx_connector.cli.main import main\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "bpx: the gateway speaks over NATS: pip install 'bpx-connector[gateway]'\n"


def test_the_same_trouble_again_is_not_said_again(caplog: pytest.LogCaptureFixture) -> None:
    reports = Reports()
    for message in ("the bus is gone", "the bus is gone", "another", "the bus is gone"):
        reports(message, None)
    assert caplog.messages == ["the bus is gone", "another", "the bus is gone"]
