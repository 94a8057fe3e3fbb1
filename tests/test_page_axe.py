"""No page breaks a rule of axe-core (WCAG 2.2 AA among them): light and dark, wide and narrow."""

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


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_violation(page_service: PageService, chromium: object, theme: str, width: int) -> None:
    page_service.arrives(HOSTILE)
    page_service.register.accept(20 + 8, by="Lotte", at=page_service.now)
    page = open_page(chromium, page_service, "/", theme=theme, width=width, welcomed=False)
    found = []
    for path in PAGES:
        page.goto(page_service.address + path)
        for details in page.query_selector_all("main details:not(.drop)"):
            details.evaluate("one => { one.open = true }")
        result = axe.Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
        found += [
            f"{path}: {one['id']} {one['nodes'][0]['html'][:200]} {one['nodes'][0]['failureSummary'][:200]}"
            for one in result.response["violations"]
        ]

    assert found == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_violation_with_everything_open(page_service: PageService, chromium: object, theme: str) -> None:
    page_service.status.mailbox_bad(
        "bridges@host.example", page_service.now, fault="lost", words="No answer", advice="Wait.", next_try=None
    )
    page_service.warm = False
    page = open_page(chromium, page_service, "/questions", theme=theme)
    for path in ("/", "/questions"):
        page.goto(page_service.address + path)
        for details in page.query_selector_all("details"):
            details.evaluate("one => { one.open = true }")
        result = axe.Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})

        assert [(one["id"], one["nodes"][0]["html"][:300]) for one in result.response["violations"]] == []
