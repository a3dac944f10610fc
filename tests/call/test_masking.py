"""What may be seen of a request, and what may not."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from bpx_connector.call.masking import masked, masking_logger

SECRET = "c2VjcmV0"


@pytest.mark.parametrize(
    "name",
    ["X-API-Key", "X-Signature", "x-signature", "X-Broker-Key", "Cookie", "Authorization", "twoFactorToken"],
)
def test_a_secret_header_is_replaced_whatever_its_letters(name: str) -> None:
    assert masked({name: SECRET, "X-Window": "5000"}) == {name: "***", "X-Window": "5000"}


def test_secrets_inside_of_structures_are_replaced() -> None:
    assert masked({"request": {"headers": {"X-Signature": SECRET}}}) == {
        "request": {"headers": {"X-Signature": "***"}}
    }


@pytest.mark.parametrize(
    "text",
    [
        f'{{"quantity":"1","twoFactorToken":"{SECRET}"}}',
        f'{{"twoFactorToken" : "{SECRET}"}}',
        f'{{"method":"SUBSCRIBE","params":["account.orderUpdate"],"signature":["{SECRET}","{SECRET}","1","5000"]}}',
        f'{{"signature": "{SECRET}"}}',
    ],
)
def test_secrets_inside_of_json_text_are_replaced(text: str) -> None:
    shown = masked(text)
    assert SECRET not in shown
    assert '"***"' in shown


@pytest.mark.parametrize("value", ["plain text", 5, None, ["X-Window"], {"price": "141"}])
def test_what_holds_no_secret_is_left_as_it_is(value: Any) -> None:
    assert masked(value) == value


def test_masking_leaves_the_original_alone() -> None:
    headers = {"X-Signature": SECRET}
    masked(headers)
    assert headers == {"X-Signature": SECRET}


def test_a_masking_logger_masks_the_arguments_of_every_record(caplog: pytest.LogCaptureFixture) -> None:
    log = masking_logger(logging.getLogger("bpx_connector.tests"))
    with caplog.at_level(logging.DEBUG, "bpx_connector.tests"):
        log.debug("sent %s with %s", f'{{"twoFactorToken":"{SECRET}"}}', {"X-Signature": SECRET})
        log.warning("plain")
    assert SECRET not in caplog.text
    assert "***" in caplog.text
    assert "plain" in caplog.text


def test_a_masking_logger_is_made_once() -> None:
    log = masking_logger(logging.getLogger("bpx_connector.tests"))
    assert masking_logger(log) is log
