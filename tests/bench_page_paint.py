"""First paint of the board on loopback, and how far its layout shifts while mails change it.

    python tests/bench_page_paint.py [--loads 20] [--mails 8]

Prints what Chromium itself reports (Paint Timing and Layout Instability, W3C); asserts nothing. Every load is a browser
context of its own, so nothing is cached. What lies between `answered` (the first byte) and `painted` is the work of the
browser itself, which grows with what else the machine does; one line of bare text is measured beside it.
"""

import argparse
import statistics
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from page_samples import BOTH, M, Mail, on
from page_service import CHROMIUM, PageService
from playwright.sync_api import sync_playwright

TIMES = """() => {
  const paint = performance.getEntriesByType("paint").find((one) => one.name === "first-contentful-paint");
  const load = performance.getEntriesByType("navigation")[0];
  return paint && { answered: load.responseStart, arrived: load.responseEnd, painted: paint.startTime };
}"""
WATCH = """
window.shifts = [];
new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map((one) => one.value)))
  .observe({ type: "layout-shift", buffered: true });
"""


def mail(number: int) -> Mail:
    """An answer of a delegation that has not answered, or one that changes what stands."""
    code = ("BE", "CY", "LU", "SK", "IS", "LI", "FRONTEX", "FRA")[number % 8]
    name = f"Minister {number}{' and a Very Long Surname' * (number % 3)}"
    return Mail(code, 29 + number // 8, f"{name} will attend.", ((f"{name} will attend", name, M, on(*BOTH)),))


def painted(browser: Any, service: PageService, loads: int, width: int, path: str) -> None:
    found = []
    for _ in range(loads + 1):
        context = browser.new_context(viewport={"width": width, "height": 900})
        page = context.new_page()
        page.goto(service.address + path, wait_until="load")
        page.wait_for_function(TIMES)
        found.append(page.evaluate(TIMES))
        context.close()
    for name in ("answered", "arrived", "painted"):
        took = sorted(one[name] for one in found[1:])  # the first one starts the browser's processes too
        print(f"  {width} px, {path:8} {name:8} median {statistics.median(took):5.0f} ms, worst {took[-1]:5.0f} ms")


def shifted(browser: Any, service: PageService, mails: int, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    context.add_cookies([{"name": "welcomed", "value": "1", "url": service.address}])
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(service.address)
    page.wait_for_function("document.querySelectorAll('.grid tr[id]').length > 30")
    page.wait_for_timeout(500)  # what the load itself shifts is told apart
    of_load = page.evaluate("window.shifts.splice(0)")
    for number in range(mails):
        service.now += timedelta(seconds=1)
        sent = mail(number)
        service.arrives(sent)
        page.wait_for_selector(f"#d-{sent.code} td:has-text('Minister {number}')", timeout=60_000)
    page.wait_for_timeout(500)
    of_mails = page.evaluate("window.shifts")
    print(
        f"  {width} px: layout shift while loading {sum(of_load):.4f}, during {mails} changes {sum(of_mails):.4f}"
        f" in {len(of_mails)} shifts"
    )
    context.close()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--loads", type=int, default=20)
    arguments.add_argument("--mails", type=int, default=8)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as running:
        service = PageService(Path(name))
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        for width in (1440, 390):
            for path in ("/healthz", "/"):
                painted(browser, service, asked.loads, width, path)
            shifted(browser, service, asked.mails, width)
        browser.close()
        service.close()


if __name__ == "__main__":
    main()
