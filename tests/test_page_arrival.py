"""From the arrival of a mail in a real Dovecot to the changed cell in an open browser, by IDLE."""

from pathlib import Path
from typing import Any

import pytest
from imap_dovecot import PASSWORD, Dovecot, available
from imapclient import IMAPClient
from page_arrival import deliveries, seconds_to_the_cell, served

pytestmark = [
    pytest.mark.browser,
    pytest.mark.dovecot,
    pytest.mark.skipif(not available(), reason="Dovecot is not installed"),
]


def test_mails_reach_the_open_board_in_order_and_without_reload(chromium: Any, tmp_path: Path) -> None:
    with Dovecot() as mailbox, served(tmp_path, mailbox, "desk@presidency.example") as address:
        page = chromium.new_page()
        page.goto(address)
        page.evaluate("window.stayed = true")
        with IMAPClient("127.0.0.1", mailbox.port, ssl=False) as client:
            client.login("desk@presidency.example", PASSWORD)
            for code, colour, raw in deliveries(5):
                seconds_to_the_cell(page, client, code, colour, raw)

        assert page.evaluate("window.stayed")
        assert page.inner_text("[data-k=f-missing]") == "32"
