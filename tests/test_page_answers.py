"""What the page answers over HTTP: every address, its headers, who may send a form, and how much it weighs."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlencode

import pytest
from selectolax.lexbor import LexborHTMLParser

from intake.register import Bucket, State
from page_samples import CONFERENCE, EVENT, HOSTILE, MAILS, Mail, M, on
from page_service import PageService

PATHS = (
    "/", "/?day=2024-04-29", "/?at=2024-03-01T12:00", "/review", "/messages/1", "/messages/16", "/messages/20",
    "/delegations/ES", "/questions", "/not-counted", "/search?q=minister", "/decisions", "/help", "/nothing",
)  # fmt: skip


class Visitor:
    """A browser without the browser: keeps cookies, follows nothing by itself."""

    def __init__(self, service: PageService) -> None:
        self.service = service
        self.cookies: dict[str, str] = {"who": "Lotte"}
        self.headers: dict[str, str] = {}

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
        return self._send("GET", path, None, headers)

    def post(self, path: str, fields: list[tuple[str, str]], **headers: str) -> tuple[int, dict[str, str], str]:
        """A form as this page's own would be sent, unless `headers` say otherwise."""
        sent = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin", **headers}
        return self._send("POST", path, urlencode(fields), sent)

    def form(self, path: str, act: str) -> list[tuple[str, str]]:
        """The hidden fields of the first form on a page, with the act of one of its buttons."""
        _, _, body = self.get(path)
        found = re.search(r'<form method="post"[^>]*>(?:(?!</form>).)*?name="token".*?</form>', body, re.DOTALL)
        assert found, f"no form on {path}"
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', found[0])
        return [*hidden, ("act", act)]

    def _send(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], str]:
        connection = HTTPConnection("127.0.0.1", self.service.port, timeout=30)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request(method, path, body, {"Cookie": cookie, "Accept-Language": "en", **self.headers, **headers})
        response: HTTPResponse = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        for name, value in response.getheaders():
            if name == "Set-Cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        connection.close()
        return response.status, dict(response.getheaders()), text


@pytest.fixture
def visitor(page_service: PageService) -> Iterator[Visitor]:
    yield Visitor(page_service)


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


def test_the_board_as_of_a_moment(visitor: Visitor) -> None:
    _, _, then = visitor.get("/?at=2024-02-25T12:00")
    _, _, now = visitor.get("/")

    assert "Anna Berger" in then
    assert "Jens Wiebe" not in then
    assert "as it stood on" in then
    assert "Jens Wiebe" in now


@pytest.mark.parametrize("query", ["at=yesterday", "at=0001-01-01T00:00", "at=99999-01-01", "day=x&group=y&sort=z&show=w"])
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
    visitor.service.arrives(Mail("SK", 27, "The Minister comes.", (("The Minister comes", "Zuzana Hlaváčová", M, on(*CONFERENCE.days)),)))

    assert _eventually(lambda: "Zuzana Hlaváčová" in visitor.get("/")[2])


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
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "", "Origin": "http://evil.example"},
    ],
)
def test_a_form_from_elsewhere_decides_nothing(visitor: Visitor, headers: dict[str, str]) -> None:
    form = visitor.form("/messages/17", "record")
    status, _, _ = visitor.post("/messages/17", form, **headers)

    assert status == 403
    assert visitor.service.register.decisions(EVENT) == []


def test_a_form_needs_its_token_from_this_browser(visitor: Visitor) -> None:
    form = [("act", "accept"), ("seen", ""), ("token", "abc.def")]
    other = Visitor(visitor.service)
    stolen = other.form("/review", "accept")

    assert visitor.post("/messages/17", form)[0] == 403
    assert visitor.post("/messages/17", stolen)[0] == 403
    assert visitor.service.register.decisions(EVENT) == []


def test_accepting_puts_a_message_on_the_board_and_can_be_undone(visitor: Visitor) -> None:
    register = visitor.service.register
    form = visitor.form("/messages/17", "accept")
    status, headers, _ = visitor.post("/messages/17", form)

    assert status == 303
    assert register.message(17).row.bucket is Bucket.ANSWER
    _, _, body = visitor.get(headers["Location"])
    assert "Lotte accepted the reading" in _words(body)
    undo = re.search(r'<form class="flash".*?action="([^"]+)".*?value="([^"]+)"', body, re.DOTALL)
    assert undo
    assert visitor.post(undo[1], [("token", undo[2]), ("back", "/review")])[0] == 303
    assert register.message(17).row.bucket is Bucket.REVIEW


def test_a_double_click_decides_once(visitor: Visitor) -> None:
    form = visitor.form("/messages/17", "accept")

    first = visitor.post("/messages/17", form)
    second = visitor.post("/messages/17", form)

    assert first[0] == second[0] == 303
    assert first[1]["Location"] == second[1]["Location"]
    assert len(visitor.service.register.decisions(EVENT)) == 1


def test_a_stale_form_does_not_overwrite_and_keeps_what_was_typed(visitor: Visitor) -> None:
    form = [*visitor.form("/messages/17", "record"), ("delegation", "RO"), ("name", "Oana Petcu-Ionescu"), ("role", "deputy"),
            ("day-2024-04-29", "yes"), ("day-2024-04-30", "no")]  # fmt: skip
    visitor.service.register.reject(17, by="Bram", at=visitor.service.now)
    status, _, body = visitor.post("/messages/17", form)

    assert status == 409
    assert "Bram" in body
    assert 'value="Oana Petcu-Ionescu"' in body
    assert visitor.service.register.message(17).row.bucket is Bucket.UNRELATED

    again = re.search(r'<form method="post" class="panel form".*?</form>', body, re.DOTALL)
    assert again
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', again[0])
    assert visitor.post("/messages/17", [*hidden, *form[3:]])[0] == 303
    assert visitor.service.register.message(17).row.bucket is Bucket.ANSWER


def test_correcting_a_value_in_place(visitor: Visitor) -> None:
    form = [*visitor.form("/messages/1", "record"), ("delegation", "AT"), ("name", "Anna Berger"), ("role", "minister"),
            ("day-2024-04-29", "yes"), ("day-2024-04-30", "no"), ("name", ""), ("role", "minister"), ("day-2024-04-29", ""),
            ("day-2024-04-30", ""), ("question", ""), ("why", "rang up")]  # fmt: skip
    status, _, _ = visitor.post("/messages/1", form)

    assert status == 303
    decision = visitor.service.register.decisions(EVENT)[0]
    assert (decision.act, decision.by, decision.why) == ("correct", "Lotte", "rang up")
    row = next(row for row in visitor.service.register.board(CONFERENCE, event=EVENT) if row.delegation == "AT")
    assert [cell.attendance for cell in row.days.values()] == ["yes", "no"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ([("name", ""), ("role", "deputy"), ("day-2024-04-29", "yes")], "has days but no name"),
        ([("name", "Jan Novák"), ("role", "deputy"), ("day-2024-04-29", "")], "on at least one day"),
        ([("name", "Jan Novák"), ("role", "king"), ("day-2024-04-29", "yes")], "this page did not offer"),
    ],
)
def test_a_form_that_makes_no_sense_says_why(visitor: Visitor, fields: list[tuple[str, str]], words: str) -> None:
    status, _, body = visitor.post("/messages/1", [*visitor.form("/messages/1", "record"), ("delegation", "AT"), *fields])

    assert status == 422
    assert words in body
    assert visitor.service.register.decisions(EVENT) == []


def test_who_has_no_name_is_asked_and_the_form_goes_on(visitor: Visitor) -> None:
    visitor.cookies.pop("who")
    form = visitor.form("/messages/17", "accept")
    status, _, body = visitor.post("/messages/17", form)
    assert status == 200
    assert "Who decides?" in body
    assert visitor.service.register.decisions(EVENT) == []

    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', body.partition("<main")[2])
    assert visitor.post("/messages/17", [*hidden, ("by", "Zoë Ğ")])[0] == 303
    assert visitor.service.register.decisions(EVENT)[0].by == "Zoë Ğ"
    assert "Zoë Ğ" in visitor.get("/help")[2]


def test_an_answer_by_phone_a_note_an_address_and_two_spellings(visitor: Visitor) -> None:
    register = visitor.service.register
    path = "/delegations/LU"
    told = [*visitor.form(path, "told"), ("source", "phone"), ("said_at", "2024-03-21T09:30"), ("name", "Marc Thillen"),
            ("role", "minister"), ("day-2024-04-29", "yes"), ("day-2024-04-30", "no"), ("why", "his assistant rang")]  # fmt: skip
    assert visitor.post(path, told)[0] == 303
    row = next(row for row in register.board(CONFERENCE, event=EVENT) if row.delegation == "LU")
    assert [cell.attendance for cell in row.days.values()] == ["yes", "no"]
    assert row.last_word is not None
    assert row.last_word.kind == "phone"

    assert visitor.post(path, [*visitor.form(path, "note"), ("text", "ask again on Monday")])[0] == 303
    assert "ask again on Monday" in visitor.get(path)[2]
    assert visitor.post(path, [*visitor.form(path, "address"), ("address", "marc@lux.example")])[0] == 303
    assert ("marc@lux.example", "LU") in register.addresses(EVENT)
    told = [*visitor.form(path, "told"), ("source", "letter"), ("name", "M. Thilen"), ("role", "minister"), ("day-2024-04-30", "yes")]
    assert visitor.post(path, told)[0] == 303
    merge = [*visitor.form(path, "merge"), ("spelling", "M. Thilen"), ("person", "Marc Thillen")]
    assert visitor.post(path, merge)[0] == 303
    row = next(row for row in register.board(CONFERENCE, event=EVENT) if row.delegation == "LU")
    assert {cell.name for cell in row.days.values()} == {"Marc Thillen"}


def test_questions_are_answered_dropped_handed_over_and_opened_again(visitor: Visitor) -> None:
    register = visitor.service.register
    group = [*visitor.form("/questions", "answered")]
    assert len([one for one in group if one[0] == "id"]) == 4
    assert visitor.post("/questions", group)[0] == 303
    assert [one.state for one in register.questions(EVENT)].count("answered") == 4
    assert visitor.post("/questions", group)[0] == 303
    assert len(register.decisions(EVENT)) == 4

    hand = [*visitor.form("/questions", "hand"), ("colleague", "Bram")]
    assert visitor.post("/questions", hand)[0] == 303
    assert "Bram" in {one.assigned_to for one in register.questions(EVENT)}
    stale = visitor.form("/questions", "dropped")
    number = next(int(value) for name, value in stale if name == "id")
    register.answer(number, "answered", by="Bram", at=visitor.service.now)
    assert visitor.post("/questions", stale)[0] == 409
    assert next(one.state for one in register.questions(EVENT) if one.id == number) == "answered"


def test_not_counted_reconciles_and_can_be_overruled(visitor: Visitor) -> None:
    _, _, body = visitor.get("/not-counted")

    assert "30 messages in the register = 21 answers + 1 question + 1 acknowledgement + 1 automatic reply" in _words(body)
    assert visitor.post("/messages/14", [*visitor.form("/not-counted", "count")])[0] == 409  # the form was message 29's
    form = visitor.form("/messages/14", "count")
    assert visitor.post("/messages/14", form)[0] == 303
    assert visitor.service.register.message(14).row.bucket is Bucket.REVIEW


@pytest.mark.parametrize(
    ("path", "there", "absent"),
    [
        ("/export/board.csv?show=missing", "BE", "AT"),
        ("/export/board.json?kind=agency", "EUAA", "AT"),
        ("/export/questions.csv?state=open&delegation=FR", "FR", "CH"),
        ("/export/messages.csv?counted=no", "Hotels in Ghent", "says who comes"),
    ],
)
def test_the_export_holds_what_is_shown(visitor: Visitor, path: str, there: str, absent: str) -> None:
    status, headers, body = visitor.get(path)

    assert status == 200
    assert "attachment" in headers["Content-Disposition"]
    assert there in body
    assert absent not in body


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


@pytest.mark.parametrize("path", ["/messages/999", "/messages/x", "/messages/1e9", "/delegations/XX", "/export/board.exe", "/static/..%2fapp.py", "/static/app.py"])
def test_what_is_not_there_says_so(visitor: Visitor, path: str) -> None:
    status, headers, body = visitor.get(path)

    assert status == 404
    assert "There is nothing at this address" in body
    assert "Content-Security-Policy" in headers


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(visitor: Visitor, method: str) -> None:
    assert visitor._send(method, "/", None, {})[0] == 405


@pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/\nx", "x" * 5000])
def test_a_form_leads_back_only_to_this_page(visitor: Visitor, back: str) -> None:
    _, headers, _ = visitor.post("/preferences", [("language", "fr"), ("back", back)])

    assert headers["Location"] == "/"
    assert visitor.cookies["language"] == "fr"


def test_a_form_that_is_too_large_is_refused(visitor: Visitor) -> None:
    status, _, body = visitor.post("/messages/1", [*visitor.form("/messages/1", "record"), ("why", "x" * 300_000)])

    assert status == 413
    assert "too much" in body


@pytest.mark.parametrize(
    ("header", "title"), [("fr-BE,fr;q=0.9", "Tableau"), ("nl", "Overzicht"), ("de-AT", "Übersicht"), ("cs", "Board"), ("", "Board")]
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

    assert _eventually(lambda: "alarm serious" in visitor.get("/")[2])
    _, _, body = visitor.get("/review")
    assert "has not been looked at in full for too long" in body
    assert "22 Mar, 13:39" in body
    assert "Nothing is lost" in body


def test_the_banner_speaks_when_folder_and_register_disagree(visitor: Visitor) -> None:
    service = visitor.service
    service.register.note_round(EVENT, "bridges@host.example", "INBOX", at=service.now, ok=True, holds=7, words="UID 12 is missing")

    assert _eventually(lambda: "holds 7 messages, the register knows 0" in visitor.get("/")[2])
    assert "UID 12 is missing" in visitor.get("/help")[2]


def test_no_register_gives_a_page_that_says_so(tmp_path: Path, page_service: PageService) -> None:
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


def _words(body: str) -> str:
    """The words of a page without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def _eventually(holds: object) -> bool:
    """Whether it becomes true while the page looks at the register, which it does ten times a second."""
    from time import monotonic

    until = monotonic() + 5
    while monotonic() < until:
        if holds():  # type: ignore[operator]
            return True
    return False


def test_the_samples_are_what_the_tests_take_them_for() -> None:
    assert [mail.code for mail in MAILS][16] == "RO"
