"""`report`: what an account's trading came to: trades, profit and loss, fees, drawdown, and a picture."""

from __future__ import annotations

from decimal import Context, Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from bpx_connector.cli import access
from bpx_connector.cli.moments import moment
from bpx_connector.cli.pictures import draw_report, picture_path
from bpx_connector.cli.shown import AsJson, show_json, table, time_of
from bpx_connector.reports import MarketReport, Report
from bpx_connector.reports import report as made_report

__all__ = ["add_to"]

FIELDS = ("trades", "bought", "sold", "turnover", "amount", "average", "last")
SUMS = ("realised", "unrealised", "funding", "fees", "net")
SHORT, FINE, LONG = Decimal("0.0001"), Decimal("1e-12"), Context(prec=60)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(report)


def report(
    word: Annotated[str | None, typer.Argument(metavar="[MARKET]", help="Of one market only.")] = None,
    since: Annotated[str | None, typer.Option(help="2026-11-01, or 2026-11-01T12:30; UTC.")] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the gain into a PNG or SVG.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what the account's fills came to: trades, profit and loss, fees, funding, drawdown.

    What is open is valued at the last price. On spot it begins with nothing, whatever the account held.
    """
    picture_path(plot)
    begin = moment("--since", since) if since else None
    with access.exchange(access.needed_keys()) as made:
        symbol = access.market(made, word)["symbol"] if word else None
        fills = made.fetch_my_trades(symbol, begin, None, {"paginate": True})
        funding = _funding(made, symbol, begin)
        symbols = sorted({fill["symbol"] for fill in fills})
        last = (
            {each: ticker["last"] for each, ticker in made.fetch_tickers(symbols).items()} if symbols else {}
        )
    found = made_report(fills, funding, last)
    if plot is not None:
        draw_report(plot, f"{len(fills)} fills, {_short(found.net)} net", found)
    if as_json:
        show_json(_as_json(found))
    else:
        _show(found, plot)


def _funding(made: Any, symbol: str | None, begin: int | None) -> list[Any]:
    if symbol is not None and not made.market(symbol)["contract"]:
        return []
    payments: list[Any] = made.fetch_funding_history(symbol, begin, None, {"paginate": True})
    return payments


def _as_json(found: Report) -> dict[str, Any]:
    markets = {
        symbol: {name: _plain(getattr(market, name)) for name in (*FIELDS, *SUMS, "wins", "losses")}
        for symbol, market in found.markets.items()
    }
    points = [[point.timestamp, _plain(point.gain), _plain(point.drawdown)] for point in found.points]
    totals = {name: _plain(getattr(found, name)) for name in ("net", "fees", "drawdown")}
    return {**totals, "markets": markets, "points": points}


def _show(found: Report, plot: Path | None) -> None:
    if not found.markets:
        typer.echo("no fills")
        return
    rows = [_row(market) for market in found.markets.values()]
    table(rows, ["market", *FIELDS, *SUMS])
    first, last = found.points[0].timestamp, found.points[-1].timestamp
    closed = sum(each.wins + each.losses for each in found.markets.values())
    wins = sum(each.wins for each in found.markets.values())
    typer.echo(f"{time_of(first)} to {time_of(last)}, UTC; {wins} of {closed} closings with a gain")
    typer.echo(
        f"net {_short(found.net)}, fees {_short(found.fees)}, largest drawdown {_short(found.drawdown)}"
    )
    if plot is not None:
        typer.echo(f"drawn into {plot}")


def _row(market: MarketReport) -> list[str]:
    return [market.symbol, *(_short(getattr(market, name)) for name in (*FIELDS, *SUMS))]


def _plain(value: Any, unit: Decimal = FINE) -> Any:
    """A figure to the digit that counts, without zeros at its end; counts and None as they are."""
    if not isinstance(value, Decimal):
        return value
    text = f"{value.quantize(unit, context=LONG):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _short(value: Any) -> str:
    return "-" if value is None else str(_plain(value, SHORT))
