"""Parsing of assets: the networks each one travels on, what moving it costs, how little or much may move.

A figure that the venue does not publish is None: its tables have no deposit fee and no most to deposit.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ccxt.base.types import Currency, CurrencyInterface

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload
from bpx_connector.parse.numbers import Number, number_or_none, plain
from bpx_connector.venue.words import FIAT_ASSETS, NETWORK

__all__ = ["ParseCurrencies", "network_code"]


def network_code(blockchain: str | None) -> str | None:
    """ccxt's code of a chain; a chain that has none keeps the venue's word."""
    return None if blockchain is None else NETWORK.get(blockchain, blockchain)


def _known(tokens: list[Payload], name: str) -> list[str]:
    return [token[name] for token in tokens if token.get(name) is not None]


def _least(tokens: list[Payload], name: str) -> str | None:
    known = _known(tokens, name)
    return known[0] if len(known) == 1 else min(known, key=Decimal, default=None)


def _most(tokens: list[Payload], name: str) -> str | None:
    # One network without a maximum leaves the currency without one.
    known = _known(tokens, name)
    return max(known, key=Decimal) if known and len(known) == len(tokens) else None


def _step(token: Payload) -> str | None:
    """The smallest part of a token that its chain knows, where the venue says so."""
    decimals = token.get("nativeDecimals")
    return None if decimals is None else plain(Decimal(1).scaleb(-int(decimals)))


def _network(token: Payload, number: Number) -> Payload:
    deposit, withdraw = token["depositEnabled"], token["withdrawEnabled"]
    return {
        "info": token,
        "id": token["blockchain"],
        "network": network_code(token["blockchain"]),
        "name": token["blockchain"],
        "active": deposit and withdraw,
        "deposit": deposit,
        "withdraw": withdraw,
        "fee": number_or_none(number, token.get("withdrawalFee")),
        "precision": number_or_none(number, _step(token)),
        "limits": {
            "deposit": {"min": number_or_none(number, token.get("minimumDeposit")), "max": None},
            "withdraw": {
                "min": number_or_none(number, token.get("minimumWithdrawal")),
                "max": number_or_none(number, token.get("maximumWithdrawal")),
            },
        },
    }


def _kind(symbol: str, tokens: list[Payload]) -> str:
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
        number, tokens, symbol = self.number, rawCurrency["tokens"], rawCurrency["symbol"]
        networks = [_network(token, number) for token in tokens]
        deposit = any(network["deposit"] for network in networks)
        withdraw = any(network["withdraw"] for network in networks)
        steps = [_step(token) for token in tokens]
        currency: Any = {
            "info": rawCurrency,
            "id": symbol,
            "numericId": None,
            "code": self.safe_currency_code(symbol),
            "precision": number_or_none(number, max(filter(None, steps), key=Decimal, default=None)),
            "type": _kind(symbol, tokens),
            "name": rawCurrency.get("displayName"),
            "active": deposit and withdraw,
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

    def parse_deposit_withdraw_fee(self, fee: Payload, currency: Currency = None) -> Payload:
        """What moving one asset costs, by network. The venue publishes no deposit fees."""
        number = self.number
        networks = {
            network_code(token["blockchain"]): {
                "deposit": {"fee": None, "percentage": None},
                "withdraw": {"fee": number_or_none(number, token.get("withdrawalFee")), "percentage": False},
            }
            for token in fee["tokens"]
        }
        nothing_known: Payload = {
            "deposit": {"fee": None, "percentage": None},
            "withdraw": {"fee": None, "percentage": None},
        }
        only = next(iter(networks.values())) if len(networks) == 1 else nothing_known
        return {"info": fee, "deposit": only["deposit"], "withdraw": only["withdraw"], "networks": networks}
