"""Unified methods: wallet. What came in, what goes out, where to send it and what that costs.

Nothing here guesses a network: money sent over the wrong one is lost.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from ccxt.base.errors import ArgumentsRequired, BadRequest
from ccxt.base.types import DepositAddress, DepositWithdrawFees, Strings, Transaction

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.numbers import plain
from bpx_connector.parse.wallet import ParseWallet
from bpx_connector.rest.arguments import checked_limit, checked_time, until_of, whole_of
from bpx_connector.rest.histories import RowsRead
from bpx_connector.venue.description import HISTORY_LIMIT

__all__ = ["Wallet"]

TAG_WORDS = ("tag", "memo", "addressTag", "destinationTag")


class Wallet(ParseWallet):
    """Deposits, withdrawals, addresses and fees."""

    # --- addresses -------------------------------------------------------------------------------------

    @flow
    def fetch_deposit_address(self, code: str, params: Params = {}) -> Flow[DepositAddress]:
        """The address to send a currency to, on one network.

        https://docs.backpack.exchange/#tag/Capital/operation/get_deposit_address

        params: `network`, required: ccxt's code ('SOL', 'ERC20') or the venue's word ('Solana', 'Ethereum').
        """
        call = f"{self.id} fetchDepositAddress()"
        yield self.load_markets()
        currency = self._currency(call, code)
        network, params = self._network(call, currency, params)
        answer = yield self.private_get_wapi_v1_capital_deposit_address(
            {"blockchain": network["id"], **params}
        )
        address = self.parse_deposit_address(answer, currency)
        address["network"] = network["network"]
        return address

    # --- history ---------------------------------------------------------------------------------------

    @flow
    def fetch_deposits(
        self, code: str | None = None, since: int | None = None, limit: int | None = None, params: Params = {}
    ) -> Flow[list[Transaction]]:
        """Deposits, oldest first: with `since` the first `limit` at or after it, else the newest `limit`.

        https://docs.backpack.exchange/#tag/Capital/operation/get_deposits

        params: `until`, the latest time in milliseconds; `excludePlatform`, True leaves out what came from
        the venue itself.
        """
        call = f"{self.id} fetchDeposits()"
        endpoint = self.private_get_wapi_v1_capital_deposits
        deposits: list[Transaction] = yield self._transactions(call, endpoint, code, since, limit, params)
        return deposits

    @flow
    def fetch_withdrawals(
        self, code: str | None = None, since: int | None = None, limit: int | None = None, params: Params = {}
    ) -> Flow[list[Transaction]]:
        """Withdrawals, oldest first: with `since` the first `limit` at or after it, else the newest `limit`.

        https://docs.backpack.exchange/#tag/Capital/operation/get_withdrawals

        params: `until`, the latest time in milliseconds; `id` and `clientId` find a single withdrawal.
        """
        call = f"{self.id} fetchWithdrawals()"
        endpoint = self.private_get_wapi_v1_capital_withdrawals
        withdrawals: list[Transaction] = yield self._transactions(call, endpoint, code, since, limit, params)
        return withdrawals

    @flow
    def fetch_deposits_withdrawals(
        self, code: str | None = None, since: int | None = None, limit: int | None = None, params: Params = {}
    ) -> Flow[list[Transaction]]:
        """Deposits and withdrawals together, oldest first.

        https://docs.backpack.exchange/#tag/Capital/operation/get_deposits
        https://docs.backpack.exchange/#tag/Capital/operation/get_withdrawals

        params: `until`, the latest time in milliseconds.
        """
        deposits = yield self.fetch_deposits(code, since, limit, params)
        withdrawals = yield self.fetch_withdrawals(code, since, limit, params)
        return _limited([*deposits, *withdrawals], since, limit)

    @flow
    def _transactions(
        self, call: str, endpoint: Any, code: str | None, since: int | None, limit: int | None, params: Params
    ) -> Flow[list[Transaction]]:
        since, limit = checked_time(call, "since", since), checked_limit(call, limit)
        until, params = until_of(call, params, since)
        _, params = whole_of(params)  # all that is wanted is read anyway
        yield self.load_markets()
        wanted = None if code is None else self._currency(call, code)["id"]
        request: Params = {}
        if since is not None:
            request["from"] = since
        if until is not None:
            request["to"] = until + 1  # the venue's `to` is the first time that is left out
        read = RowsRead(lambda row: row["id"])
        found: list[Payload] = []
        offset = 0
        while True:
            # The venue filters by time but not by currency, and names no order: page on until enough or all.
            page = yield endpoint({**request, "limit": HISTORY_LIMIT, "offset": offset, **params})
            found += [row for row in read.take(page) if wanted is None or row["symbol"] == wanted]
            offset += len(page)
            if len(page) < HISTORY_LIMIT or (since is None and limit is not None and len(found) >= limit):
                break
        transactions = [self.parse_transaction(row) for row in found]
        within = [
            one
            for one in transactions
            if (since is None or (one["timestamp"] or 0) >= since)
            and (until is None or (one["timestamp"] or 0) <= until)
        ]
        return _limited(within, since, limit)

    # --- withdrawing -----------------------------------------------------------------------------------

    @flow
    def withdraw(self, code: str, amount: float, address: str, params: Params = {}) -> Flow[Transaction]:
        """A withdrawal, requested: its status is 'pending' until the venue has sent it.

        The venue asks for a two-factor token unless the address is exempt from it in the account's address
        book. It has no field for a tag or memo, so that a withdrawal that needs one is refused here.

        https://docs.backpack.exchange/#tag/Capital/operation/request_withdrawal

        params: `network`, required: ccxt's code ('SOL', 'ERC20') or the venue's word ('Solana', 'Ethereum');
        `clientId`, `twoFactorToken`, `autoBorrow`, `autoLendRedeem`, `recipientInformation`.
        """
        call = f"{self.id} withdraw()"
        params = _without_tag(call, params)
        self.check_address(address)
        quantity = _quantity(call, amount)
        yield self.load_markets()
        currency = self._currency(call, code)
        network, params = self._network(call, currency, params)
        _refuse_outside_limits(call, quantity, currency["code"], network)
        request = {
            "address": address,
            "blockchain": network["id"],
            "quantity": plain(quantity),
            "symbol": currency["id"],
        }
        row = yield self.private_post_wapi_v1_capital_withdrawals({**request, **params})
        return self.parse_transaction(row, currency)

    # --- fees ------------------------------------------------------------------------------------------

    @flow
    def fetch_deposit_withdraw_fees(
        self, codes: Strings = None, params: Params = {}
    ) -> Flow[DepositWithdrawFees]:
        """What withdrawing the currencies asked for, or all of them, costs on each network.

        Deposit fees are not published.

        https://docs.backpack.exchange/#tag/Assets/operation/get_assets
        """
        call = f"{self.id} fetchDepositWithdrawFees()"
        if isinstance(codes, str):
            raise BadRequest(f"{call} codes has to be a list such as [{codes!r}], or None, not {codes!r}")
        yield self.load_markets()
        wanted = {self._currency(call, code)["id"] for code in codes} if codes else None
        rows = yield self.public_get_api_v1_assets(params)
        fees: Any = {
            self.safe_currency_code(row["symbol"]): self.parse_deposit_withdraw_fee(row)
            for row in rows
            if wanted is None or row["symbol"] in wanted
        }
        found: DepositWithdrawFees = fees
        return found

    @flow
    def fetch_deposit_withdraw_fee(self, code: str, params: Params = {}) -> Flow[Any]:
        """What withdrawing one currency costs on each network. Deposit fees are not published.

        https://docs.backpack.exchange/#tag/Assets/operation/get_assets
        """
        fees = yield self.fetch_deposit_withdraw_fees([code], params)
        return next(iter(fees.values()), None)

    # --- arguments -------------------------------------------------------------------------------------

    def _currency(self, call: str, code: str) -> Any:
        if code not in self.currencies and code not in (self.currencies_by_id or {}):
            raise BadRequest(f"{call} knows no currency {code!r}; the venue's are the keys of `currencies`")
        return self.currency(code)

    def _network(self, call: str, currency: Any, params: Params) -> tuple[Payload, Params]:
        """The currency's network that params name, and the params that are left."""
        wanted, params = self.handle_network_code_and_params(params)
        networks = list((currency.get("networks") or {}).values())
        allowed = ", ".join(f"{one['network']} ({one['id']})" for one in networks) or "none"
        if wanted is None:
            raise ArgumentsRequired(
                f"{call} needs params['network'], for {currency['code']} one of these: {allowed}"
            )
        blockchain = str(self.network_code_to_id(wanted, currency["code"])).lower()
        for one in networks:
            if blockchain in (one["id"].lower(), one["network"].lower()):
                return one, params
        raise BadRequest(
            f"{call} cannot use network {wanted!r} for {currency['code']}, only one of these: {allowed}"
        )


def _without_tag(call: str, params: Any) -> Params:
    # ccxt's older signature had the tag in the place of params.
    given = {"tag": params} if isinstance(params, str) else params or {}
    tag = next((given[word] for word in TAG_WORDS if given.get(word)), None)
    if tag:
        raise BadRequest(
            f"{call} cannot send a tag or memo ({tag!r}): the venue's withdrawals have no field for it, "
            "and without it the money could be lost"
        )
    return {name: value for name, value in given.items() if name not in TAG_WORDS}


def _quantity(call: str, amount: Any) -> Decimal:
    try:
        quantity = Decimal(str(amount))
    except InvalidOperation:
        quantity = Decimal("NaN")
    if isinstance(amount, bool) or not quantity.is_finite() or quantity <= 0:
        raise BadRequest(f"{call} amount has to be a number above zero, not {amount!r}")
    return quantity


def _refuse_outside_limits(call: str, quantity: Decimal, code: str, network: Payload) -> None:
    least, most = network["limits"]["withdraw"]["min"], network["limits"]["withdraw"]["max"]
    step = network["precision"]
    if least is not None and quantity < Decimal(str(least)):
        raise BadRequest(
            f"{call} of {plain(quantity)} {code} is below the least on {network['id']}, which is {least}"
        )
    if most is not None and quantity > Decimal(str(most)):
        raise BadRequest(
            f"{call} of {plain(quantity)} {code} is above the most on {network['id']}, which is {most}"
        )
    if step is not None and quantity % Decimal(str(step)):
        raise BadRequest(
            f"{call} of {plain(quantity)} {code} is finer than the smallest step on {network['id']}, {step}"
        )


def _limited(transactions: list[Transaction], since: int | None, limit: int | None) -> list[Transaction]:
    ascending = sorted(transactions, key=lambda one: (one["timestamp"] or 0, int(one["id"] or 0)))
    if limit is None:
        return ascending
    return ascending[:limit] if since is not None else ascending[-limit:]
