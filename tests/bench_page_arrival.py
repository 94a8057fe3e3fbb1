"""Seconds from APPEND on Dovecot to the changed cell in an open browser, by IDLE, over fifty mails.

python tests/bench_page_arrival.py [--mails 50]
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from imap_dovecot import PASSWORD, Dovecot
from imapclient import IMAPClient
from page_arrival import deliveries, seconds_to_the_cell, served
from page_service import CHROMIUM
from playwright.sync_api import sync_playwright


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--mails", type=int, default=50)
    count = arguments.parse_args().mails
    user = "desk@presidency.example"
    with (
        tempfile.TemporaryDirectory() as name,
        Dovecot() as mailbox,
        served(Path(name), mailbox, user) as address,
        sync_playwright() as running,
    ):
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(address)
        with IMAPClient("127.0.0.1", mailbox.port, ssl=False) as client:
            client.login(user, PASSWORD)
            took = sorted(seconds_to_the_cell(page, client, *one) for one in deliveries(count))
        browser.close()
    most = took[int(count * 0.95)]
    print(f"{count} mails: median {statistics.median(took):.3f} s, 95 % {most:.3f} s, longest {took[-1]:.3f} s")


if __name__ == "__main__":
    main()
