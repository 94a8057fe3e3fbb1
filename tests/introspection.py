"""A token introspection endpoint (RFC 7662) on loopback, for a Dovecot that takes tokens."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

AUTH = """
auth_mechanisms = plain login oauthbearer xoauth2
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = @DIR@/oauth2.conf
}
"""


class Introspection:
    """`tokens` maps a token to its user; what is not in it is not active. `down` refuses every answer."""

    def __init__(self) -> None:
        self.tokens: dict[str, str] = {}
        self.down = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())
                user = outer.tokens.get(form.get("token", [""])[0])
                answer = {"active": True, "username": user, "exp": 4_000_000_000} if user else {"active": False}
                body = json.dumps(answer).encode()
                self.send_response(503 if outer.down else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]

    def __enter__(self) -> "Introspection":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def dovecot_settings(self) -> str:
        """The file that AUTH names."""
        return f"""
introspection_url = http://127.0.0.1:{self.port}/introspect
introspection_mode = post
force_introspection = yes
active_attribute = active
active_value = true
username_attribute = username
timeout_msecs = 2000
"""
