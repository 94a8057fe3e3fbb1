"""No page breaks a rule of axe-core (WCAG 2.2 AA among them): light and dark, wide and narrow."""

from pathlib import Path
from typing import Any

import pytest
from page_samples import HOSTILE
from page_service import PageService, open_page

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
pytestmark = pytest.mark.browser

PAGES = (
    "/", "/?day=2024-04-29&group=kind&show=missing", "/?at=2024-03-01T12:00", "/?q=nobody-of-that-name", "/review",
    "/messages/1", "/messages/20", "/messages/31", "/delegations/ES", "/delegations/MT", "/delegations/LU",
    "/questions", "/questions?state=answered", "/not-counted", "/search?q=minister", "/search?q=", "/search?q=xyzzy",
    "/decisions", "/help", "/nothing-here",
)  # fmt: skip
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Any) -> list[str]:
    """Which rules the page breaks, each with its first place."""
    result = axe.Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    return [
        f"{one['id']} {one['nodes'][0]['html'][:200]} {one['nodes'][0]['failureSummary'][:200]}"
        for one in result.response["violations"]
    ]


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_violation(page_service: PageService, chromium: Any, theme: str, width: int) -> None:
    page_service.arrives(HOSTILE)
    page_service.register.accept(20 + 8, by="Lotte", at=page_service.now)
    page = open_page(chromium, page_service, "/", theme=theme, width=width, welcomed=False)
    found = []
    for path in PAGES:
        page.goto(page_service.address + path)
        for details in page.query_selector_all("main details:not(.drop)"):
            details.evaluate("one => { one.open = true }")
        found += [f"{path}: {one}" for one in violations(page)]

    assert found == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_violation_on_answers_that_are_no_page(page_service: PageService, chromium: Any, theme: str) -> None:
    """A form without a name, without sense, overtaken by somebody else; another moment; no register at all."""
    page = open_page(chromium, page_service, "/messages/17", theme=theme, name="")
    found = []

    def look(where: str, words: str) -> None:
        assert words in page.inner_text("body"), where
        found.extend(f"{where}: {one}" for one in violations(page))

    page.click("[data-act=accept]")
    look("the name", "Who decides?")
    page.goto(page_service.address + "/messages/17")
    page.fill("input[name=name] >> nth=-1", "Somebody")
    page.click("[data-act=accept]")
    page.fill("input[name=by]", "Lotte")
    page.click("main button.main")
    look("no sense", "Say for Somebody")
    page.goto(page_service.address + "/messages/17")
    page_service.register.accept(17, by="Bram", at=page_service.now)
    page.click("[data-act=accept]")
    look("overtaken", "somebody else was faster")
    page.goto(page_service.address + "/delegations/AT")
    page.evaluate("document.querySelector('#enter').open = true")
    page.click("button[value=told]")
    look("nothing said", "Say who comes on which day")
    page.evaluate("document.querySelector('input[name=token]').value = 'x'")
    page.evaluate("document.querySelector('#enter').open = true")
    page.click("button[value=told]")
    look("an old form", "out of date")
    page_service.stop()
    page_service.settings.database.write_bytes(b"no register at all" * 100)
    page_service.start(page_service.port)
    page.goto(page_service.address)
    look("no register", "intake restore")

    assert found == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_violation_on_an_empty_event(tmp_path: Path, chromium: Any, theme: str) -> None:
    service = PageService(tmp_path, ())
    try:
        page = open_page(chromium, service, "/", theme=theme, welcomed=False)
        found = []
        for path in ("/", "/review", "/questions", "/not-counted", "/decisions", "/delegations/AT", "/?kind=none"):
            page.goto(service.address + path)
            found += [f"{path}: {one}" for one in violations(page)]
    finally:
        service.close()

    assert found == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_violation_with_everything_open(page_service: PageService, chromium: Any, theme: str) -> None:
    page_service.status.mailbox_bad(
        "bridges@host.example", page_service.now, fault="lost", words="No answer", advice="Wait.", next_try=None
    )
    page_service.warm = False
    page = open_page(chromium, page_service, "/questions", theme=theme)
    for path in ("/", "/questions"):
        page.goto(page_service.address + path)
        for details in page.query_selector_all("details"):
            details.evaluate("one => { one.open = true }")

        assert violations(page) == []
