"""Settings refuse what must not go into production, each in words that say what to set."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

GOOD = {
    "WRITEOFFS_ENV": "production",
    "SECRET_KEY": "k" * 25 + "7-production-key-" + "z" * 25,
    "ALLOWED_HOSTS": "stock.example",
}


def read_settings(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    keep = {"PATH": os.environ["PATH"], "WRITEOFFS_DATA": str(tmp_path)}
    code = "from django.conf import settings; print('read', settings.DEBUG, settings.SESSION_COOKIE_SECURE)"
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**keep, "DJANGO_SETTINGS_MODULE": "writeoffs.settings", **environment},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_production_starts_with_a_key_of_its_own_and_a_list_of_hosts(tmp_path: Path) -> None:
    done = read_settings(tmp_path, **GOOD)
    assert done.stdout == "read False True\n", done.stderr
    assert not (tmp_path / "secret_key").exists()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"DEBUG": "1"}, "DEBUG is on; production runs without it"),
        ({"SECRET_KEY": ""}, "SECRET_KEY is missing or too short"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is missing or too short"),
        ({"SECRET_KEY": "django-insecure-" + "x" * 50}, "SECRET_KEY is missing or too short"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is missing"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS is missing"),
        ({"WRITEOFFS_ENV": "staging"}, "WRITEOFFS_ENV is 'staging'; expected 'embedded' or 'production'"),
    ],
)
def test_production_refuses_and_says_what_to_set(tmp_path: Path, wrong: dict[str, str], sentence: str) -> None:
    done = read_settings(tmp_path, **{**GOOD, **wrong})
    assert done.returncode != 0
    assert sentence in done.stderr


def test_the_embedded_server_makes_a_key_once_and_keeps_it_for_its_owner_alone(tmp_path: Path) -> None:
    read_settings(tmp_path)
    key = tmp_path / "secret_key"
    first = key.read_text()
    assert len(first) >= 50
    assert key.stat().st_mode & 0o777 == 0o600
    read_settings(tmp_path)
    assert key.read_text() == first


def test_two_first_starts_at_once_read_the_same_key(tmp_path: Path) -> None:
    code = "from django.conf import settings; print(settings.SECRET_KEY)"
    env = {
        "PATH": os.environ["PATH"],
        "WRITEOFFS_DATA": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "writeoffs.settings",
    }
    starts = [
        subprocess.Popen([sys.executable, "-c", code], env=env, cwd=settings.BASE_DIR, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    keys = {start.communicate(timeout=60)[0] for start in starts}
    assert len(keys) == 1
    assert len(keys.pop()) > 50
