"""The venue's terms: weights of collateral, fee tiers, countries, delays of withdrawals.

The delay of withdrawals is served to a browser session only: put its Cookie into the exchange's `headers`.
"""

from __future__ import annotations

from typing import Any

from ccxt.base.errors import BadRequest

from bpx_connector._ccxt import Ccxt
from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.parse.border import done_as, legible_steps, structures
from bpx_connector.parse.numbers import iso8601, number_or_none
from bpx_connector.parse.rows import Row, object_of
from bpx_connector.rest.asking.arguments import checked_amount

__all__ = ["Terms"]


class Terms(Ccxt):
    """What the venue says of itself."""

    @flow
    @legible_steps
    def fetch_collateral_parameters(self, params: Params = {}) -> Flow[dict[str, Payload]]:
        """How much each currency counts as collateral: `weight`, and its margin functions in `info`.

        https://docs.backpack.exchange/#tag/Assets/operation/get_collateral_parameters
        """
        yield self.load_markets()
        parameters = structures(
            (yield self.public_get_api_v1_collateral(params)), self.parse_collateral_parameters
        )
        return dict(parameters)

    def parse_collateral_parameters(self, row: Payload) -> tuple[Any, Payload]:
        """A currency, and how much it counts as collateral."""
        haircut = row["haircutFunction"]
        return self.safe_currency_code(row["symbol"]), {
            "info": row,
            "weight": number_or_none(self.number, haircut.get("weight")),
            "kind": Row(haircut).part("kind").word("type"),
        }

    @flow
    @legible_steps
    def fetch_fee_tiers(self, params: Params = {}) -> Flow[Payload]:
        """The venue's fee tiers: the rows of `futures` and `spot` as they are, and all of it in `info`.

        Not documented by the venue, but answered without a signature; the fields of a row are not known. What
        the account itself pays, to the last digit, is what fetch_trading_fees says.
        """
        tiers = object_of((yield self.public_get_wapi_v1_feetiers(params)), "the fee tiers")
        return {"info": tiers, **{kind: tiers.get(kind) for kind in ("futures", "spot")}}

    @flow
    @legible_steps
    def fetch_countries(self, params: Params = {}) -> Flow[dict[str, Payload]]:
        """Whether the venue serves a country, by its two letters: `blocked`, `sanctioned`.

        Not documented by the venue, but answered without a signature.
        """
        countries = structures((yield self.public_get_wapi_v1_country(params)), self.parse_served)
        return dict(countries)

    def parse_served(self, row: Payload) -> tuple[Any, Payload]:
        """A country, and whether it is served."""
        read = Row(row)
        flags = {name: read.flag(name) for name in ("blocked", "sanctioned")}
        return read.needed("countryCode"), {"info": row, **flags}

    @flow
    @legible_steps
    def fetch_country_permissions(self, params: Params = {}) -> Flow[dict[str, Payload]]:
        """Whether perpetuals are enabled in a country and up to which leverage, by its two letters.

        Not documented by the venue, but answered without a signature.
        """
        countries = structures(
            (yield self.public_get_wapi_v1_country_permissions(params)), self.parse_country
        )
        return dict(countries)

    def parse_country(self, row: Payload) -> tuple[Any, Payload]:
        """A country, and what may be traded there."""
        return Row(row).needed("countryCode"), {
            "info": row,
            "swap": Row(row).flag("isPerpEnabled"),
            "leverage": number_or_none(self.number, row.get("leverageLimit")),
        }

    @flow
    @legible_steps
    def fetch_venue_wallets(self, params: Params = {}) -> Flow[list[Payload]]:
        """The venue's own addresses, by blockchain.

        https://docs.backpack.exchange/#tag/System/operation/get_wallets
        """
        wallets: list[Payload] = yield self.public_get_api_v1_wallets(params)
        return wallets

    # --- the delay of withdrawals ------------------------------------------------------------------------

    @flow
    @legible_steps
    def fetch_withdrawal_delay(self, params: Params = {}) -> Flow[Payload | None]:
        """How many hours withdrawals wait, now and after a pending change; None where no delay is set.

        https://docs.backpack.exchange/#tag/Withdrawal-Delays/operation/get_withdrawal_delay
        """
        return self._delay((yield self.private_get_wapi_v1_capital_withdrawals_delay(params)))

    @flow
    @legible_steps
    def create_withdrawal_delay(
        self,
        hours: Any,
        twoFactorToken: str,  # noqa: N803  the venue's name
        params: Params = {},
    ) -> Flow[None]:
        """Set a delay of withdrawals where there is none.

        https://docs.backpack.exchange/#tag/Withdrawal-Delays/operation/create_withdrawal_delay
        """
        request = _delay_request(f"{self.id} createWithdrawalDelay()", hours, twoFactorToken)
        yield self.private_post_wapi_v1_capital_withdrawals_delay({**request, **params})

    @flow
    @legible_steps
    def update_withdrawal_delay(
        self,
        hours: Any,
        twoFactorToken: str,  # noqa: N803
        params: Params = {},
    ) -> Flow[Payload | None]:
        """The delay of withdrawals after changing it; a shorter one is in force only after a while.

        https://docs.backpack.exchange/#tag/Withdrawal-Delays/operation/update_withdrawal_delay
        """
        request = _delay_request(f"{self.id} updateWithdrawalDelay()", hours, twoFactorToken)
        answer = yield self.private_patch_wapi_v1_capital_withdrawals_delay({**request, **params})
        return done_as(self._delay, answer)

    def _delay(self, row: Any) -> Payload | None:
        if row in (None, "", b""):
            return None  # 204 and no body
        said = Row(object_of(row, "the delay of withdrawals"))
        enabled = said.moment("pendingWithdrawalDelayHoursEnabledAt")
        return {
            "info": row,
            "hours": said.whole("currentWithdrawalDelayHours"),
            "pendingHours": said.whole("pendingWithdrawalDelayHours"),
            "pendingTimestamp": enabled,
            "pendingDatetime": iso8601(enabled),
        }


def _delay_request(call: str, hours: Any, token: Any) -> Params:
    whole = checked_amount(call, "hours", hours)
    if whole != whole.to_integral_value():
        raise BadRequest(f"{call} hours has to be a whole number, not {hours!r}")
    if not isinstance(token, str) or not token:
        raise BadRequest(f"{call} needs a two-factor token")
    return {"withdrawalDelayHours": int(whole), "twoFactorToken": token}
