"""Vaults: what they are worth, and taking and giving back shares of them.

A redemption waits for the vault's delay and can be called off until then. What a vault is worth at this
moment, and who waits, the venue tells to the vault's own key only. Source: Backpack OpenAPI, tag Vaults.
"""

from __future__ import annotations

from typing import Any

from ccxt.base.errors import BadRequest

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.border import legible, legible_steps, structures
from bpx_connector.parse.lending.lending import zoned_moment
from bpx_connector.parse.numbers import iso8601, number_or_none, plain
from bpx_connector.parse.rows import Row
from bpx_connector.rest.asking.arguments import asked_currency, checked_amount, checked_word
from bpx_connector.rest.asking.histories import asked_span, history_rows

__all__ = ["Vaults"]

INTERVALS = ("1d", "1w", "1month", "1year")
VAULT_MOST = 2**32 - 1
USUAL_ROWS = 100
NAV_FIGURES = ("nav", "twapNav", "mintNav", "redeemNav", "vaultEquity", "netEquity", "tokenCirculatingSupply")


class Vaults(Ccxt):
    """Shares of vaults."""

    @flow
    @legible_steps
    def fetch_vaults(self, params: Params = {}) -> Flow[list[Payload]]:
        """Every vault: its share token, what it takes, its limits and the delay of a redemption.

        https://docs.backpack.exchange/#tag/Vaults/operation/get_vaults
        """
        yield self.load_markets()
        return structures((yield self.public_get_api_v1_vaults(params)), self.parse_vault)

    @flow
    @legible_steps
    def fetch_vault_history(
        self,
        vaultId: Any = None,  # noqa: N803  the venue's name
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Payload]]:
        """What a share was worth over time, oldest first, of one vault or of all.

        https://docs.backpack.exchange/#tag/Vaults/operation/get_vault_history

        params: `interval`, how far back: 1d, 1w, 1month (default) or 1year; `until`.
        """
        call = f"{self.id} fetchVaultHistory()"
        span, rest = asked_span(call, since, limit, params)
        interval = checked_word(call, "interval", rest.get("interval", "1month"), INTERVALS)
        request: Params = {**rest, "interval": interval}
        if vaultId is not None:
            request["vaultId"] = _vault_id(call, vaultId)
        values = structures((yield self.public_get_api_v1_vaults_history(request)), self.parse_vault_value)
        return span.cut(sorted(values, key=_moment), _moment)

    @flow
    @legible_steps
    def mint_vault_shares(
        self,
        vaultId: Any,  # noqa: N803
        code: str,
        amount: Any,
        params: Params = {},
    ) -> Flow[Payload]:
        """What was put into a vault; the shares are in the balance.

        https://docs.backpack.exchange/#tag/Vaults/operation/vault_mint

        params: `autoBorrow`, `autoLendRedeem`.
        """
        call = f"{self.id} mintVaultShares()"
        request: Params = {
            "vaultId": _vault_id(call, vaultId),
            "quantity": plain(checked_amount(call, "amount", amount)),
        }
        yield self.load_markets()
        request["symbol"] = asked_currency(self, call, code)["id"]
        yield self.private_post_api_v1_vault_mint({**request, **params})
        return {"info": request, "vaultId": request["vaultId"], "currency": code}

    @flow
    @legible_steps
    def redeem_vault_shares(
        self,
        vaultId: Any,  # noqa: N803
        amount: Any = None,
        params: Params = {},
    ) -> Flow[Payload]:
        """What is to be redeemed after the vault's delay: so many shares, or without an amount all of them.

        https://docs.backpack.exchange/#tag/Vaults/operation/vault_redeem
        """
        call = f"{self.id} redeemVaultShares()"
        request: Params = {"vaultId": _vault_id(call, vaultId)}
        if amount is not None:
            request["vaultTokenQuantity"] = plain(checked_amount(call, "amount", amount))
        yield self.private_post_api_v1_vault_redeem({**request, **params})
        return {"info": request, "vaultId": request["vaultId"]}

    @flow
    @legible_steps
    def cancel_vault_redeem(self, vaultId: Any, params: Params = {}) -> Flow[Payload]:  # noqa: N803
        """What was called off: the redemption that waits in a vault.

        https://docs.backpack.exchange/#tag/Vaults/operation/vault_redeem_cancel
        """
        request = {"vaultId": _vault_id(f"{self.id} cancelVaultRedeem()", vaultId)}
        yield self.private_delete_api_v1_vault_redeem({**request, **params})
        return {"info": request, "vaultId": request["vaultId"]}

    @flow
    @legible_steps
    def fetch_pending_vault_redeems(self, vaultId: Any, params: Params = {}) -> Flow[list[Payload]]:  # noqa: N803
        """The redemptions that wait in a vault; for the vault's own key only.

        https://docs.backpack.exchange/#tag/Vaults/operation/get_vault_pending_redeems
        """
        request = {"vaultId": _vault_id(f"{self.id} fetchPendingVaultRedeems()", vaultId)}
        answer = yield self.private_get_api_v1_vault_redeems_pending({**request, **params})
        return structures(answer, self.parse_vault_redeem)

    @flow
    @legible_steps
    def fetch_vault_nav(self, params: Params = {}) -> Flow[Payload]:
        """What a share of the vault is worth now, to mint and to redeem; for the vault's own key only.

        https://docs.backpack.exchange/#tag/Vaults/operation/get_vault_nav
        """
        row = yield self.private_get_api_v1_vault_nav(params)
        timestamp = Row(row).moment("lastCrankTimestamp")
        figures = {name: number_or_none(self.number, row.get(name)) for name in NAV_FIGURES}
        return {"info": row, **figures, "timestamp": timestamp, "datetime": iso8601(timestamp)}

    @flow
    @legible_steps
    def fetch_vault_mints(
        self,
        vaultId: Any = None,  # noqa: N803
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Payload]]:
        """The shares that the account has taken, of one vault or of all, oldest first.

        Not in the venue's documentation, but in its own client for Rust. params: `subaccountId`; `until`,
        `paginate`, `offset`.
        """
        call = f"{self.id} fetchVaultMints()"
        rows = yield from self._past(
            call, self.private_get_wapi_v1_history_vault_mint, vaultId, since, limit, params
        )
        return structures(rows, self.parse_vault_mint)

    @flow
    @legible_steps
    def fetch_vault_redeems(
        self,
        vaultId: Any = None,  # noqa: N803
        since: int | None = None,
        limit: int | None = None,
        params: Params = {},
    ) -> Flow[list[Payload]]:
        """The account's redemptions, of one vault or of all, oldest first: requested, redeemed or cancelled.

        Not in the venue's documentation, but in its own client for Rust. params: `subaccountId`; `until`,
        `paginate`, `offset`.
        """
        call = f"{self.id} fetchVaultRedeems()"
        rows = yield from self._past(
            call, self.private_get_wapi_v1_history_vault_redeem, vaultId, since, limit, params
        )
        return structures(rows, self.parse_vault_redeem)

    def _past(
        self, call: str, endpoint: Any, vault_id: Any, since: Any, limit: Any, params: Params
    ) -> Flow[list[Payload]]:
        """Rows of one of the two histories, which cannot be turned around."""
        span, rest = asked_span(call, since, limit, params, usual=USUAL_ROWS)
        request: Params = {**rest}
        if vault_id is not None:
            request["vaultId"] = _vault_id(call, vault_id)
        if self.markets is None:
            yield self.load_markets()
        return (yield from history_rows(endpoint, request, span, _told_at, identity_of=_identity))

    @legible
    def parse_vault_mint(self, row: Payload) -> Payload:
        """Shares that were taken, and what for."""
        timestamp = Row(row).moment("timestamp")
        return {
            "info": row,
            "id": Row(row).whole("id"),
            "vaultId": Row(row).whole("vaultId"),
            "token": self.safe_currency_code(row["vaultToken"]),
            "currency": self.safe_currency_code(row["symbol"]),
            "cost": number_or_none(self.number, row.get("quantity")),
            "amount": number_or_none(self.number, row.get("vaultTokensMinted")),
            "nav": number_or_none(self.number, row.get("nav")),
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
        }

    @legible
    def parse_vault(self, row: Payload) -> Payload:
        """A vault."""
        number = self.number
        return {
            "info": row,
            "id": Row(row).whole("id"),
            "token": self.safe_currency_code(row["vaultToken"]),
            "currency": self.safe_currency_code(row["symbol"]),
            "mint": Row(row).flag("mintsEnabled"),
            "redeem": Row(row).flag("redeemsEnabled"),
            "redeemDelay": Row(row).whole("redeemDelayMs"),
            "precision": number_or_none(number, row.get("tokenStepSize")),
            "limits": {
                "mint": {"min": number_or_none(number, row.get("minMintQuantity"))},
                "redeem": {"min": number_or_none(number, row.get("minRedeemTokens"))},
            },
            "remaining": number_or_none(number, row.get("remainingMintQuantity")),
        }

    @legible
    def parse_vault_value(self, row: Payload) -> Payload:
        """What a share of a vault was worth."""
        timestamp = zoned_moment(row["timestamp"])
        return {
            "info": row,
            "vaultId": Row(row).whole("vaultId"),
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
            "nav": number_or_none(self.number, row.get("nav")),
            "equity": number_or_none(self.number, row.get("vaultEquity")),
            "supply": number_or_none(self.number, row.get("tokenCirculatingSupply")),
        }

    @legible
    def parse_vault_redeem(self, row: Payload) -> Payload:
        """A redemption."""
        timestamp = Row(row).moment("timestamp")
        return {
            "info": row,
            "id": Row(row).whole("id"),
            "vaultId": Row(row).whole("vaultId"),
            "status": row["status"].lower(),
            "amount": number_or_none(self.number, row.get("vaultTokenQuantity")),
            "received": number_or_none(self.number, row.get("quantity")),
            "nav": number_or_none(self.number, row.get("nav")),
            "reason": Row(row).word("reason"),
            "timestamp": timestamp,
            "datetime": iso8601(timestamp),
        }


def _told_at(row: Payload) -> int | None:
    return Row(row).moment("timestamp")


def _identity(row: Payload) -> Any:
    """A redemption is the same one when its status has changed."""
    return row.get("id")


def _moment(row: Payload) -> int:
    return int(row["timestamp"] or 0)


def _vault_id(call: str, value: Any) -> int:
    text = str(value)
    if isinstance(value, bool | float) or not (text.isascii() and text.isdigit()) or int(text) > VAULT_MOST:
        raise BadRequest(f"{call} vaultId has to be the vault's whole number, not {value!r}")
    return int(text)
