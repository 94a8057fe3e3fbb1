"""The configuration directory: what it gives, where a setting may be given, and that all mistakes are told at once."""

from datetime import date
from pathlib import Path

import pytest

from intake.config import ConfigError, check_config, event_key, load_conference, load_settings

SHIPPED = Path(__file__).parent.parent / "config"

CONFERENCE = """
name = "Conference"
place = "Ghent"
days = [2024-04-29, 2024-04-30]
mailbox = "desk@host.example"
format = "1+2"
invitation_sent = 2024-02-23
"""
DELEGATION = """
[[delegation]]
code = "BG"
name = "Bulgaria"
kind = "member-state"
ministry = "Ministry of Interior"
minister = "Stoyan Testov"
title = "Minister"
domains = ["mvr-bg.example"]
languages = ["bg"]
"""
SERVICE = """
[mailbox]
host = "imap.host.example"
user = "desk@host.example"
password_file = "secret"
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "conference.toml").write_text(CONFERENCE)
    (tmp_path / "delegations.toml").write_text(DELEGATION)
    (tmp_path / "service.toml").write_text(SERVICE)
    (tmp_path / "secret").write_text("pässwörd\n")
    return tmp_path


def mistakes(directory: Path, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        check_config(directory, environ=environ)
    return [f"{mistake.file} {mistake.key}" for mistake in caught.value.mistakes]


def test_shipped_configuration_is_the_event() -> None:
    conference = load_conference(SHIPPED)
    assert conference.days == (date(2024, 4, 29), date(2024, 4, 30))
    assert conference.mailbox == "eu2024be.minconf@ibz.be"
    assert conference.companions == 2
    assert "SAVE THE DATE" in conference.letter
    kinds = [row.kind for row in conference.delegations]
    assert kinds.count("member-state") == 27
    assert kinds.count("associated") == 4
    assert {"COM", "EUAA", "FRONTEX", "EULISA", "EUROPOL", "FRA", "EL"} <= {row.code for row in conference.delegations}
    assert all(row.domains and row.languages and row.minister for row in conference.delegations)
    assert load_settings(SHIPPED, environ={}).event == "pact-ghent-2024"


def test_no_domain_belongs_to_two_delegations() -> None:
    domains = [domain for row in load_conference(SHIPPED).delegations for domain in row.domains]
    assert len(domains) == len(set(domains))


def test_a_complete_directory_is_read(directory: Path) -> None:
    settings, conference = check_config(directory, environ={})
    (account,) = settings.mailboxes
    assert (account.host, account.port, account.folders) == ("imap.host.example", 993, ("INBOX",))
    assert account.password == "pässwörd"
    assert conference.delegations[0].code == "BG"
    assert settings.event == "conference"


def test_secrets_do_not_print(directory: Path) -> None:
    settings, _ = check_config(directory, environ={"INTAKE_MAILBOX_CLIENT_SECRET": "kanarie"})
    assert "pässwörd" not in repr(settings)
    assert "kanarie" not in repr(settings)


def test_command_line_over_environment_over_file_over_default(directory: Path) -> None:
    def host(**sources: dict[str, str]) -> str:
        return load_settings(directory, **{"environ": {}, **sources}).mailboxes[0].host

    environ = {"INTAKE_MAILBOX_HOST": "env.example"}
    assert host() == "imap.host.example"
    assert host(environ=environ) == "env.example"
    assert host(environ=environ, given={"mailbox.host": "line.example"}) == "line.example"
    assert load_settings(directory, environ={}).mailboxes[0].poll_seconds == 300
    assert load_settings(directory, environ={"INTAKE_MAILBOX_POLL_SECONDS": "60"}).mailboxes[0].poll_seconds == 60


@pytest.mark.parametrize("variable", ["INTAKE_MAILBOX_PASSWORD", "INTAKE_MAILBOX_PASSWORD_FILE"])
def test_a_secret_in_the_environment_wins_over_the_file(directory: Path, tmp_path: Path, variable: str) -> None:
    (tmp_path / "other").write_text("other\n")
    value = str(tmp_path / "other") if variable.endswith("_FILE") else "other"
    assert load_settings(directory, environ={variable: value}).mailboxes[0].password == "other"


def test_paths_in_the_file_are_meant_from_the_file(directory: Path) -> None:
    with (directory / "service.toml").open("a") as file:
        file.write('[register]\ndatabase = "register.db"\n')
    assert load_settings(directory, environ={}).database == directory / "register.db"
    assert load_settings(directory, environ={"INTAKE_REGISTER_DATABASE": "here.db"}).database == Path("here.db")


def test_folders_from_the_environment(directory: Path) -> None:
    for value in ("INBOX, Archive", '["INBOX", "Archive"]'):
        settings = load_settings(directory, environ={"INTAKE_MAILBOX_FOLDERS": value})
        assert settings.mailboxes[0].folders == ("INBOX", "Archive")


def test_without_a_service_file_there_is_no_mailbox_and_that_is_no_mistake(directory: Path) -> None:
    (directory / "service.toml").unlink()
    assert load_settings(directory, environ={}).mailboxes == ()


def test_several_mailboxes(directory: Path) -> None:
    (directory / "service.toml").write_text(
        '[[mailbox]]\nhost = "a.example"\nuser = "a@a.example"\npassword_file = "secret"\n'
        '[[mailbox]]\nkind = "folder"\npath = "drop"\n'
    )
    settings, _ = check_config(directory, environ={"INTAKE_MAILBOX_HOST": "b.example"})
    assert [account.host for account in settings.mailboxes] == ["b.example", ""]
    assert settings.mailboxes[1].name == str(directory / "drop")


def test_all_mistakes_of_all_files_are_told_at_once(directory: Path) -> None:
    (directory / "conference.toml").write_text(
        'name = ""\nplace = 7\ndays = [2024-04-30, 2024-04-29]\nmailbox = "desk at host"\nformat = "two"\n'
        'invitation_sent = "February"\nthreshold = 4\nKey = "x"\n'
    )
    (directory / "delegations.toml").write_text(
        DELEGATION + DELEGATION + '[[delegation]]\ncode = "fr"\nname = "France"\nkind = "Member State"\n'
        'domains = ["not a domain"]\nlanguages = "fr"\n'
    )
    (directory / "service.toml").write_text(
        '[mailbox]\nhots = "x"\nuser = "u"\npassword = "open"\ntls = "none"\nport = 99999\n'
        '[page]\naddress = "0.0.0.0:80"\n[reader]\nseconds = true\n[colour]\n'
    )
    assert sorted(mistakes(directory)) == sorted(
        [
            "conference.toml Key",
            "conference.toml days",
            "conference.toml format",
            "conference.toml invitation_sent",
            "conference.toml mailbox",
            "conference.toml name",
            "conference.toml place",
            "conference.toml threshold",
            "delegations.toml delegation 2 (BG).code",
            "delegations.toml delegation 3 (fr).code",
            "delegations.toml delegation 3 (fr).domains",
            "delegations.toml delegation 3 (fr).kind",
            "delegations.toml delegation 3 (fr).languages",
            "delegations.toml delegation 3 (fr).minister",
            "delegations.toml delegation 3 (fr).ministry",
            "delegations.toml delegation 3 (fr).title",
            "service.toml colour",
            "service.toml mailbox.host",
            "service.toml mailbox.hots",
            "service.toml mailbox.password",
            "service.toml mailbox.port",
            "service.toml page.address",
            "service.toml reader.seconds",
        ]
    )


def test_a_mistake_says_what_to_write(directory: Path) -> None:
    (directory / "delegations.toml").write_text(DELEGATION.replace("minister =", "minster ="))
    with pytest.raises(ConfigError) as caught:
        load_conference(directory)
    lines = str(caught.value).splitlines()
    assert "delegation 1 (BG).minister: is missing" in lines[0]
    assert "Did you mean minister?" in lines[1]


@pytest.mark.parametrize(
    ("content", "key"),
    [(b"name = \xff", "is not UTF-8"), (b"name = ", "is not valid TOML"), (None, "is missing")],
)
def test_a_file_that_cannot_be_read(directory: Path, content: bytes | None, key: str) -> None:
    path = directory / "conference.toml"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(ConfigError, match=key):
        load_conference(directory)


def test_a_directory_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not a directory"):
        load_conference(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("environ", "place"),
    [
        ({"INTAKE_MAILBOX_PORT": "many"}, "environment INTAKE_MAILBOX_PORT"),
        ({"INTAKE_MAILBOX_PASSWORD_FILE": "/nowhere/at/all"}, "environment INTAKE_MAILBOX_PASSWORD_FILE"),
        ({"INTAKE_MAILBOX_FOLDERS": "[broken"}, "environment INTAKE_MAILBOX_FOLDERS"),
        ({"INTAKE_MAILBOX_TLS": "none"}, "service.toml mailbox.tls"),
        ({"INTAKE_PAGE_ADDRESS": "8080"}, "service.toml page.address"),
        ({"INTAKE_MAILBOX_AFTER": "move"}, "service.toml mailbox.after_folder"),
        ({"INTAKE_MAILBOX_AFTER": "flag", "INTAKE_MAILBOX_AFTER_FLAG": "a) b"}, "service.toml mailbox.after_flag"),
        ({"INTAKE_MAILBOX_CLIENT_SECRET_EXPIRES": "2024-02-30"}, "service.toml mailbox.client_secret_expires"),
        ({"INTAKE_MAILBOX_LOGIN": "xoauth2"}, "service.toml mailbox.tenant"),
    ],
)
def test_mistakes_in_the_environment(directory: Path, environ: dict[str, str], place: str) -> None:
    assert place in mistakes(directory, **environ)


@pytest.mark.parametrize(
    "letter",
    [
        b"Subject: Save the date\nContent-Type: text/plain; charset=utf-8\n\nDear colleagues,\n",
        b"Subject: Save the date\nContent-Type: text/html\n\n<style>x</style><p>Dear <b>colleagues</b>,</p>\n",
    ],
)
def test_the_letter_as_a_mail(directory: Path, letter: bytes) -> None:
    (directory / "invitation.eml").write_bytes(letter)
    text = load_conference(directory).letter
    assert "Dear" in text
    assert "colleagues" in text
    assert "<" not in text


def test_event_key() -> None:
    assert event_key("Conférence ministérielle, 2024!") == "conference-ministerielle-2024"
    assert event_key("会議") == "event"
    assert len(event_key("a b " * 100)) <= 60
