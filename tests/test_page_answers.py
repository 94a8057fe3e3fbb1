"""What the page answers over HTTP: every address, its headers, what it shows and how much it weighs."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from page_samples import CONFERENCE, EVENT, HOSTILE, MAILS, M, Mail, on, reading_of
from page_service import PageService
from page_visitor import Visitor, eventually
from selectolax.lexbor import LexborHTMLParser

from intake.register import Bucket, Location, State

PATHS = (
    "/", "/?day=2024-04-29", "/?at=2024-03-01T12:00", "/review", "/messages/1", "/messages/16", "/messages/20",
    "/delegations/ES", "/questions", "/not-counted", "/search?q=minister", "/decisions", "/help", "/nothing",
)  # fmt: skip


@pytest.fixture
def visitor(page_service: PageService) -> Visitor:
    return Visitor(page_service)


@pytest.mark.parametrize("path", PATHS)
def test_every_page_carries_the_strict_headers(visitor: Visitor, path: str) -> None:
    status, headers, body = visitor.get(path)

    assert status == (404 if path == "/nothing" else 200)
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", body)
    assert "http://" not in re.sub(r"http://www\.w3\.org", "", body)
    assert "https://" not in body


def test_a_message_that_was_fetched_in_part_says_so(page_service: PageService, visitor: Visitor) -> None:
    (row,) = [one for one in page_service.register.messages(EVENT, limit=1000) if one.bucket is Bucket.BOUNCE][:1]
    for number, uid in ((1, 901), (row.id, 902)):
        where = Location("bridges", "INBOX", 7, uid)
        raw, when = page_service.register.raw(number), page_service.now
        kept = page_service.register.keep(
            EVENT, raw, where, received_at=when, fetched_at=when, note="31 MB: only the first 1 MB was fetched"
        )
        assert kept.id == number
    words = "Not all of this message was fetched"

    assert words in visitor.get("/messages/1")[2]
    assert "31 MB: only the first 1 MB was fetched" in visitor.get("/messages/1")[2]
    assert words not in visitor.get("/messages/2")[2]
    assert visitor.get("/not-counted")[2].count("31 MB: only the first 1 MB was fetched") == 1


def test_the_board_weighs_under_60_kilobytes(visitor: Visitor) -> None:
    _, _, body = visitor.get("/")

    assert len(CONFERENCE.delegations) == 37
    assert len(body.encode()) < 60_000


def test_the_board_shows_every_delegation_missing_first(visitor: Visitor) -> None:
    _, _, body = visitor.get("/")

    rows = re.findall(r'<tr id="d-(\w+)" class="(\w+)"', body)
    assert {code for code, _ in rows} == {one.code for one in CONFERENCE.delegations}
    states = [state != State.ANSWERED.value for _, state in rows]
    assert states == sorted(states, reverse=True)


@pytest.mark.parametrize(
    ("query", "there", "absent"),
    [
        ("q=hofer", "AT", "BE"),
        ("q=quintana", "ES", "AT"),
        ("show=missing", "BE", "AT"),
        ("show=deputy&day=2024-04-30", "CZ", "AT"),
        ("show=minister&day=2024-04-29", "CZ", "NL"),
        ("show=maybe", "DK", "AT"),
        ("show=no", "FI", "AT"),
        ("show=flagged", "ES", "AT"),
        ("show=questions", "LV", "SE"),
        ("kind=agency", "EUAA", "AT"),
    ],
)
def test_the_address_holds_the_filter(visitor: Visitor, query: str, there: str, absent: str) -> None:
    _, _, body = visitor.get(f"/?{query}")

    assert f'<tr id="d-{there}"' in body
    assert f'<tr id="d-{absent}"' not in body


def test_sorting_by_name_and_grouping_by_kind(visitor: Visitor) -> None:
    _, _, body = visitor.get("/?group=kind&sort=name")

    rows = re.findall(r'<tr id="d-(\w+)"', body)
    assert rows.index("SE") < rows.index("CH")
    assert rows.index("ES") < rows.index("SE")
    assert "Associated countries" in body


def test_the_figures_of_another_moment_are_those_of_that_moment(visitor: Visitor) -> None:
    """Nobody knows any more what waited for a person then, so that figure is left out; questions are known."""
    now, then = visitor.get("/")[2], visitor.get("/?at=2024-02-25T12:00")[2]

    assert 'data-k="f-questions">8<' in now
    assert 'data-k="f-questions">1<' in then
    assert 'data-k="f-review"' in now
    assert 'data-k="f-review"' not in then


def test_the_board_as_of_a_moment(visitor: Visitor) -> None:
    _, _, then = visitor.get("/?at=2024-02-25T12:00")
    _, _, now = visitor.get("/")

    assert "Anna Berger" in then
    assert "Jens Wiebe" not in then
    assert "as it stood on" in then
    assert "Jens Wiebe" in now


@pytest.mark.parametrize(
    "query", ["at=yesterday", "at=0001-01-01T00:00", "at=99999-01-01", "day=x&group=y&sort=z&show=w"]
)
def test_a_nonsense_query_gives_the_usual_board(visitor: Visitor, query: str) -> None:
    status, _, body = visitor.get(f"/?{query}")

    assert status == 200
    assert '<tr id="d-AT"' in body


def test_the_same_bytes_are_not_sent_twice(visitor: Visitor) -> None:
    _, headers, _ = visitor.get("/")
    status, _, body = visitor.get("/", **{"If-None-Match": visitor.get("/")[1]["ETag"]})

    assert headers["ETag"]
    assert (status, body) == (304, "")


def test_a_change_is_on_the_next_page(visitor: Visitor) -> None:
    visitor.get("/")
    visitor.service.arrives(
        Mail("SK", 27, "The Minister comes.", (("The Minister comes", "Zuzana Hlaváčová", M, on(*CONFERENCE.days)),))
    )

    assert eventually(lambda: "Zuzana Hlaváčová" in visitor.get("/")[2])


def test_what_changed_since_the_last_visit_is_marked(visitor: Visitor) -> None:
    seen = visitor.service.now - timedelta(days=3)
    visitor.cookies["visit"] = f"0.{int(seen.timestamp())}"
    _, _, body = visitor.get("/")

    # Since 19 March at 13:40: Portugal, and Slovenia's message in review.
    marked = set(re.findall(r'class="c [^"]*\bnew"[^>]*data-k="(\w+)-', body))
    assert marked == {"PT", "SI"}
    assert "2 changed since your last visit" in body
    assert set(re.findall(r'<tr id="d-(\w+)"', visitor.get("/?show=new")[2])) == {"PT", "SI"}

    visitor.post("/preferences", [("caught_up", "1"), ("back", "/")])
    assert " new" not in " ".join(re.findall(r'class="(c [^"]*)"', visitor.get("/")[2]))


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[::ffff:8.8.8.8]", "192.168.1.4", ""])
def test_a_foreign_name_for_this_machine_is_refused(visitor: Visitor, host: str) -> None:
    status, _, body = visitor.get("/", Host=host)

    assert status in (400, 421)
    assert "Anna Berger" not in body


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080"])
def test_the_names_of_this_machine_are_known(visitor: Visitor, host: str) -> None:
    assert visitor.get("/", Host=host)[0] == 200


@pytest.mark.parametrize(
    ("path", "there", "absent"),
    [
        ("/export/board.csv?show=missing", "BE", "AT"),
        ("/export/board.json?kind=agency", "EUAA", "AT"),
        ("/export/questions.csv?state=open&delegation=FR", "FR", "CH"),
        ("/export/messages.csv?counted=no", "Hotels in Ghent", "says who comes"),
        ("/export/messages.csv?bucket=review", "passed on by somebody else", "says who comes"),
        ("/export/messages.json?q=ostende", '"FR"', '"AT"'),
        ("/export/messages.csv?delegation=ES", "office@permrep-es.example", "says who comes,AT"),
        ("/export/statements.csv?delegation=ES", "Quintana", "Berger"),
        ("/export/decisions.csv", "when,by,what", "Berger"),
        ("/export/board.ics?kind=agency", "Ruben Castellano", "Berger"),
    ],
)
def test_the_export_holds_what_is_shown(visitor: Visitor, path: str, there: str, absent: str) -> None:
    status, headers, body = visitor.get(path)

    assert status == 200
    assert "attachment" in headers["Content-Disposition"]
    assert there in body
    assert absent not in body


def test_the_export_follows_the_order_and_what_is_new_to_this_reader(visitor: Visitor) -> None:
    def codes(query: str) -> list[str]:
        return [line.partition(",")[0] for line in visitor.get(f"/export/board.csv{query}")[2].splitlines()[1:]]

    assert codes("")[:2] == ["BE", "CY"], "missing first, as on the page"
    assert codes("?group=none")[:2] == ["AT", "BE"]
    assert codes("?group=none&sort=last")[0] == "SI"

    visitor.cookies["visit"] = f"0.{int((visitor.service.now - timedelta(days=3)).timestamp())}"
    assert set(codes("?show=new")) == {"PT", "SI"}


def test_search_finds_delegations_people_and_messages(visitor: Visitor) -> None:
    _, _, body = visitor.get("/search?q=ostende")
    assert 'href="/messages/3"' in body
    assert "<mark" in body
    assert 'href="/delegations/CZ"' in visitor.get("/search?q=horakova")[2]
    assert "Nothing found" in visitor.get("/search?q=xyzzy")[2]
    assert visitor.get("/search?q=%22%20OR%20*%20NEAR(")[0] == 200


def test_nothing_that_a_sender_writes_becomes_markup(visitor: Visitor) -> None:
    number = visitor.service.arrives(HOSTILE)
    visitor.service.register.note(EVENT, "LT", "<script>alert(8)</script>", by="<b>x</b>", at=visitor.service.now)

    def clean(path: str) -> str:
        status, _, body = visitor.get(path)
        assert status == 200
        tree = LexborHTMLParser(body)
        assert [one.attributes.get("src", "").partition("?")[0] for one in tree.css("script")] == ["/static/page.js"]
        assert tree.css("img, object, embed, base, meta[http-equiv]") == []
        assert not [name for one in tree.css("*") for name in one.attributes if name.startswith("on")]
        assert "\u202e" not in re.sub(r"<textarea.*?</textarea>", "", body, flags=re.DOTALL), path
        return body

    for path in ("/", "/questions", "/review", "/delegations/LT", "/search?q=alert", "/decisions", "/not-counted"):
        clean(path)
    assert "RLO" in clean("/delegations/LT")
    assert 'class="mark-hidden">RLO' in clean(f"/messages/{number}")
    _, headers, laid_out = visitor.get(f"/messages/{number}/html")
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "Hello" in laid_out
    assert not re.search(r"<script|<img|onclick|javascript:|tracker", laid_out)


def test_raw_text_and_head_come_as_they_are(visitor: Visitor) -> None:
    status, headers, body = visitor.get("/messages/1/raw")
    assert status == 200
    assert headers["Content-Disposition"] == 'attachment; filename="message-1.eml"'
    assert "Message-ID: <1@sample.example>" in body
    assert visitor.get("/messages/1/text")[1]["Content-Type"].startswith("text/plain")
    assert "Message-ID" in visitor.get("/messages/1/head")[2]


@pytest.mark.parametrize(
    "path",
    [
        "/messages/999",
        "/messages/x",
        "/messages/1e9",
        "/delegations/XX",
        "/delegations/ES/reminder.eml?to=somebody@else.example",
        "/questions/0/reply.eml",
        "/questions/9999/reply.eml",
        "/export/board.exe",
        "/static/..%2fapp.py",
        "/static/app.py",
    ],
)
def test_what_is_not_there_says_so(visitor: Visitor, path: str) -> None:
    status, headers, body = visitor.get(path)

    assert status == 404
    assert "There is nothing at this address" in body
    assert "Content-Security-Policy" in headers


def test_reminders_and_replies_are_drafts_to_download(visitor: Visitor) -> None:
    page = visitor.get("/delegations/ES")[2]
    path = re.search(r'href="(/delegations/ES/reminder.eml[^"]+)"', page)
    assert path
    status, headers, draft = visitor.get(path[1].replace("&amp;", "&"))
    assert status == 200
    assert headers["Content-Disposition"] == 'attachment; filename="reminder-ES.eml"'
    assert "To: cabinet@interior-es.example" in draft
    assert "X-Unsent: 1" in draft

    path = re.search(r'href="(/questions/\d+/reply.eml)"', visitor.get("/questions?delegation=FR")[2])
    assert path
    _, _, draft = visitor.get(path[1])
    assert "In-Reply-To: <3@sample.example>" in draft
    assert "To: office@interior-fr.example" in draft


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(visitor: Visitor, method: str) -> None:
    assert visitor._send(method, "/", None, {})[0] == 405


@pytest.mark.parametrize(
    ("header", "title"),
    [("fr-BE,fr;q=0.9", "Tableau"), ("nl", "Overzicht"), ("de-AT", "Übersicht"), ("cs", "Board"), ("", "Board")],
)
def test_the_browser_chooses_the_language(visitor: Visitor, header: str, title: str) -> None:
    _, _, body = visitor.get("/", **{"Accept-Language": header})

    assert f"<title>{title} ·" in body


def test_alive_and_ready(visitor: Visitor) -> None:
    assert visitor.get("/healthz")[0] == 200
    status, _, body = visitor.get("/readyz")

    assert status == 200
    answer = json.loads(body)
    assert answer["issues"] == []
    assert answer["last_good_round"].startswith("2024-03-22T13:39")


def test_not_ready_says_why(visitor: Visitor) -> None:
    service = visitor.service
    service.warm = False
    service.status.register_is("The disk is full.")
    service.now += timedelta(hours=1)
    status, _, body = visitor.get("/readyz")

    assert status == 503
    issues = " ".join(json.loads(body)["issues"])
    assert "reader" in issues
    assert "disk is full" in issues
    assert "last looked at in full" in issues
    assert visitor.get("/healthz")[0] == 200


def test_the_banner_says_since_when_and_what_to_do(visitor: Visitor) -> None:
    service = visitor.service
    assert "alarm serious" not in visitor.get("/")[2]
    service.now += timedelta(minutes=16)

    assert eventually(lambda: "alarm serious" in visitor.get("/")[2])
    _, _, body = visitor.get("/review")
    assert "has not been looked at in full for too long" in body
    assert "22 Mar, 13:39" in body
    assert "Nothing is lost" in body


def test_the_banner_speaks_when_folder_and_register_disagree(visitor: Visitor) -> None:
    service = visitor.service
    service.register.note_round(
        EVENT, "bridges@host.example", "INBOX", at=service.now, ok=True, holds=7, words="UID 12 is missing"
    )

    assert eventually(lambda: "holds 7 messages, the register knows 0" in visitor.get("/")[2])
    assert "UID 12 is missing" in visitor.get("/help")[2]


def test_messages_that_wait_for_the_reader_are_told_and_then_in_red(visitor: Visitor) -> None:
    service = visitor.service
    kept = service.register.keep(EVENT, b"Subject: x\r\n\r\ny", None, received_at=service.now, fetched_at=service.now)
    assert "have not been read" not in visitor.get("/")[2]
    service.now += timedelta(seconds=30)

    assert eventually(lambda: "because they have not been read: 1." in visitor.get("/")[2])
    assert "alarm serious" not in visitor.get("/")[2]
    service.now += timedelta(minutes=5)
    assert eventually(lambda: "alarm serious" in visitor.get("/")[2])
    body = visitor.get("/help")[2]
    assert "Since 22 Mar, 13:40" in body
    assert "ask whoever runs the service" in body

    service.register.record(kept.id, reading_of(MAILS[0], 900), at=service.now)
    assert eventually(lambda: "have not been read" not in visitor.get("/")[2])


def test_a_reader_that_does_not_start_is_told_in_red_with_its_reason(visitor: Visitor) -> None:
    service = visitor.service
    service.warm = False
    assert eventually(lambda: "The reader is getting ready" in visitor.get("/")[2])
    assert "alarm serious" not in visitor.get("/")[2]
    service.status.reader_is("There is no model at parsers/model.")

    assert eventually(lambda: "The reader does not start" in visitor.get("/")[2])
    body = visitor.get("/questions")[2]
    assert "alarm serious" in body
    assert "There is no model at parsers/model." in body
    assert "getting ready" not in body


def test_no_register_gives_a_page_that_says_so(page_service: PageService) -> None:
    service = page_service
    visitor = Visitor(service)
    service.stop()
    service.settings.database.write_bytes(b"no register at all" * 100)
    for ending in ("-wal", "-shm"):
        Path(f"{service.settings.database}{ending}").unlink(missing_ok=True)
    service.start()
    status, _, body = visitor.get("/")

    assert status in (409, 503)
    assert "intake restore" in body
    assert visitor.get("/readyz")[0] == 503
    assert visitor.get("/healthz")[0] == 200


def test_the_samples_are_what_the_tests_take_them_for() -> None:
    assert [mail.code for mail in MAILS][16] == "RO"
