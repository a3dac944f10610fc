"""Answers about the venue itself: its status, its assets, its fees, what countries allow.

Fee tiers and countries are answered by the venue without being documented. Of the first is known that there
are a futures and a spot part of eleven rows each; the rows' fields are made up here. Of countries the fields
are known that stand here, from probes of September 2026, and that a country has a leverage limit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.crowd.listings import assets
from bpx_connector.sandbox.http import payloads
from bpx_connector.sandbox.http.answers import Answer
from bpx_connector.sandbox.http.calls import Call
from bpx_connector.sandbox.http.context import wallet_address
from bpx_connector.sandbox.records.figures import plain

__all__ = ["TERMS", "networks_of_assets"]

TIERS: Final = 11
BLOCKED: Final = frozenset({"CA", "CU", "CY", "IR", "KP", "LT", "NZ"})
SANCTIONED: Final = frozenset({"CU", "IR", "KP", "SY"})
COUNTRIES: Final = ("AE", "AR", "AU", "BR", "CH", "DE", "FR", "JP", "KR", "MX", "SG", "TR", "VN", "ZA")


def networks_of_assets() -> dict[str, list[str]]:
    """The networks that each asset is deposited and withdrawn by."""
    return {row["symbol"]: [token["blockchain"] for token in row["tokens"]] for row in assets()}


def _status(call: Call) -> Answer:
    status = call.context.status
    return Answer({"message": status.message, "status": status.status})


def _wallets(call: Call) -> Answer:
    chains = sorted({token["blockchain"] for asset in assets() for token in asset["tokens"]})
    return Answer(
        [{"address": wallet_address(call.context.owner, chain), "blockchain": chain} for chain in chains]
    )


def _assets(call: Call) -> Answer:
    return Answer([_asset(row, call.context.shut) for row in assets()])


def _asset(row: dict[str, Any], shut: set[tuple[str, str]]) -> dict[str, Any]:
    """An asset as it is while some of its networks are shut."""
    tokens = [
        {**token, "depositEnabled": False, "withdrawEnabled": False}
        if (row["symbol"], token["blockchain"]) in shut
        else token
        for token in row["tokens"]
    ]
    return {**row, "tokens": tokens}


def _collateral(call: Call) -> Answer:
    weights = call.context.exchange.valuation.weight
    return Answer([payloads.collateral_summary(row["symbol"], weights(row["symbol"])) for row in assets()])


def _fee_tiers(call: Call) -> Answer:
    """The base tier is what accounts here pay, and each further one a little less."""
    base = call.context.exchange.fees
    return Answer({kind: [_tier(base, kind, tier) for tier in range(TIERS)] for kind in ("futures", "spot")})


def _tier(base: Mapping[str, Decimal], kind: str, tier: int) -> dict[str, Any]:
    rates = {side: plain(base[f"{kind}_{side}"] * (TIERS - tier) / TIERS) for side in ("maker", "taker")}
    return {"tier": tier + 1, **rates}


def _countries(call: Call) -> Answer:
    """Whom the venue does not serve, as seen in September 2026."""
    return Answer(
        [
            {"countryCode": code, "blocked": code in BLOCKED, "sanctioned": code in SANCTIONED}
            for code in sorted({*COUNTRIES, *BLOCKED, *SANCTIONED})
        ]
    )


def _permissions(call: Call) -> Answer:
    country = call.context.exchange.switches.country
    limit = plain(choices.LEVERAGE_BY_COUNTRY[country])
    return Answer(
        [
            {"countryCode": code, "isPerpEnabled": country != "no_perps", "leverageLimit": limit}
            for code in COUNTRIES
        ]
    )


TERMS: dict[str, Callable[[Call], Answer]] = {
    "GET /api/v1/status": _status,
    "GET /api/v1/wallets": _wallets,
    "GET /api/v1/assets": _assets,
    "GET /api/v1/collateral": _collateral,
    "GET /wapi/v1/feeTiers": _fee_tiers,
    "GET /wapi/v1/country/permissions": _permissions,
    "GET /wapi/v1/country": _countries,
}
"""Operation -> its answer."""
