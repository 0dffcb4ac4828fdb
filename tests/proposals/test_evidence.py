"""Evidence: judged by its bytes, frozen once approved, handed out so that it can run nothing."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from core.errors import BadInput, WrongState
from core.models import StoredFile
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import approved, draft
from writeoffs.proposals import services
from writeoffs.proposals.models import Evidence
from writeoffs.proposals.services.papers import Paper, content_type_of

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
PDF = b"%PDF-1.7 ..."

GOOD = [
    ("a.pdf", PDF, "application/pdf"),
    ("a.PNG", PNG, "image/png"),
    ("a.jpg", b"\xff\xd8\xff\xe0", "image/jpeg"),
    ("a.csv", "Größe;1\r\n".encode(), "text/csv"),
    ("a.txt", b"seen by two", "text/plain"),
]
BAD = [
    ("a.pdf", PNG),
    ("a.png", b"<svg xmlns='x'>"),
    ("a.xlsx", b"PK\x03\x04 but a plain zip"),
    ("a.txt", b"\x00\x01binary"),
    ("a.csv", b"  <!DOCTYPE html><script>"),
    ("a.html", b"<p>"),
    ("a.svg", b"<svg/>"),
    ("a.exe", b"MZ"),
    ("noend", b"text"),
]


@pytest.mark.parametrize(("name", "content", "expected"), GOOD)
def test_a_paper_is_taken_where_name_and_bytes_agree(name: str, content: bytes, expected: str) -> None:
    assert content_type_of(Paper(name, content)) == expected


@pytest.mark.parametrize(("name", "content"), BAD)
def test_a_paper_is_refused_where_its_bytes_are_something_else(name: str, content: bytes) -> None:
    with pytest.raises(BadInput, match=f"'{name}'"):
        content_type_of(Paper(name, content))


@pytest.mark.django_db
def test_several_papers_are_attached_at_once_or_none(company, signed_in) -> None:
    proposal = draft(company, make_lot(company.entity))
    client, address = signed_in(company["PREPARER"]), reverse("proposals:evidence_add", args=["north", proposal.number])
    files = [SimpleUploadedFile("a.pdf", PDF), SimpleUploadedFile("b.pdf", b"MZ")]
    page = client.post(address, {"kind": "PHOTOGRAPH", "papers": files})
    assert page.status_code == 400
    assert "is named .pdf but does not contain one" in page.content.decode()
    assert not Evidence.objects.exists()
    files = [SimpleUploadedFile("a.pdf", PDF), SimpleUploadedFile("b.png", PNG)]
    assert client.post(address, {"kind": "PHOTOGRAPH", "papers": files}).status_code == 302
    assert Evidence.objects.count() == 2
    again = client.post(address, {"kind": "OTHER", "papers": [SimpleUploadedFile("c.pdf", PDF)]})
    assert "is attached to" in again.content.decode()


@pytest.mark.django_db
def test_a_paper_over_the_limit_is_refused(company: Company) -> None:
    proposal = draft(company, make_lot(company.entity))
    large = Paper("a.pdf", PDF + b"0" * StoredFile.MAX_BYTES)
    with pytest.raises(BadInput, match="the limit is 25 MB"):
        services.evidence_add(proposal=proposal, user=company["PREPARER"], kind="OTHER", papers=[large])


@pytest.mark.django_db
def test_a_preview_is_inline_and_can_run_nothing_and_a_download_is_bytes(company, signed_in) -> None:
    proposal = draft(company, make_lot(company.entity))
    png, text = services.evidence_add(
        proposal=proposal,
        user=company["PREPARER"],
        kind="PHOTOGRAPH",
        papers=[Paper('a".png', PNG), Paper("b.txt", b"hello")],
    )
    client = signed_in(company["AUDITOR"])
    address = reverse("proposals:evidence", args=["north", proposal.number, png.pk])
    preview = client.get(address, {"preview": 1})
    assert preview.content == PNG
    assert preview["Content-Type"] == "image/png"
    assert preview["Content-Disposition"].startswith("inline")
    assert preview["Content-Security-Policy"].endswith("sandbox")
    assert preview["X-Content-Type-Options"] == "nosniff"
    assert client.get(address)["Content-Disposition"].startswith("attachment")
    plain = client.get(reverse("proposals:evidence", args=["north", proposal.number, text.pk]), {"preview": 1})
    assert (plain["Content-Type"], plain["Content-Disposition"][:10]) == ("application/octet-stream", "attachment")


@pytest.mark.django_db
def test_evidence_is_frozen_once_approved(company: Company) -> None:
    proposal = draft(company, make_lot(company.entity))
    (paper,) = services.evidence_add(
        proposal=proposal, user=company["PREPARER"], kind="OTHER", papers=[Paper("a.pdf", PDF)]
    )
    approved(company, proposal)
    with pytest.raises(WrongState, match="evidence is frozen"):
        services.evidence_remove(evidence=paper, user=company["PREPARER"])
    with pytest.raises(WrongState, match="evidence is frozen"):
        services.evidence_add(proposal=proposal, user=company["PREPARER"], kind="OTHER", papers=[Paper("b.png", PNG)])


@pytest.mark.django_db
def test_evidence_is_taken_off_a_draft_by_its_preparer(company, signed_in) -> None:
    proposal = draft(company, make_lot(company.entity))
    (paper,) = services.evidence_add(
        proposal=proposal, user=company["PREPARER"], kind="OTHER", papers=[Paper("a.pdf", PDF)]
    )
    address = reverse("proposals:evidence_remove", args=["north", proposal.number, paper.pk])
    assert signed_in(company["APPROVER"]).post(address).status_code == 403
    assert signed_in(company["PREPARER"]).post(address).status_code == 302
    assert not Evidence.objects.exists()
