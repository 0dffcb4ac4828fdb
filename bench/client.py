"""A browser without a window: signs in, keeps its cookies, sends forms and files."""

from __future__ import annotations

import http.cookiejar
import urllib.parse
import urllib.request
import uuid
from pathlib import Path


class Client:
    def __init__(self, base: str) -> None:
        self.base = base
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies), _NoRedirect())

    def sign_in(self, email: str, password: str) -> None:
        self.get("/accounts/login/")
        status, _, where = self.post("/accounts/login/", {"login": email, "password": password})
        if status != 302:
            raise RuntimeError(f"{email} could not sign in: {status} {where}")

    def get(self, path: str) -> str:
        with self.opener.open(self.base + path, timeout=300) as answer:
            return str(answer.read().decode())

    def post(self, path: str, fields: dict[str, str], file: Path | None = None) -> tuple[int, str, str]:
        """(status, body, address of the redirect)."""
        fields = {**fields, "csrfmiddlewaretoken": self._token()}
        if file is None:
            body, kind = urllib.parse.urlencode(fields).encode(), "application/x-www-form-urlencoded"
        else:
            body, kind = _multipart(fields, file)
        request = urllib.request.Request(self.base + path, body, {"Content-Type": kind, "Referer": self.base + path})
        with self.opener.open(request, timeout=600) as answer:
            return answer.status, answer.read().decode(), answer.headers.get("Location", "")

    def _token(self) -> str:
        return next((cookie.value or "" for cookie in self.cookies if cookie.name == "csrftoken"), "")


class _NoRedirect(urllib.request.HTTPErrorProcessor):
    """Every answer is handed back as it came."""

    def http_response(self, request, response):  # type: ignore[no-untyped-def]
        return response

    https_response = http_response


def _multipart(fields: dict[str, str], file: Path) -> tuple[bytes, str]:
    mark = uuid.uuid4().hex
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n'
    parts.append(head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + file.read_bytes() + b"\r\n")
    return b"".join([*parts, f"--{mark}--\r\n".encode()]), f"multipart/form-data; boundary={mark}"
