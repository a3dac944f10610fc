"""Parsing of assets: the networks each one travels on, what moving it costs, how little or much may move.

A figure that the venue does not publish is None: its tables have no deposit fee and no most to deposit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from ccxt.base.errors import BadResponse
from ccxt.base.types import Currencies, Currency, CurrencyInterface

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload, Structure
from bpx_connector.garbage import uncollected
from bpx_connector.parse.figures import Fields, Reading, as_read, row_of
from bpx_connector.parse.numbers import EXACT, Figure, Number, exactly, number_or_none, plain
from bpx_connector.parse.overriding import is_overridden, own
from bpx_connector.parse.rows import quoted, read_each, rows_in
from bpx_connector.venue.words import FIAT_ASSETS, NETWORK

__all__ = ["ParseCurrencies", "network_code"]

MOST_DECIMALS = 36
"""More than any chain has."""


def network_code(blockchain: str | None) -> str | None:
    """ccxt's code of a chain; a chain that has none keeps the venue's word."""
    return None if blockchain is None else NETWORK.get(blockchain, blockchain)


TOKEN_FIGURES = ("maximumWithdrawal", "minimumDeposit", "minimumWithdrawal", "withdrawalFee")
TOKEN_FLAGS = ("depositEnabled", "withdrawEnabled")
TOKEN = Fields(TOKEN_FIGURES, ("blockchain",), flags=TOKEN_FLAGS, counts=("nativeDecimals",))
FIELDS = Fields((), ("symbol", "displayName"), lists={"tokens": TOKEN})


class _Token(Protocol):
    """What is read of an asset on one of its chains."""

    blockchain: str | None
    depositEnabled: bool | None
    withdrawEnabled: bool | None
    nativeDecimals: int | None
    maximumWithdrawal: Figure | None
    minimumDeposit: Figure | None
    minimumWithdrawal: Figure | None
    withdrawalFee: Figure | None


class _Asset(Protocol):
    """What is read of an asset."""

    symbol: str | None
    displayName: str | None
    tokens: tuple[_Token, ...]


@lru_cache(maxsize=8)
def _asset_rows(number: Number) -> Reading:
    """What reads assets."""
    facts = [("blockchain", str | None), *((flag, bool | None) for flag in TOKEN_FLAGS)]
    token: Any = row_of("Token", TOKEN_FIGURES, [*facts, ("nativeDecimals", int | None)], number)
    words = [("symbol", str | None), ("displayName", str | None)]
    asset: Any = row_of("Asset", (), [*words, ("tokens", tuple[token, ...])], number)
    return Reading(list[asset], number)


def _known(tokens: Sequence[_Token], name: str) -> list[Figure]:
    return [figure for token in tokens if (figure := getattr(token, name)) is not None]


def _least(tokens: Sequence[_Token], name: str) -> Any:
    if len(tokens) == 1:  # as of most assets
        return getattr(tokens[0], name)
    return min(_known(tokens, name), key=exactly, default=None)


def _most(tokens: Sequence[_Token], name: str) -> Any:
    if len(tokens) == 1:
        return getattr(tokens[0], name)
    known = _known(tokens, name)  # one network without a maximum leaves the currency without one
    return max(known, key=exactly) if known and len(known) == len(tokens) else None


@lru_cache(maxsize=64)
def _step(decimals: int | None) -> str | None:
    """The smallest part of a token that its chain knows, where the venue says so."""
    if decimals is None or not 0 <= decimals <= MOST_DECIMALS:
        return None
    return plain(EXACT.scaleb(Decimal(1), -decimals))


def _both(one: bool | None, other: bool | None) -> bool | None:
    return None if one is None or other is None else one and other


def _any_of(flags: list[bool | None]) -> bool | None:
    """True if one is; None if that one may be among those that are not known."""
    return True if True in flags else None if None in flags else False


class Token(NamedTuple):
    """An asset on one of its chains: as the venue has it, and what was read of it."""

    info: Mapping[str, Any]
    read: _Token


def _network(token: Token, number: Number) -> Structure:
    info, read = token
    deposit, withdraw, chain = read.depositEnabled, read.withdrawEnabled, read.blockchain
    return {
        "info": info,
        "id": chain,
        "network": network_code(chain),
        "name": chain,
        "active": _both(deposit, withdraw),
        "deposit": deposit,
        "withdraw": withdraw,
        "fee": read.withdrawalFee,
        "precision": number_or_none(number, _step(read.nativeDecimals)),
        "limits": {
            "deposit": {"min": read.minimumDeposit, "max": None},
            "withdraw": {"min": read.minimumWithdrawal, "max": read.maximumWithdrawal},
        },
    }


def _kind(symbol: str, tokens: list[Token]) -> str:
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

    @uncollected
    def parse_currencies(self, rawCurrencies: Any) -> Currencies:  # noqa: N803  ccxt's name
        """Currencies by code from /assets; what cannot be read is left out."""
        what = f"{self.id} assets"
        rows = rows_in(rawCurrencies, what)
        if is_overridden(self, "parse_currency"):
            currencies = read_each(rows, self.parse_currency, what)
        else:
            pairs = list(zip(rows, self._read_assets(rows), strict=True))
            currencies = read_each(pairs, lambda pair: self._currency(*pair), what)
        return {currency["code"]: currency for currency in currencies}

    @own
    def parse_currency(self, rawCurrency: Payload) -> CurrencyInterface:  # noqa: N803  ccxt's name
        """A currency from a row of /assets. The lowest fee and widest limits of its networks are its own."""
        [read] = self._read_assets([rawCurrency])
        return self._currency(rawCurrency, read)

    def _read_assets(self, rows: Sequence[Payload]) -> list[_Asset]:
        read: list[_Asset] = as_read(_asset_rows(self.number), FIELDS, rows, self.number)
        return read

    def _currency(self, info: Payload, read: _Asset) -> CurrencyInterface:
        """The currency of a row and what was read in it."""
        number, symbol = self.number, read.symbol
        if not symbol:
            raise BadResponse(f"there is no symbol in {quoted(info)}")
        tokens = _tokens(info, read)
        networks = [_network(token, number) for token in tokens]
        facts = [token.read for token in tokens]
        deposit = _any_of([fact.depositEnabled for fact in facts])
        withdraw = _any_of([fact.withdrawEnabled for fact in facts])
        steps = [step for fact in facts if (step := _step(fact.nativeDecimals)) is not None]
        currency: Any = {
            "info": info,
            "id": symbol,
            "numericId": None,
            "code": self.safe_currency_code(symbol),
            "precision": number_or_none(number, max(steps, key=Decimal, default=None)),
            "type": _kind(symbol, tokens),
            "name": read.displayName or None,
            "active": _both(deposit, withdraw),
            "deposit": deposit,
            "withdraw": withdraw,
            "fee": _least(facts, "withdrawalFee"),
            "fees": {},
            "networks": {network["network"]: network for network in networks},
            "limits": {
                "deposit": {"min": _least(facts, "minimumDeposit"), "max": None},
                "withdraw": {
                    "min": _least(facts, "minimumWithdrawal"),
                    "max": _most(facts, "maximumWithdrawal"),
                },
            },
        }
        parsed: CurrencyInterface = currency
        return parsed

    def parse_deposit_withdraw_fee(self, fee: Payload, currency: Currency = None) -> Structure:
        """What moving one asset costs, by network. The venue publishes no deposit fees."""
        [read] = self._read_assets([fee])
        networks: Structure = {
            str(network_code(token.read.blockchain)): {
                "deposit": {"fee": None, "percentage": None},
                "withdraw": {"fee": token.read.withdrawalFee, "percentage": False},
            }
            for token in _tokens(fee, read)
        }
        nothing_known: Structure = {
            "deposit": {"fee": None, "percentage": None},
            "withdraw": {"fee": None, "percentage": None},
        }
        only = next(iter(networks.values())) if len(networks) == 1 else nothing_known
        return {"info": fee, "deposit": only["deposit"], "withdraw": only["withdraw"], "networks": networks}


def _tokens(info: Payload, read: _Asset) -> list[Token]:
    """An asset on each of its chains; a token that names none is on none."""
    if not read.tokens:
        return []
    infos = [token for token in info["tokens"] if isinstance(token, Mapping)]
    return [Token(*pair) for pair in zip(infos, read.tokens, strict=True) if pair[1].blockchain]
