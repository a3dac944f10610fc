"""Unified methods: single transfers by their id, all addresses of a currency, fees in ccxt's older form."""

from __future__ import annotations

from typing import Any

from ccxt.base.errors import BadRequest, NullResponse
from ccxt.base.types import DepositAddress, Transaction

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.border import legible_steps, listed
from bpx_connector.parse.numbers import milliseconds_of
from bpx_connector.rest.asking.arguments import asked_currency
from bpx_connector.rest.asking.histories import Span, history_rows

__all__ = ["Transfers"]


class Transfers(Ccxt):
    """What the wallet's lists are asked for one by one."""

    @flow
    @legible_steps
    def fetch_deposit(self, id: str, code: str | None = None, params: Params = {}) -> Flow[Transaction]:
        """One deposit, by its id.

        https://docs.backpack.exchange/#tag/Capital/operation/get_deposits

        The venue cannot be asked for one: its list is read newest first until it is found.
        """
        self._check_transfer_id("fetchDeposit", id)
        yield self.load_markets()
        rows = yield from history_rows(
            self.private_get_wapi_v1_capital_deposits,
            params,
            Span(limit=1),
            lambda row: milliseconds_of(row.get("createdAt")),
            is_wanted=lambda row: str(row.get("id")) == str(id),
            identity_of=lambda row: row["id"],
        )
        deposit: Transaction = self._one_transfer("fetchDeposit", id, rows)
        return deposit

    @flow
    @legible_steps
    def fetch_withdrawal(self, id: str, code: str | None = None, params: Params = {}) -> Flow[Transaction]:
        """One withdrawal, by its id.

        https://docs.backpack.exchange/#tag/Capital/operation/get_withdrawals
        """
        self._check_transfer_id("fetchWithdrawal", id)
        yield self.load_markets()
        rows = listed((yield self.private_get_wapi_v1_capital_withdrawals({"id": int(id), **params})))
        named = [row for row in rows if str(row.get("id")) == str(id)]
        withdrawal: Transaction = self._one_transfer("fetchWithdrawal", id, named)
        return withdrawal

    def _check_transfer_id(self, method: str, transfer_id: Any) -> None:
        if isinstance(transfer_id, bool) or not str(transfer_id).isdecimal():
            raise BadRequest(
                f"{self.id} {method}() id has to be the venue's whole number, not {transfer_id!r}"
            )

    def _one_transfer(self, method: str, transfer_id: str, rows: list[Payload]) -> Any:
        if not rows:
            raise NullResponse(f"{self.id} {method}() the venue knows no {transfer_id} of this account")
        return self.parse_transaction(rows[0])

    @flow
    @legible_steps
    def fetch_deposit_addresses_by_network(
        self, code: str, params: Params = {}
    ) -> Flow[dict[str, DepositAddress]]:
        """The addresses to send a currency to, by network; one call a network that takes deposits.

        https://docs.backpack.exchange/#tag/Capital/operation/get_deposit_address
        """
        yield self.load_markets()
        currency = asked_currency(self, f"{self.id} fetchDepositAddressesByNetwork()", code)
        addresses: dict[str, Any] = {}
        for name, network in currency["networks"].items():
            if network["deposit"]:
                addresses[name] = yield self.fetch_deposit_address(code, {**params, "network": name})
        return addresses

    @flow
    @legible_steps
    def fetch_transaction_fees(self, codes: Any = None, params: Params = {}) -> Flow[dict[str, Any]]:
        """What withdrawing costs by currency and network, in ccxt's older form.

        Deposit fees are not published.

        https://docs.backpack.exchange/#tag/Assets/operation/get_assets
        """
        fees = yield self.fetch_deposit_withdraw_fees(codes, params)
        return {code: _older_form(fee) for code, fee in fees.items()}

    @flow
    @legible_steps
    def fetch_transaction_fee(self, code: str, params: Params = {}) -> Flow[Any]:
        """What withdrawing one currency costs by network, in ccxt's older form.

        https://docs.backpack.exchange/#tag/Assets/operation/get_assets
        """
        fees = yield self.fetch_transaction_fees([code], params)
        return next(iter(fees.values()), None)


def _older_form(fee: Any) -> Payload:
    networks = fee["networks"].items()
    return {
        "info": fee["info"],
        "withdraw": {name: network["withdraw"]["fee"] for name, network in networks},
        "deposit": {name: network["deposit"]["fee"] for name, network in networks},
    }
