"""What `run` hands to programs that know exchanges by classes of their own; a stand-in plays freqtrade."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FREQTRADE = {
    "freqtrade/__init__.py": "",
    "freqtrade/enums.py": """
class Words:
    def __getattr__(self, name):
        return name.lower()

MarginMode = PriceType = TradingMode = Words()
""",
    "freqtrade/exceptions.py": """
class TemporaryError(Exception):
    pass

class DDosProtection(TemporaryError):
    pass
""",
    "freqtrade/exchange/__init__.py": """
from freqtrade.exchange.exchange import Exchange

class Binance(Exchange):
    pass
""",
    "freqtrade/exchange/exchange.py": """
class Exchange:
    _config = {"dry_run": False}
    found = []

    def get_trades_for_order(self, order_id, pair, since, params=None):
        return self.found

    def _trades_contracts_to_amount(self, trades):
        return trades

    def get_maintenance_ratio_and_amt(self, pair, notional):
        return 0.05, None
""",
}
"""As much of freqtrade as our class touches."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FREQTRADE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run(folder: Path, program: str, *words: str) -> str:
    (folder / "program.py").write_text(program)
    command = [sys.executable, "-m", "bpx_connector", "run", *words, "program.py"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_freqtrade_finds_a_class_with_futures_on_cross_margin(folder: Path) -> None:
    program = (
        "import freqtrade.exchange as e; print(e.Bpx.__name__, e.Bpx._supported_trading_mode_margin_pairs)"
    )
    assert run(folder, program) == "Bpx [('spot', 'none'), ('futures', 'cross')]"


def test_the_class_goes_by_the_name_that_was_registered(folder: Path) -> None:
    program = "import freqtrade.exchange as e; print(e.Backpack.__name__, hasattr(e, 'Bpx'))"
    assert run(folder, program, "--name", "backpack", "--replace") == "Backpack False"


def test_a_class_that_freqtrade_has_itself_stays(folder: Path) -> None:
    program = "import freqtrade.exchange as e; print(hasattr(e.Binance, '_ft_has'))"
    assert run(folder, program, "--name", "binance", "--replace") == "False"


def test_processes_that_freqtrade_starts_find_it_too(folder: Path) -> None:
    program = (
        "import subprocess, sys\n"
        "print(subprocess.check_output([sys.executable, '-c', "
        "'import freqtrade.exchange as e; print(e.Bpx.__name__)'], text=True))"
    )
    assert run(folder, program) == "Bpx"


def test_a_program_without_freqtrade_loads_nothing_of_it(folder: Path) -> None:
    assert run(folder, "import sys; print([n for n in sys.modules if 'freqtrade' in n])") == "[]"


def test_stops_and_candles_are_what_the_venue_does(folder: Path) -> None:
    program = (
        "import freqtrade.exchange as e, json; print(json.dumps([e.Bpx._ft_has, e.Bpx._ft_has_futures]))"
    )
    both, futures = json.loads(run(folder, program))
    assert both["ohlcv_partial_candle"] is False
    assert both["stoploss_on_exchange"] is True
    assert (both["stoploss_blocks_assets"], futures["stoploss_blocks_assets"]) == (True, False)
    assert both["ws_enabled"] is True
    assert futures["stop_price_type_value_mapping"] == {"last": "last", "mark": "mark", "index": "index"}


@pytest.mark.parametrize(
    ("is_short", "wallet", "price"),
    [(False, 50, 52.63), (True, 50, 142.86), (False, 200, None)],
)
def test_the_whole_wallet_backs_a_position_in_a_dry_run(
    folder: Path, is_short: bool, wallet: int, price: float | None
) -> None:
    # A hundred in, one contract: 100 - 50 = 50, and a twentieth of the notional has to be left.
    program = f"""
import freqtrade.exchange as e
found = e.Bpx().dry_run_liquidation_price("A", 100.0, {is_short}, 1.0, 50.0, 2.0, {wallet}.0, [])
print(found and round(found, 2))
"""
    assert run(folder, program) == str(price)


def test_what_other_positions_have_to_keep_is_taken_off(folder: Path) -> None:
    program = """
import freqtrade.exchange as e
from types import SimpleNamespace as T
others = [T(pair="B", amount=2.0, open_rate=100.0), T(pair="A", amount=9.0, open_rate=100.0)]
print(round(e.Bpx().dry_run_liquidation_price("A", 100.0, False, 1.0, 50.0, 2.0, 60.0, others), 2))
"""
    assert run(folder, program) == "52.63"


FILLS = """
import ccxt, freqtrade.exchange as e
from freqtrade.exceptions import DDosProtection, TemporaryError

class Api:
    def fetch_order_trades(self, order_id, pair):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

bot = e.Bpx()
bot._api = Api()
"""


def test_the_fills_of_a_stop_that_has_fired_are_those_of_the_order_it_placed(folder: Path) -> None:
    program = FILLS + "bot._api.answer = [{'order': '8'}]\nprint(bot.get_trades_for_order('7', 'A', None))"
    assert run(folder, program) == "[{'order': '8'}]"


def test_an_order_with_fills_of_its_own_is_not_asked_for_twice(folder: Path) -> None:
    program = FILLS + "bot.found = [1]\nprint(bot.get_trades_for_order('7', 'A', None))"
    assert run(folder, program) == "[1]"


@pytest.mark.parametrize(
    ("error", "expected"),
    [("ccxt.RequestTimeout('x')", "TemporaryError"), ("ccxt.DDoSProtection('x')", "DDosProtection")],
)
def test_fills_that_cannot_be_had_are_asked_for_again_by_freqtrade(
    folder: Path, error: str, expected: str
) -> None:
    program = f"""{FILLS}
bot._api.answer = {error}
try:
    bot.get_trades_for_order('7', 'A', None)
except TemporaryError as error:
    print(type(error).__name__)
"""
    assert run(folder, program) == expected
