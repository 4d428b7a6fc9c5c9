"""What a provider's logout token must say. Source: OpenID Connect Back-Channel Logout 1.0, 2.4 and 2.6."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jws import extract_compact

from hub.errors import RejectedError

__all__ = ["LOGOUT_EVENT", "check_logout", "logout_number", "unverified"]

LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_OLDEST_SECONDS = 300
_LEEWAY_SECONDS = 60


def unverified(token: str) -> Mapping[str, Any]:
    """What a token says, whoever may have signed it. Raises RejectedError `bad_token` when it is none."""
    try:
        claims: Any = json.loads(extract_compact(token.encode()).payload)
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise RejectedError("this is no token", code="bad_token") from error
    if not isinstance(claims, dict):
        raise RejectedError("this is no token", code="bad_token")
    return claims


def check_logout(claims: Mapping[str, Any], issuer: str, client_id: str, now: float) -> None:
    """Raises RejectedError `bad_token` unless the verified token is this provider's, for us, fresh, and a logout."""
    audience, issued, ends = claims.get("aud"), claims.get("iat"), claims.get("exp")
    events = claims.get("events")
    sound = (
        claims.get("iss") == issuer,
        client_id in (audience if isinstance(audience, list) else [audience]),
        isinstance(issued, int | float) and now - _OLDEST_SECONDS <= issued <= now + _LEEWAY_SECONDS,
        ends is None or (isinstance(ends, int | float) and ends > now - _LEEWAY_SECONDS),
        isinstance(events, Mapping) and LOGOUT_EVENT in events,
        "nonce" not in claims,  # so that no ID token is taken for one
        bool(claims.get("sub") or claims.get("sid")),
        bool(claims.get("jti")),
    )
    if not all(sound):
        raise RejectedError("this is no logout token for us", code="bad_token")


def logout_number(claims: Mapping[str, Any]) -> str:
    """What tells one logout token from another: each is taken once."""
    return hashlib.sha256(f"logout\x00{claims['jti']}".encode()).hexdigest()
