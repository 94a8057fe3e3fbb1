"""A real Dovecot on loopback, without root: any user name, one password, mail in a directory of its own."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from imapclient import IMAPClient

from intake.settings import Account

DOVECOT = shutil.which("dovecot") or "/usr/sbin/dovecot"
PASSWORD = "secret"

_CONFIG = """
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/log
protocols = imap
listen = 127.0.0.1
instance_name = intake-{port}
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
last_valid_uid = 0
ssl = {ssl}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_chars =
auth_failure_delay = 0
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = home={dir}/mail/%u allow_all_users=yes
}}
mail_location = {layout}:~/{layout}
mail_fsync = never
mailbox_list_index = yes
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
}}
service imap-login {{
  chroot =
  process_min_avail = 1
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener auth-userdb {{
    mode = 0600
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0600
  }}
}}
protocol imap {{
  mail_max_userip_connections = 10
  imap_idle_notify_interval = 2 mins
}}
"""


def available() -> bool:
    return Path(DOVECOT).exists()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Dovecot:
    """`with Dovecot() as server`; `server.account("anyone")` is a mailbox on it, empty at first."""

    def __init__(
        self,
        layout: str = "maildir",
        *,
        separator: str = "/",
        prefix: str = "",
        extra: str = "",
        files: dict[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        self._layout = layout
        self._separator = separator
        self._prefix = prefix
        self._extra = extra
        self._files = files or {}
        self._process: subprocess.Popen[bytes] | None = None
        self.directory = Path()

    def __enter__(self) -> "Dovecot":
        # Not below pytest's own directory: that is closed to the user that Dovecot becomes when root starts it.
        self.directory = Path(tempfile.mkdtemp(prefix="intake-dovecot-"))
        self.directory.chmod(0o755)
        for name in ("run", "state", "mail"):
            (self.directory / name).mkdir()
        owner = pwd.getpwuid(os.getuid()) if os.getuid() else pwd.getpwnam("nobody")
        names = {
            "dir": self.directory,
            "port": self.port,
            "layout": self._layout,
            "user": owner.pw_name,
            "group": _group(owner.pw_gid),
            "password": PASSWORD,
            "separator": self._separator,
            "prefix": self._prefix,
            "ssl": "no",
        }
        (self.directory / "dovecot.conf").write_text(
            _CONFIG.format(**names) + self._extra.replace("@DIR@", str(self.directory))
        )
        for name, text in self._files.items():
            (self.directory / name).write_text(text)
        if not os.getuid():
            subprocess.run(["chown", "-R", f"{owner.pw_uid}:{owner.pw_gid}", str(self.directory)], check=True)
        self._as_owner = (
            [] if os.getuid() else ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
        )
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)  # nothing of it is needed any more
            self._process.wait(10)
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self) -> None:
        command = [*self._as_owner, DOVECOT, "-F", "-c", str(self.directory / "dovecot.conf")]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                probe.settimeout(5)
                if probe.recv(100).startswith(b"* OK"):
                    return
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Dovecot does not start: {(self.directory / 'log').read_text()[-500:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(10)
            self._process = None

    def account(self, user: str, **settings: object) -> Account:
        values = {"host": "127.0.0.1", "port": self.port, "tls": "none", "user": user, "password": PASSWORD}
        return Account(**{**values, **settings})  # type: ignore[arg-type]

    def client(self, user: str) -> IMAPClient:
        client = IMAPClient("127.0.0.1", self.port, ssl=False, timeout=20)
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.login(user, PASSWORD)
        return client

    def append(self, user: str, mails: Sequence[bytes], folder: str = "INBOX") -> None:
        with self.client(user) as client:
            for mail in mails:
                client.append(folder, mail)

    def doveadm(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*self._as_owner, "doveadm", "-c", str(self.directory / "dovecot.conf"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)

    def store(self, user: str) -> Path:
        return self.directory / "mail" / user / self._layout


def _group(number: int) -> str:
    import grp

    return grp.getgrgid(number).gr_name
