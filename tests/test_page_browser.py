"""The journeys of staff through the page, in a real browser, on a wide screen and on a phone."""

from datetime import timedelta
from typing import Any

import pytest
from page_samples import CONFERENCE, EVENT, MONDAY, M, Mail, on
from page_service import PageService, open_page

from intake.register import Bucket
from parsers.reading import Attendance, Role

pytestmark = pytest.mark.browser
BOTH_WIDTHS = pytest.mark.parametrize("width", [1440, 390])
SLOVAKIA = Mail(
    "SK",
    27,
    "The Minister comes with Ján Novák.",
    (("The Minister comes", "Zuzana Hlaváčová", M, on(*CONFERENCE.days)),),
)

FOCUSED = "((one) => one.getAttribute('href') || one.name || one.tagName)(document.activeElement)"
SHIFT = """() => { window.shifted = 0; new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true }); }"""


def fits(page: Any) -> bool:
    """Whether nothing stands out to the right of the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@BOTH_WIDTHS
def test_a_mail_changes_the_board_without_reload_and_without_a_shift(
    page_service: PageService, chromium: Any, width: int
) -> None:
    page = open_page(chromium, page_service, width=width)
    page.wait_for_selector("#d-SK")
    page.evaluate(SHIFT)
    page.evaluate("window.stayed = true")
    page_service.arrives(SLOVAKIA)
    page.wait_for_selector("#d-SK td.minister.changed")

    assert "Zuzana Hlaváčová" in page.inner_text("#d-SK")
    assert page.evaluate("window.stayed")
    assert "Slovakia, Mon 29 Apr, Zuzana Hlaváčová Minister" in page.inner_text("#say")
    assert page.inner_text("[data-k=f-missing]") == "14"
    assert page.evaluate("window.shifted") < 0.01
    assert fits(page)
    assert page.faults == []


@BOTH_WIDTHS
def test_filter_sort_and_search_as_you_type_and_share_the_address(
    page_service: PageService, chromium: Any, width: int
) -> None:
    page = open_page(chromium, page_service, width=width)
    page.locator(".filter input[name=q]").type("quin", delay=10)
    page.wait_for_selector("#d-AT", state="detached")
    assert page.locator(".grid tr[id]").count() == 1
    assert "q=quin" in page.url
    assert page.evaluate("document.activeElement.name") == "q"

    shared = open_page(chromium, page_service, page.url.removeprefix(page_service.address), width=width)
    assert shared.locator(".grid tr[id]").count() == 1
    page.fill(".filter input[name=q]", "")
    page.wait_for_selector("#d-AT")
    page.select_option(".filter select[name=show]", "missing")
    page.wait_for_selector("#d-AT", state="detached")
    page.select_option(".filter select[name=show]", "")
    page.select_option(".filter select[name=group]", "none")
    page.select_option(".filter select[name=sort]", "name")
    page.wait_for_url("**sort=name**")
    assert page.locator(".grid tr[id]").first.get_attribute("id") == "d-AT"
    assert fits(page)
    assert page.faults == []


@BOTH_WIDTHS
def test_the_map_switches_by_day_and_the_way_back_works(page_service: PageService, chromium: Any, width: int) -> None:
    page = open_page(chromium, page_service, width=width)
    assert page.locator(".map .t[href='/delegations/CZ'] i").count() == 2
    page.click(".switch a:has-text('30 Apr')")
    page.wait_for_selector(".map .t[href='/delegations/CZ'] i.f-deputy:only-of-type")
    assert "day=2024-04-30" in page.url
    page.go_back()
    page.wait_for_selector(".map .t[href='/delegations/CZ'] i:nth-of-type(2)")
    page.click(".map .t[href='/delegations/CZ']")
    page.wait_for_selector("h1:has-text('Czechia')")
    assert fits(page)


@BOTH_WIDTHS
def test_the_slider_shows_the_board_as_of_a_moment(page_service: PageService, chromium: Any, width: int) -> None:
    page = open_page(chromium, page_service, width=width)
    page.click("summary:has-text('As of')")
    slider = page.locator("input[data-slider]")
    slider.evaluate("one => { one.value = 60; one.dispatchEvent(new Event('input', { bubbles: true })) }")
    assert page.input_value("input[name=at]").startswith("2024-02-25T")
    page.click(".asof button")
    page.wait_for_selector(".then")
    assert "at=2024-02-25" in page.url
    assert "Jens Wiebe" not in page.inner_text("main")
    page_service.arrives(SLOVAKIA)
    page.click("text=Back to now")
    page.wait_for_selector("#d-SK td.minister")


@BOTH_WIDTHS
def test_from_a_cell_to_its_sentence_and_a_correction_in_place(
    page_service: PageService, chromium: Any, width: int
) -> None:
    page = open_page(chromium, page_service, width=width)
    page.click("#d-AT td.c a >> nth=0")
    page.wait_for_selector("mark")
    assert "Bundesministerin Berger wird an beiden Tagen teilnehmen" in page.inner_text("mark >> nth=0")
    page.click("mark a >> nth=0")
    assert page.url.endswith("#v-p0")
    page.select_option("#v-p0 select[name='day-2024-04-30']", "no")
    page.click("text=Save the correction")
    page.wait_for_selector(".flash:has-text('corrected the reading')")
    row = next(row for row in page_service.register.board(CONFERENCE, event=EVENT) if row.delegation == "AT")
    assert [cell.attendance for cell in row.days.values()] == ["yes", "no"]
    page.click(".flash button")
    page.wait_for_selector(".flash:has-text('took a decision back')")
    row = next(row for row in page_service.register.board(CONFERENCE, event=EVENT) if row.delegation == "AT")
    assert [cell.attendance for cell in row.days.values()] == ["yes", "yes"]
    assert fits(page)
    assert page.faults == []


@BOTH_WIDTHS
def test_the_tray_by_keyboard_alone(page_service: PageService, chromium: Any, width: int) -> None:
    page = open_page(chromium, page_service, "/review", width=width)
    register = page_service.register
    order = [int(item.get_attribute("id").removeprefix("m-")) for item in page.locator("[data-item]").all()]
    assert len(order) == 4

    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.id") == f"m-{order[0]}"
    page.keyboard.press("a")
    page.wait_for_selector(".flash:has-text('accepted the reading')")
    assert register.message(order[0]).row.bucket is Bucket.ANSWER
    page.keyboard.press("u")
    page.wait_for_selector(".flash:has-text('took a decision back')")
    assert register.message(order[0]).row.bucket is Bucket.REVIEW

    page.wait_for_selector("[data-item]:focus")
    page.keyboard.press("x")
    page.wait_for_selector(".flash:has-text('said that it is no answer')")
    left = [item.get_attribute("id") for item in page.locator("[data-item]").all()]
    assert len(left) == 3
    page.wait_for_selector("[data-item]:focus")
    page.keyboard.press("c")
    page.wait_for_selector("h2:has-text('What it says')")
    page.keyboard.press("n")
    page.wait_for_url(lambda address: not address.endswith(left[0].removeprefix("m-")))
    assert page.faults == []


def test_single_keys_can_be_turned_off_and_never_fire_while_typing(page_service: PageService, chromium: Any) -> None:
    page = open_page(chromium, page_service, "/review")
    page.focus("#find")
    page.keyboard.type("axu")
    assert page.input_value("#find") == "axu"
    page.check("#no-keys")
    page.focus("[data-item] >> nth=0")
    page.keyboard.press("a")
    page.keyboard.press("x")
    page.goto(page_service.address + "/decisions")
    assert "Nobody has decided anything yet" in page.inner_text("main")
    page.goto(page_service.address + "/review")
    assert page.is_checked("#no-keys")


@BOTH_WIDTHS
def test_a_correction_without_javascript(page_service: PageService, chromium: Any, width: int) -> None:
    page = open_page(chromium, page_service, "/review", width=width, scripts=False, name="")
    page.click("[data-item] >> nth=0 >> text=Correct")
    page.select_option(".person select[name='day-2024-04-30'] >> nth=0", "no")
    page.click("text=Record this")
    page.fill("input[name=by]", "Lotte Peeters")
    page.click("text=Go on")
    page.wait_for_selector("h2:has-text('What it says')")
    decision = page_service.register.decisions(EVENT)[0]
    assert (decision.act, decision.by) == ("correct", "Lotte Peeters")
    assert fits(page)


@pytest.mark.parametrize(
    "path", ["/", "/review", "/questions", "/not-counted", "/delegations/ES", "/search?q=minister"]
)
def test_every_page_works_without_javascript(page_service: PageService, chromium: Any, path: str) -> None:
    page = open_page(chromium, page_service, path, scripts=False)
    assert page.inner_text("h1, .figure").strip()
    if path == "/":
        page.fill(".filter input[name=q]", "spain")
        page.click(".filter button")
        assert page.locator(".grid tr[id]").count() == 1
        page.click("summary:has-text('Export')")
        assert page.is_visible("a:has-text('CSV')")


@BOTH_WIDTHS
def test_two_people_do_not_overwrite_each_other_unseen(page_service: PageService, chromium: Any, width: int) -> None:
    page = open_page(chromium, page_service, "/messages/17", width=width)
    page.fill(".person input[name=name] >> nth=0", "Oana Petcu-Ionescu")
    theirs = [("Oana Petcu", Role.DEPUTY, MONDAY, Attendance.YES)]
    page_service.register.correct(17, people=theirs, by="Bram", at=page_service.now)
    page.wait_for_selector("#overtaken:visible")
    page.click("text=Record this")
    page.wait_for_selector("text=Not saved: somebody else was faster.")
    assert "Bram" in page.inner_text("main .alarm")
    assert page.input_value(".person input[name=name] >> nth=0") == "Oana Petcu-Ionescu"
    page.click("form.panel button.main")
    page.wait_for_selector(".flash")
    assert [one.by for one in page_service.register.decisions(EVENT)] == ["Lotte Peeters", "Bram"]


@BOTH_WIDTHS
def test_a_call_is_entered_and_a_conflict_decided(page_service: PageService, chromium: Any, width: int) -> None:
    page = open_page(chromium, page_service, "/delegations/LU", width=width)
    page.click("summary:has-text('Enter an answer')")
    page.select_option("select[name=source]", "phone")
    page.select_option("select[name='day-2024-04-29'] >> nth=0", "yes")
    page.fill("input[name=why]", "his assistant rang")
    page.click("text=Enter it")
    page.wait_for_selector(".flash:has-text('entered an answer by phone')")
    assert "Marc Thillen" in page.inner_text(".card >> nth=0")

    page.goto(page_service.address + "/delegations/ES")
    page.click("text=The other office is right >> nth=0")
    page.wait_for_selector("#enter[open]")
    assert page.input_value("#enter input[name=name] >> nth=0") == "Lucía Serrano Vidal"
    page.select_option("#enter select[name=source]", "staff")
    page.click("text=Enter it")
    page.wait_for_selector(".flash:has-text('decided')")
    row = next(row for row in page_service.register.board(CONFERENCE, event=EVENT) if row.delegation == "ES")
    assert not row.conflict
    assert {cell.name for cell in row.days.values()} == {"Lucía Serrano Vidal"}
    assert fits(page)


@BOTH_WIDTHS
def test_reminders_and_replies_open_in_the_mail_program(page_service: PageService, chromium: Any, width: int) -> None:
    page = open_page(chromium, page_service, "/delegations/BE", width=width)
    address = page.get_attribute("a[href^='mailto:cabinet@interior-be.example']", "href")
    assert "subject=Herinnering%3A%2029" in address
    page.click(".langs a:has-text('French')")
    page.wait_for_selector("a[href*='subject=Rappel']")
    page.goto(page_service.address + "/questions")
    reply = page.get_attribute("#q-3 a[href^='mailto:'], a[href*='Ostende']", "href")
    assert "In-Reply-To=%3C" in reply
    assert "%40sample.example%3E" in reply
    assert fits(page)


@BOTH_WIDTHS
def test_questions_are_closed_together_and_handed_over(page_service: PageService, chromium: Any, width: int) -> None:
    page = open_page(chromium, page_service, "/questions", width=width)
    page.click("text=All answered")
    page.wait_for_selector(".flash:has-text('dealt with a question')")
    assert page.inner_text("[data-k=s-answered]") == "4"
    page.click(".asked summary >> nth=0")
    page.fill("input[name=colleague] >> nth=0", "Bram")
    page.click("button[value=hand] >> nth=0")
    page.wait_for_selector("text=with Bram")
    assert fits(page)


@BOTH_WIDTHS
def test_an_uncounted_message_is_put_up_for_review(page_service: PageService, chromium: Any, width: int) -> None:
    page = open_page(chromium, page_service, "/not-counted", width=width)
    page.click("#m-14 button")
    page.wait_for_selector(".flash:has-text('put it up for review')")
    assert page.inner_text("[data-k=n-review]") == "5"
    page.wait_for_selector("#m-14", state="detached")
    assert fits(page)


@BOTH_WIDTHS
def test_search_leads_to_a_message(page_service: PageService, chromium: Any, width: int) -> None:
    page = open_page(chromium, page_service, width=width)
    page.fill("#find", "ostende")
    page.keyboard.press("Enter")
    page.wait_for_selector("mark:has-text('Ostende')")
    page.click("a[href='/messages/3']")
    page.wait_for_selector("mark.q")
    assert fits(page)


@BOTH_WIDTHS
def test_the_first_visit_explains_itself_once(page_service: PageService, chromium: Any, width: int) -> None:
    page = open_page(chromium, page_service, width=width, welcomed=False)
    assert page.is_visible("text=This page fills itself")
    page.click("text=Understood")
    page.wait_for_selector(".welcome", state="detached")
    page.reload()
    assert page.locator(".welcome").count() == 0
    page.click("footer a:has-text('How this page works')")
    page.wait_for_selector("h1:has-text('How this page works')")
    assert fits(page)


@BOTH_WIDTHS
def test_language_and_theme_are_chosen(page_service: PageService, chromium: Any, width: int) -> None:
    page = open_page(chromium, page_service, width=width, language="fr-BE")
    assert page.get_attribute("html", "lang") == "fr"
    assert "Autriche" in page.inner_text("#d-AT")
    light = page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor")
    page.click(".menu summary")
    page.select_option(".menu select[name=language]", "nl")
    page.select_option(".menu select[name=theme]", "dark")
    page.click(".menu button")
    page.wait_for_selector("html[lang=nl][data-theme=dark]")
    assert page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor") != light
    assert "Oostenrijk" in page.inner_text("#d-AT")


def test_the_page_comes_back_after_the_service_was_away(page_service: PageService, chromium: Any) -> None:
    page = open_page(chromium, page_service)
    page.wait_for_selector("#d-SK")
    page_service.stop()
    page.wait_for_selector("#line:visible")
    assert "Connection lost" in page.inner_text("#line")
    page_service.arrives(SLOVAKIA)
    page_service.start(page_service.port)
    page.wait_for_selector("#d-SK td.minister", timeout=20_000)
    page.wait_for_selector("#line", state="hidden")


def test_the_red_banner_appears_by_itself(page_service: PageService, chromium: Any) -> None:
    page = open_page(chromium, page_service)
    page.wait_for_selector("#d-SK")
    page_service.now += timedelta(minutes=20)
    page.wait_for_selector("#alarms .serious")
    assert "has not been looked at in full for too long" in page.inner_text("#alarms")


def test_reduced_motion_and_200_percent_zoom(page_service: PageService, chromium: Any) -> None:
    page = open_page(chromium, page_service, width=720)  # 1440 at 200 %
    page.emulate_media(reduced_motion="reduce")
    for path in ("/", "/review", "/messages/1", "/delegations/ES", "/questions", "/not-counted"):
        page.goto(page_service.address + path)
        assert fits(page), path
    page.goto(page_service.address + "/")
    page_service.arrives(SLOVAKIA)
    page.wait_for_selector("#d-SK td.minister.changed")
    assert page.evaluate("getComputedStyle(document.querySelector('.changed')).animationName") == "none"


def test_everything_on_the_board_is_reached_by_tab(page_service: PageService, chromium: Any) -> None:
    page = open_page(chromium, page_service)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    seen = set()
    for _ in range(220):
        page.keyboard.press("Tab")
        seen.add(page.evaluate(FOCUSED))
    assert {"/review", "/questions", "q", "show", "sort", "/delegations/CY", "/messages/1", "SUMMARY"} <= seen
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
