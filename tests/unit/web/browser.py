"""A browser without a window: it sends forms with the token that a page showed it, as every real one does."""

from __future__ import annotations

import re
from typing import Any

import httpx

_FIELD = re.compile(r'<input type="hidden" name="form_token" value="([^"]+)">')


def token_in(text: str) -> str:
    """The token of the first form on a page; empty when there is none."""
    found = _FIELD.search(text)
    return found[1] if found else ""


class Browser(httpx.Client):
    """`bare_post` sends a form that is no page's."""

    _known: tuple[dict[str, str], str] = ({}, "")

    def request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Response:
        if method == "POST" and options.get("content") is None:
            options["data"] = {"form_token": self.token(), **(options.get("data") or {})}
        return super().request(method, url, **options)

    def bare_post(self, path: str, data: dict[str, str] | None = None) -> httpx.Response:
        """Without a token, or with the one given in `data`."""
        return super().request("POST", path, data=data or {})

    def token(self) -> str:
        """What a page's form holds in this browser now."""
        cookies = {cookie.name: cookie.value or "" for cookie in self.cookies.jar}
        if not self._known[1] or cookies != self._known[0]:
            text = super().request("GET", "/sign-in").text
            self._known = {cookie.name: cookie.value or "" for cookie in self.cookies.jar}, token_in(text)
        return self._known[1]
