"""Parsing of assets: the networks each one travels on, what moving it costs, how little or much may move.

A figure that the venue does not publish is None: its tables have no deposit fee and no most to deposit.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ccxt.base.types import Currency, CurrencyInterface

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload, Structure
from bpx_connector.parse.numbers import EXACT, Number, number_or_none, plain
from bpx_connector.parse.rows import Row
from bpx_connector.venue.words import FIAT_ASSETS, NETWORK

__all__ = ["ParseCurrencies", "network_code"]

MOST_DECIMALS = 36
"""More than any chain has."""


def network_code(blockchain: str | None) -> str | None:
    """ccxt's code of a chain; a chain that has none keeps the venue's word."""
    return None if blockchain is None else NETWORK.get(blockchain, blockchain)


def _known(tokens: list[Row], name: str) -> list[str]:
    return [figure for token in tokens if (figure := token.figure(name)) is not None]


def _least(tokens: list[Row], name: str) -> str | None:
    known = _known(tokens, name)
    return known[0] if len(known) == 1 else min(known, key=Decimal, default=None)


def _most(tokens: list[Row], name: str) -> str | None:
    # One network without a maximum leaves the currency without one.
    known = _known(tokens, name)
    return max(known, key=Decimal) if known and len(known) == len(tokens) else None


def _step(token: Row) -> str | None:
    """The smallest part of a token that its chain knows, where the venue says so."""
    decimals = token.whole("nativeDecimals")
    if decimals is None or decimals > MOST_DECIMALS:
        return None
    return plain(EXACT.scaleb(Decimal(1), -decimals))


def _both(one: bool | None, other: bool | None) -> bool | None:
    return None if one is None or other is None else one and other


def _any_of(flags: list[bool | None]) -> bool | None:
    """True if one is; None if that one may be among those that are not known."""
    return True if True in flags else None if None in flags else False


def _network(token: Row, number: Number) -> Structure:
    deposit, withdraw, chain = (
        token.flag("depositEnabled"),
        token.flag("withdrawEnabled"),
        token.word("blockchain"),
    )
    return {
        "info": token.info,
        "id": chain,
        "network": network_code(chain),
        "name": chain,
        "active": _both(deposit, withdraw),
        "deposit": deposit,
        "withdraw": withdraw,
        "fee": token.number("withdrawalFee", number),
        "precision": number_or_none(number, _step(token)),
        "limits": {
            "deposit": {"min": token.number("minimumDeposit", number), "max": None},
            "withdraw": {
                "min": token.number("minimumWithdrawal", number),
                "max": token.number("maximumWithdrawal", number),
            },
        },
    }


def _kind(symbol: str, tokens: list[Row]) -> str:
    if symbol in FIAT_ASSETS:
        return "fiat"
    return "crypto" if tokens else "other"  # points, stocks and prediction outcomes live on no chain


class ParseCurrencies(Ccxt):
    """ccxt's parsers of currencies and of what moving them costs."""

    def safe_currency_code(self, currencyId: str | None, currency: Currency = None) -> str | None:  # noqa: N803  ccxt's name
        """ccxt's code of an asset. The venue's symbols are case-sensitive: kPEPE is a thousand PEPE."""
        if currencyId is None:
            return currency["code"] if currency else None
        return str(self.common_currency_code(currencyId))

    def parse_currency(self, rawCurrency: Payload) -> CurrencyInterface:  # noqa: N803  ccxt's name
        """A currency from a row of /assets. The lowest fee and widest limits of its networks are its own."""
        row, number = Row(rawCurrency), self.number
        symbol, tokens = row.needed("symbol"), _tokens(row)
        networks = [_network(token, number) for token in tokens]
        deposit = _any_of([network["deposit"] for network in networks])
        withdraw = _any_of([network["withdraw"] for network in networks])
        steps = [_step(token) for token in tokens]
        currency: Any = {
            "info": rawCurrency,
            "id": symbol,
            "numericId": None,
            "code": self.safe_currency_code(symbol),
            "precision": number_or_none(number, max(filter(None, steps), key=Decimal, default=None)),
            "type": _kind(symbol, tokens),
            "name": row.word("displayName"),
            "active": _both(deposit, withdraw),
            "deposit": deposit,
            "withdraw": withdraw,
            "fee": number_or_none(number, _least(tokens, "withdrawalFee")),
            "fees": {},
            "networks": {network["network"]: network for network in networks},
            "limits": {
                "deposit": {
                    "min": number_or_none(number, _least(tokens, "minimumDeposit")),
                    "max": None,
                },
                "withdraw": {
                    "min": number_or_none(number, _least(tokens, "minimumWithdrawal")),
                    "max": number_or_none(number, _most(tokens, "maximumWithdrawal")),
                },
            },
        }
        parsed: CurrencyInterface = currency
        return parsed

    def parse_deposit_withdraw_fee(self, fee: Any, currency: Currency = None) -> Structure:
        """What moving one asset costs, by network. The venue publishes no deposit fees."""
        number = self.number
        networks: Structure = {
            str(network_code(token.word("blockchain"))): {
                "deposit": {"fee": None, "percentage": None},
                "withdraw": {"fee": token.number("withdrawalFee", number), "percentage": False},
            }
            for token in _tokens(Row(fee))
        }
        nothing_known: Structure = {
            "deposit": {"fee": None, "percentage": None},
            "withdraw": {"fee": None, "percentage": None},
        }
        only = next(iter(networks.values())) if len(networks) == 1 else nothing_known
        return {"info": fee, "deposit": only["deposit"], "withdraw": only["withdraw"], "networks": networks}


def _tokens(row: Row) -> list[Row]:
    """An asset on each of its chains; a token that names none is on none."""
    return [token for token in row.parts("tokens") if token.word("blockchain") is not None]
