"""Vendored files are what the list says, and no template needs what the content security policy forbids."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))

FORBIDDEN = {
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(?!\s*</script>)", re.I),
    "an inline style element": re.compile(r"<style\b", re.I),
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "an event attribute": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=\s*[\"']", re.I),
    "a javascript: address": re.compile(r"[\"']\s*javascript:", re.I),
    "an hx-on attribute": re.compile(r"\shx-on[:\-=]", re.I),
}


def listed() -> dict[str, str]:
    lines = (VENDOR / "CHECKSUMS.txt").read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def test_every_vendored_file_is_on_the_checksum_list() -> None:
    names = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()}
    assert names - {"CHECKSUMS.txt", "README.md"} == set(listed())


def test_every_vendored_file_has_the_checksum_on_the_list() -> None:
    for name, digest in listed().items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name


def test_no_static_file_links_to_a_map_that_is_not_shipped() -> None:
    # The hashed storage of production refuses to collect such a file.
    for path in (ROOT / "static").rglob("*"):
        if path.suffix in (".css", ".js"):
            assert "sourceMappingURL" not in path.read_text(), path


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_has_nothing_that_the_policy_forbids(path: Path) -> None:
    text = re.sub(r"{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.S)
    for what, pattern in FORBIDDEN.items():
        found = pattern.search(text)
        assert not found, f"{path.relative_to(ROOT)} has {what}: {found.group(0)[:80]}"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_opens_with_what_it_needs(path: Path) -> None:
    head = path.read_text()[:200]
    assert "{% comment %}" in head or "{#" in head, f"{path.relative_to(ROOT)} does not name its context"


@pytest.mark.parametrize("path", sorted((ROOT / "static" / "js").glob("*.js")), ids=lambda path: path.name)
def test_a_script_opens_with_a_comment_and_evaluates_nothing(path: Path) -> None:
    text = path.read_text()
    assert text.startswith(("//", "/*")), f"{path.name} does not say what it does"
    assert not re.search(r"\beval\(|new Function\(|innerHTML\s*=", text), path.name
