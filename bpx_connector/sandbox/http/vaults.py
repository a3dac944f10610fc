"""Answers about the vault and about predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.account.ledger import USDC
from bpx_connector.sandbox.exchange.vaults import Vault
from bpx_connector.sandbox.http.answers import Answer
from bpx_connector.sandbox.http.calls import Call, paged
from bpx_connector.sandbox.http.lending import SPANS, zoned_time
from bpx_connector.sandbox.http.payloads import naive_time
from bpx_connector.sandbox.records import refusals
from bpx_connector.sandbox.records.figures import plain
from bpx_connector.sandbox.records.times import DAY

__all__ = ["VAULTS"]

Shape = dict[str, Any]
TAGS: Final = [{"slug": "crypto", "title": "Crypto"}]


def _vault(call: Call) -> Vault:
    return call.context.vault


def _meant(call: Call, vault_id: int) -> Vault:
    if vault_id != Vault.id:
        raise refusals.not_found()
    return _vault(call)


def _vaults(call: Call) -> Answer:
    vault = _vault(call)
    row = {
        "id": vault.id,
        "vaultToken": vault.token,
        "symbol": USDC,
        "mintsEnabled": True,
        "redeemsEnabled": True,
        "minMintQuantity": plain(choices.VAULT_MINIMUM),
        "minRedeemTokens": plain(choices.VAULT_STEP),
        "redeemDelayMs": choices.VAULT_DELAY // 1000,
        "tokenStepSize": plain(choices.VAULT_STEP),
        "remainingMintQuantity": None,
    }
    return Answer([row])


def _history(call: Call) -> Answer:
    vault = _vault(call)
    if call.query.get("vaultId") not in (None, vault.id):
        return Answer([])
    span, step = SPANS[call.query["interval"]]
    first = max(vault.began, call.now - span)
    return Answer(
        [
            {
                "vaultId": vault.id,
                "timestamp": zoned_time(time),
                "nav": plain(vault.nav(time)),
                "vaultEquity": plain(vault.supply * vault.nav(time)),
                "tokenCirculatingSupply": plain(vault.supply),
            }
            for time in range(call.now, first - 1, -step)
        ]
    )


def _mint(call: Call) -> Answer:
    body = call.body
    try:
        _meant(call, body["vaultId"]).mint(
            call.account,
            body["symbol"],
            body["quantity"],
            call.now,
            redeem=body.get("autoLendRedeem") is True,
        )
    finally:
        call.context.exchange.balance_books(call.now)
    return Answer()


def _redeem(call: Call) -> Answer:
    _meant(call, call.body["vaultId"]).redeem(call.account, call.body.get("vaultTokenQuantity"), call.now)
    return Answer()


def _call_off(call: Call) -> Answer:
    _meant(call, call.body["vaultId"]).call_off(call.account)
    return Answer()


def _pending(call: Call) -> Answer:
    """What waits of the account that asks; on the venue the vault's own key alone may ask, for all of it."""
    waiting = _meant(call, call.query["vaultId"]).waiting.get(call.account.id)
    if waiting is None:
        return Answer([])
    row = {
        "status": "Requested",
        "id": str(waiting.id),
        "vaultId": Vault.id,
        "vaultTokenQuantity": plain(waiting.tokens),
        "vaultToken": None,
        "symbol": None,
        "quantity": None,
        "nav": None,
        "reason": None,
        "timestamp": waiting.asked_at // 1000,
    }
    return Answer([row])


def _nav(call: Call) -> Answer:
    vault = _vault(call)
    nav, worth = plain(vault.nav(call.now)), plain(vault.supply * vault.nav(call.now))
    return Answer(
        {
            **dict.fromkeys(("nav", "twapNav", "mintNav", "redeemNav"), nav),
            **dict.fromkeys(("vaultEquity", "netEquity"), worth),
            "tokenCirculatingSupply": plain(vault.supply),
            "lastCrankTimestamp": call.now // 1000,
        }
    )


def _event(call: Call) -> Shape:
    """The one event: it resolves a day after the exchange began."""
    began = call.context.exchange.began
    is_over = call.now >= began + DAY
    market = {
        "marketSymbol": "BTCUP_USDC_PREDICTION",
        "question": "Is BTC dearer after a day?",
        "groupLabel": None,
        "yesOutcomeLabel": "Yes",
        "noOutcomeLabel": "No",
        "rules": "By the mark of BTC_USDC.",
        "resolvedAt": naive_time(began + DAY) if is_over else None,
        "resolutionPrice": "1" if is_over else None,
        "activePrice": "1" if is_over else "0.5",
        "quoteVolume": "0",
        "quoteVolumeLifetime": "0",
        "imgUrl": None,
        "proposedResolution": True if is_over else None,
        "proposedResolutionAt": naive_time(began + DAY) if is_over else None,
        "resolutionDelaySecs": 0,
    }
    return {
        "slug": "btc-up-in-a-day",
        "title": "BTC in a day",
        "predictionMarkets": [market],
        "tags": TAGS,
        "series": [{"slug": "btc-daily", "title": "BTC daily", "recurrence": "daily"}],
        "description": "Made up.",
        "imgUrl": None,
        "quoteVolume": "0",
        "resolution": {
            "resolved": is_over,
            "startDate": naive_time(began),
            "endDate": naive_time(began + DAY),
        },
        "resolved": is_over,
        "resolutionDelaySecs": 0,
    }


def _events(call: Call) -> Answer:
    query, event = call.query, _event(call)
    is_meant = (
        query.get("tagSlug") in (None, "crypto")
        and query.get("eventSlug") in (None, event["slug"])
        and query.get("seriesSlug") in (None, "btc-daily")
        and query.get("symbol") in (None, event["predictionMarkets"][0]["marketSymbol"])
        and query.get("resolved") in (None, event["resolved"])
    )
    rows = [event] if is_meant else []
    return paged(rows, query.get("limit", 100), query.get("offset", 0), lambda row: row)


def _tags(call: Call) -> Answer:
    return Answer(TAGS)


VAULTS: dict[str, Callable[[Call], Answer]] = {
    "GET /api/v1/vaults": _vaults,
    "GET /api/v1/vaults/history": _history,
    "POST /api/v1/vault/mint": _mint,
    "POST /api/v1/vault/redeem": _redeem,
    "DELETE /api/v1/vault/redeem": _call_off,
    "GET /api/v1/vault/redeems/pending": _pending,
    "GET /api/v1/vault/nav": _nav,
    "GET /api/v1/prediction": _events,
    "GET /api/v1/prediction/tags": _tags,
}
"""Operation -> its answer."""
