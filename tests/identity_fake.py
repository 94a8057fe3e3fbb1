"""A stand-in for Microsoft's identity platform, in the form that msal talks to: what its public documentation tells.

Strict: an unknown path, a missing parameter or a wrong one gets the platform's own error.
"""

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography import x509


class Answer:
    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status_code = status
        self.text = json.dumps(body)
        self.headers: dict[str, str] = {"Content-Type": "application/json"}

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise OSError(f"HTTP {self.status_code}")


class FakeIdentity:
    """Pass it to msal as `http_client`. `fail` may answer a token request; `requests` are the forms that were sent."""

    TENANT = "ministry.example"
    CLIENT = "11111111-2222-3333-4444-555555555555"
    SECRET = "the-right-secret"
    USER_SCOPE = "https://outlook.office365.com/IMAP.AccessAsUser.All"

    def __init__(self) -> None:
        self.requests: list[dict[str, str]] = []
        self.fail: Callable[[dict[str, str]], Answer | None] = lambda _: None
        self.issued = 0
        self.lifetime = 3600
        self.signed_in = False
        self.down = False
        self.certificate = ""
        """The file of the certificate that was registered for the application."""

    def get(self, url: str, **_: Any) -> Answer:
        if self.down:
            raise ConnectionError("no route")
        parts = urlsplit(url)
        tenant = parts.path.split("/")[1]
        if not parts.path.endswith("/v2.0/.well-known/openid-configuration"):
            return Answer(404, {"error": "not_found"})
        if tenant != self.TENANT:
            text = f"AADSTS90002: Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
            return Answer(400, {"error": "invalid_tenant", "error_description": text})
        base = f"https://{parts.netloc}/{tenant}/oauth2/v2.0"
        return Answer(
            200,
            {
                "issuer": f"https://{parts.netloc}/{tenant}/v2.0",
                "authorization_endpoint": f"{base}/authorize",
                "token_endpoint": f"{base}/token",
                "device_authorization_endpoint": f"{base}/devicecode",
            },
        )

    def post(self, url: str, *, data: Any = None, **_: Any) -> Answer:
        if self.down:
            raise ConnectionError("no route")
        form = dict(data) if isinstance(data, Mapping) else {k: v[0] for k, v in parse_qs(data or "").items()}
        path = urlsplit(url).path
        if path.endswith("/devicecode"):
            scopes = set(str(form.get("scope", "")).split())
            if form.get("client_id") != self.CLIENT or not {"offline_access", self.USER_SCOPE} <= scopes:
                return wrong(900144, "The request body must contain client_id and scope.", "invalid_request")
            code = {"device_code": "D", "user_code": "CODE123", "verification_uri": "https://login.example/device"}
            message = "To sign in, open https://login.example/device and enter the code CODE123."
            return Answer(200, {**code, "expires_in": 900, "interval": 0, "message": message})
        if not path.endswith("/token"):
            return Answer(404, {"error": "not_found"})
        self.requests.append(form)
        failed = self.fail(form)
        if failed is not None:
            return failed
        return self._token(form)

    def close(self) -> None:
        pass

    def _token(self, form: dict[str, str]) -> Answer:
        if form.get("client_id") != self.CLIENT:
            return wrong(700016, "Application with that identifier was not found in the directory.")
        grant = form.get("grant_type")
        if grant == "client_credentials":
            if not form.get("scope", "").endswith("/.default"):
                return wrong(1002012, "The provided value for scope is not valid.", "invalid_scope")
            if "client_assertion" in form:
                if not self._vouches(form):
                    return wrong(700027, "The certificate used to sign the client assertion is not registered.")
            elif form.get("client_secret") != self.SECRET:
                return wrong(7000215, "Invalid client secret provided.", "invalid_client")
            return self._issue({})
        user = base64.urlsafe_b64encode(
            json.dumps({"preferred_username": "desk@ministry.example", "oid": "o", "tid": "t", "sub": "s"}).encode()
        ).decode()
        info = base64.urlsafe_b64encode(json.dumps({"uid": "o", "utid": "t"}).encode()).decode().rstrip("=")
        scope = self.USER_SCOPE
        more = {"id_token": f"e30.{user.rstrip('=')}.x", "client_info": info, "scope": scope}
        if grant == "refresh_token":
            if form.get("refresh_token") != f"refresh-{self.issued}":
                return wrong(70000, "The provided value for refresh_token is not valid.", "invalid_grant")
            return self._issue({**more, "refresh_token": f"refresh-{self.issued + 1}"})
        if grant == "urn:ietf:params:oauth:grant-type:device_code":
            if form.get("device_code") != "D":
                return wrong(70019, "Verification code expired or unknown.", "bad_verification_code")
            if not self.signed_in:
                return wrong(70016, "OAuth 2.0 device flow error. Authorization is pending.", "authorization_pending")
            return self._issue({**more, "refresh_token": f"refresh-{self.issued + 1}"})
        return wrong(70003, "The app requested an unsupported grant type.", "unsupported_grant_type")

    def _vouches(self, form: dict[str, str]) -> bool:
        """Whether the assertion is signed by the registered certificate, names it, and is made for this endpoint."""
        if form.get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
            return False
        registered = x509.load_pem_x509_certificate(Path(self.certificate).read_bytes())
        audience = f"https://login.example/{self.TENANT}/oauth2/v2.0/token"
        try:
            head = jwt.get_unverified_header(form["client_assertion"])
            claims = jwt.decode(
                form["client_assertion"],
                registered.public_key(),  # type: ignore[arg-type]  # an RSA key, as the platform wants it
                algorithms=["RS256", "PS256"],
                audience=audience,
                options={"require": ["exp", "iss", "sub", "jti"]},
            )
        except jwt.InvalidTokenError:
            return False
        return bool({"x5t", "x5t#S256"} & head.keys() and claims["iss"] == claims["sub"] == self.CLIENT)

    def _issue(self, more: dict[str, str]) -> Answer:
        self.issued += 1
        token = {"token_type": "Bearer", "expires_in": self.lifetime, "access_token": f"token-{self.issued}"}
        return Answer(200, {**token, **more})


def wrong(code: int, text: str, error: str = "unauthorized_client") -> Answer:
    """An error as the platform words it."""
    description = f"AADSTS{code}: {text} Trace ID: 00000000-0000-0000-0000-000000000000 Correlation ID: 1\r\nmore"
    return Answer(401, {"error": error, "error_description": description, "error_codes": [code]})
