"""Logins by OpenID Connect (Core 1.0): the code flow with PKCE (RFC 7636), state, nonce and a validated ID token.

What belongs to one login is derived from the visitor's session and a random value in the state: nothing is stored, and
another visitor's browser cannot end the login.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watcher.app.people.logins import RefusedLoginError
from watcher.errors import WatcherError
from watcher.model.person import Role
from watcher.settings.logins import Oidc, is_protected
from watcher.text.signing import is_signed, sign_text
from watcher.web.auth.issuer_transport import find_http_library, open_transport

LOGIN_TIME = timedelta(minutes=10)
"""How long a person may take at the issuer."""
TIMEOUT_SECONDS = 10.0
KEPT_SECONDS = 3600.0
"""How long the issuer's addresses and keys are kept before they are read again."""
CLOCK_LEEWAY_SECONDS = 60
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a private key that the issuer alone has: neither `none` nor a shared secret."""
MAX_STATE = 2_000


class IssuerError(WatcherError):
    """The issuer cannot be reached, or answers what it should not; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom the issuer vouches for, and where the person wanted to go. `role` is None where no group says it."""

    name: str
    subject: str
    role: Role | None
    next_path: str


class OidcClient:
    """Sends people to an issuer, and reads whom it vouches for when they come back."""

    def __init__(self, oidc: Oidc, redirect_uri: str, key: bytes) -> None:
        self.oidc = oidc
        self._redirect_uri = redirect_uri
        self._key = key
        self._read_at = float("-inf")
        self._metadata: Mapping[str, Any] = {}
        self._keys: Any = None

    async def begin(self, session_id: str, next_path: str, now: datetime) -> str:
        """Return the address at the issuer where a visitor logs in. Raises IssuerError."""
        await self._load_issuer()
        value = secrets.token_urlsafe(18)
        place = base64.urlsafe_b64encode(next_path[:1000].encode("utf-8", "replace")).decode().rstrip("=")
        text = f"{value}.{int(now.timestamp())}.{place}"
        state = f"{text}.{sign_text(self._key, 'oidc-state', f'{session_id}.{text}', 24)}"
        async with self._open_client() as client:
            address, _state = client.create_authorization_url(
                self._metadata["authorization_endpoint"], state=state, nonce=self._derive("nonce", session_id, value),
                code_verifier=self._derive("verifier", session_id, value),
            )  # fmt: skip
        return str(address)

    async def finish(self, session_id: str, state: str, code: str, now: datetime) -> Identity:
        """Return whom the issuer vouches for. Raises RefusedLoginError and IssuerError."""
        value, next_path = self._parse_state(session_id, state, now)
        await self._load_issuer()
        token = await self._fetch_token(code, self._derive("verifier", session_id, value))
        claims = await self._validate(token, self._derive("nonce", session_id, value), now)
        if self.oidc.name_claim not in claims:
            claims = {**await self._fetch_user_info(token, claims["sub"]), **claims}
        name = claims.get(self.oidc.name_claim)
        if not isinstance(name, str):
            raise RefusedLoginError(f"the issuer sends no {self.oidc.name_claim}: ask whoever runs it")
        subject = f"{self.oidc.issuer} {claims['sub']}"
        return Identity(name=name, subject=subject, role=self._find_role(claims), next_path=next_path)

    def _parse_state(self, session_id: str, state: str, now: datetime) -> tuple[str, str]:
        """Return the random value of a login and where the person wanted to go. Raises RefusedLoginError."""
        text, _, signature = state.rpartition(".")
        if len(state) > MAX_STATE or not is_signed(self._key, "oidc-state", f"{session_id}.{text}", signature, 24):
            raise RefusedLoginError("this login was not begun in this browser: try again")
        value, issued, place = text.split(".")
        if (
            not timedelta(seconds=-CLOCK_LEEWAY_SECONDS)
            <= timedelta(seconds=now.timestamp() - int(issued))
            < LOGIN_TIME
        ):
            raise RefusedLoginError("this login took too long: try again")
        try:
            return value, base64.urlsafe_b64decode(place + "=" * (-len(place) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            return value, "/"

    async def _load_issuer(self) -> None:
        """Read the issuer's addresses and keys, from time to time. Raises IssuerError."""
        if time.monotonic() - self._read_at < KEPT_SECONDS:
            return
        metadata = await self._get_json(self.oidc.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if metadata.get("issuer") != self.oidc.issuer:
            raise IssuerError(
                f"the issuer calls itself {str(metadata.get('issuer'))[:200]!r}: write that as web.oidc.issuer"
            )
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not is_protected(str(metadata.get(name, ""))):
                raise IssuerError(f"the issuer's {name} is missing or not https")
        self._metadata = metadata
        await self._load_keys()
        self._read_at = time.monotonic()

    async def _load_keys(self) -> None:
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        try:
            self._keys = KeySet.import_key_set(await self._get_json(self._metadata["jwks_uri"]))  # type: ignore[arg-type]
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise IssuerError("the issuer's keys cannot be read") from error

    async def _fetch_token(self, code: str, verifier: str) -> Mapping[str, Any]:
        from authlib.common.errors import AuthlibBaseError

        try:
            async with self._open_client() as client:
                token: Mapping[str, Any] = await client.fetch_token(
                    self._metadata["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=verifier
                )
        except AuthlibBaseError as error:
            raise RefusedLoginError("the issuer refuses this login: try again") from error
        except _list_network_errors() as error:
            raise IssuerError("the issuer cannot be reached") from error
        if not isinstance(token.get("id_token"), str):
            raise IssuerError("the issuer sends no ID token")
        return token

    async def _validate(self, token: Mapping[str, Any], nonce: str, now: datetime) -> Mapping[str, Any]:
        """Return the claims of an ID token that is this issuer's, ours, of now and of this login (Core 3.1.3.7)."""
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError, MissingKeyError

        try:
            try:
                parsed = jwt.decode(token["id_token"], self._keys, algorithms=ALGORITHMS)
            except (MissingKeyError, ValueError):
                # A key that is newer than what was read of the issuer.
                await self._load_keys()
                parsed = jwt.decode(token["id_token"], self._keys, algorithms=ALGORITHMS)
            claims = CodeIDToken(
                parsed.claims, parsed.header,
                options={
                    "iss": {"essential": True, "value": self.oidc.issuer},
                    "aud": {"essential": True, "value": self.oidc.client_id},
                },
                params={"nonce": nonce, "client_id": self.oidc.client_id, "access_token": token.get("access_token")},
            )  # fmt: skip
            claims.validate(now=int(now.timestamp()), leeway=CLOCK_LEEWAY_SECONDS)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise RefusedLoginError("the issuer's ID token is not valid: try again") from error
        return dict(claims)

    async def _fetch_user_info(self, token: Mapping[str, Any], subject: str) -> Mapping[str, Any]:
        """Return what the issuer says of a person beyond the ID token; nothing of another person (Core 5.3.2)."""
        address = str(self._metadata.get("userinfo_endpoint", ""))
        if not is_protected(address):
            return {}
        user_info = await self._get_json(address, {"Authorization": f"Bearer {token.get('access_token', '')}"})
        return user_info if user_info.get("sub") == subject else {}

    def _find_role(self, claims: Mapping[str, Any]) -> Role | None:
        """Return the highest role that the person's groups stand for."""
        if self.oidc.role_claim is None:
            return None
        groups = claims.get(self.oidc.role_claim, [])
        names = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        roles = [self.oidc.roles[name] for name in names if isinstance(name, str) and name in self.oidc.roles]
        return max(roles, key=lambda role: role.rank, default=None)

    async def _get_json(self, address: str, headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        try:
            async with self._open_client() as client:
                answer = await client.request("GET", address, headers=dict(headers or {}), withhold_token=True)
            document = answer.raise_for_status().json()
        except _list_network_errors() as error:
            raise IssuerError("the issuer cannot be reached") from error
        if not isinstance(document, dict):
            raise IssuerError("the issuer answers something else than a JSON object")
        return document

    def _open_client(self) -> Any:
        # Imported where somebody logs in this way: it takes long to load.
        from authlib.integrations.httpx_client import AsyncOAuth2Client

        secret = self.oidc.client_secret
        return AsyncOAuth2Client(
            self.oidc.client_id, None if secret is None else secret.get_secret_value(),
            token_endpoint_auth_method="none" if secret is None else "client_secret_basic",
            scope=" ".join(self.oidc.scopes), redirect_uri=self._redirect_uri, code_challenge_method="S256",
            timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False, transport=open_transport(),
        )  # fmt: skip

    def _derive(self, purpose: str, session_id: str, value: str) -> str:
        """Return what one login needs besides its state: 43 letters that nobody else can know."""
        return sign_text(self._key, f"oidc-{purpose}", f"{session_id}.{value}", 32)


def _list_network_errors() -> tuple[type[Exception], ...]:
    """Return the errors of the library that authlib asks the issuer with, httpx2 or httpx, and of unreadable JSON."""
    return find_http_library().HTTPError, ValueError
