"""Answers about the vault."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from bpx_connector.sandbox import choices
from bpx_connector.sandbox.account.ledger import USDC
from bpx_connector.sandbox.exchange.vaults import Mint, Redemption, Vault
from bpx_connector.sandbox.http.answers import Answer
from bpx_connector.sandbox.http.calls import Call
from bpx_connector.sandbox.http.lending import SPANS, zoned_time
from bpx_connector.sandbox.http.private import history_page
from bpx_connector.sandbox.records import refusals
from bpx_connector.sandbox.records.figures import plain
from bpx_connector.sandbox.records.refusals import Refusal

__all__ = ["VAULTS"]

Shape = dict[str, Any]
Past = TypeVar("Past", Mint, Redemption)


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
    if call.query["vaultId"] != Vault.id:
        raise Refusal(403, "FORBIDDEN", "Not the vault's key")
    waiting = _meant(call, call.query["vaultId"]).waiting.get(call.account.id)
    return Answer([] if waiting is None else [_redemption(waiting)])


def _redemption(row: Redemption) -> Shape:
    """Schema VaultRedeem: what was received is told when it was."""
    is_done = row.received is not None
    return {
        "status": row.status,
        "id": str(row.id),
        "vaultId": Vault.id,
        "vaultTokenQuantity": plain(row.tokens),
        "vaultToken": Vault.token if is_done else None,
        "symbol": USDC if is_done else None,
        "quantity": None if row.received is None else plain(row.received),
        "nav": None if row.nav is None else plain(row.nav),
        "reason": None,
        "timestamp": row.asked_at // 1000,
    }


def _minted(row: Mint) -> Shape:
    """VaultMint of the venue's own client for Rust; the OpenAPI does not have it."""
    return {
        "id": str(row.id),
        "vaultId": Vault.id,
        "vaultToken": Vault.token,
        "symbol": USDC,
        "quantity": plain(row.quantity),
        "vaultTokensMinted": plain(row.tokens),
        "nav": plain(row.nav),
        "timestamp": row.time // 1000,
    }


def _of_account(call: Call, rows: Iterable[Past]) -> list[Past]:
    """An account's rows, newest first, of the vault that is asked for."""
    if call.query.get("vaultId") not in (None, Vault.id):
        return []
    return [row for row in reversed(list(rows)) if row.account_id == call.account.id]


def _mints(call: Call) -> Answer:
    return history_page(call, _of_account(call, _vault(call).mints), _minted)


def _redeems(call: Call) -> Answer:
    return history_page(call, _of_account(call, _vault(call).redemptions), _redemption)


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


VAULTS: dict[str, Callable[[Call], Answer]] = {
    "GET /api/v1/vaults": _vaults,
    "GET /api/v1/vaults/history": _history,
    "POST /api/v1/vault/mint": _mint,
    "POST /api/v1/vault/redeem": _redeem,
    "DELETE /api/v1/vault/redeem": _call_off,
    "GET /api/v1/vault/redeems/pending": _pending,
    "GET /api/v1/vault/nav": _nav,
    "GET /wapi/v1/history/vault/mint": _mints,
    "GET /wapi/v1/history/vault/redeem": _redeems,
}
"""Operation -> its answer."""
