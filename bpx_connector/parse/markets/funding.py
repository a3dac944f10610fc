"""Parsing of what concerns perpetuals as a whole: funding rates and open interest."""

from __future__ import annotations

from typing import Any

from ccxt.base.types import FundingRate, FundingRateHistory, Market, OpenInterest

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Payload
from bpx_connector.parse.numbers import iso8601
from bpx_connector.parse.rows import Row, object_of

__all__ = ["ParseFunding", "interval_name"]

HOUR = 3_600_000
MINUTE = 60_000


def interval_name(milliseconds: Any) -> str | None:
    """A funding interval in ccxt's words: 3600000 is '1h'. Some replies write the figure as text."""
    interval = Row({"interval": milliseconds}).whole("interval")
    if not interval:
        return None
    hours, rest = divmod(interval, HOUR)
    return f"{interval // MINUTE}m" if rest else f"{hours}h"


class ParseFunding(Ccxt):
    """ccxt's parsers of funding rates and open interest."""

    def parse_funding_rate(self, contract: object, market: Market = None) -> FundingRate:
        """The running interval's rate from a row of /markPrices; from a row of /markets its length alone.

        The venue's nextFundingTimestamp ends the running interval and is when its rate is paid, which ccxt
        calls fundingTimestamp.
        """
        told, number = object_of(contract, f"{self.id} a funding rate"), self.number
        row = Row(told)
        if market is None:
            market = self.safe_market(row.word("symbol"))
        paid_at = row.moment("nextFundingTimestamp")
        return {
            "info": told,
            "symbol": market["symbol"],
            "markPrice": row.number("markPrice", number),
            "indexPrice": row.number("indexPrice", number),
            "interestRate": None,
            "estimatedSettlePrice": None,
            "timestamp": None,
            "datetime": None,
            "fundingRate": row.number("fundingRate", number),
            "fundingTimestamp": paid_at,
            "fundingDatetime": iso8601(paid_at),
            "nextFundingRate": None,
            "nextFundingTimestamp": None,
            "nextFundingDatetime": None,
            "previousFundingRate": None,
            "previousFundingTimestamp": None,
            "previousFundingDatetime": None,
            "interval": interval_name(
                told["fundingInterval"]
                if "fundingInterval" in row.info
                else (market.get("info") or {}).get("fundingInterval")
            ),
        }

    def parse_funding_rate_history(self, info: object, market: Market = None) -> FundingRateHistory:
        """One interval's rate from a row of /fundingRates, dated by the interval's end."""
        told = object_of(info, f"{self.id} a funding rate")
        row = Row(told)
        timestamp = row.moment("intervalEndTimestamp")
        if market is None:
            market = self.safe_market(row.word("symbol"))
        return {
            "info": told,
            "symbol": market["symbol"],
            "fundingRate": row.number("fundingRate", self.number),
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
        }

    def parse_open_interest(self, interest: Payload, market: Market = None) -> OpenInterest:
        """One market's open interest, in base units."""
        row = Row(object_of(interest, f"{self.id} an open interest"))
        if market is None:
            market = self.safe_market(row.word("symbol"))
        timestamp = row.moment("timestamp")
        return {
            "symbol": market["symbol"],
            "baseVolume": None,
            "quoteVolume": None,
            "openInterestAmount": row.number("openInterest", self.number),
            "openInterestValue": None,
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
            "info": interest,
        }
