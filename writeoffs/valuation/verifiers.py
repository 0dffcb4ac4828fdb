"""Valuation's proofs: every input is what the audit trail says was given, by hand or with a sheet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core import verify
from core.models import AuditEvent
from core.verify import Tally
from writeoffs.valuation import assessment_proofs, basis_proofs, commitment_proofs
from writeoffs.valuation.kinds_of_input import KINDS, InputKind
from writeoffs.valuation.policies import ValuationPolicy
from writeoffs.valuation.policy_changes import POLICY, policy_rows
from writeoffs.valuation.proofs import RECORDS, upload_digest


def inputs_given(tally: Tally) -> Iterator[str]:
    """Each input that came by a form has its event, the event's person and its digest; none is missing."""
    told: dict[str, dict[int, tuple[int | None, int | None, str]]] = {code: {} for code in KINDS}
    for entity, actor, data in (
        AuditEvent.objects.filter(kind__in=("input.given", "input.withdrawn"))
        .values_list("entity_id", "actor_id", "data")
        .iterator(chunk_size=2000)
    ):
        told[data["kind"]][data["input"]] = (entity, actor, data["record"])
    for kind in KINDS.values():
        of_kind, single = told[kind.code], kind.model._default_manager.filter(upload__isnull=True)
        whose = {pk: (entity, actor) for pk, entity, actor in single.values_list("pk", "entity_id", "entered_by_id")}
        tally["inputs"] += len(whose)
        wrong = set(RECORDS[kind.code].differing({pk: of_kind[pk][2] for pk in whose if pk in of_kind}, single))
        wrong |= {pk for pk, people in whose.items() if pk not in of_kind or of_kind[pk][:2] != people}
        for pk in sorted(wrong):
            yield f"The {kind.noun} {pk} is not what the audit trail says was given, or by whom."
        for pk in sorted(of_kind.keys() - whose.keys()):
            yield f"The {kind.noun} {pk} is missing: it stands in the audit trail only."


def inputs_of_sheets(tally: Tally) -> Iterator[str]:
    """All that a sheet gave is there as it was given, and no input names a sheet that gave none."""
    told: dict[tuple[str, int], dict[str, Any]] = {}
    events = AuditEvent.objects.filter(kind="upload.committed", data__has_key="inputs")
    for subject, data in events.values_list("subject", "data").iterator(chunk_size=500):
        told[data["inputs"]["kind"], int(subject.partition(":")[2])] = data["inputs"]
    for kind in KINDS.values():
        yield from _sheets(tally, kind, told)
    for code, upload in sorted(key for key, data in told.items() if data["rows"]):
        yield f"What upload {upload} gave as {KINDS[code].plural} is missing: it stands in the audit trail only."


def _sheets(tally: Tally, kind: InputKind, told: dict[tuple[str, int], dict[str, Any]]) -> Iterator[str]:
    uploads = (
        kind.model._default_manager.filter(upload__isnull=False).order_by("upload").values_list("upload", flat=True)
    )
    for upload in uploads.distinct():
        given = told.pop((kind.code, upload), {"rows": 0, "digest": ""})
        tally["inputs"] += given["rows"]
        if upload_digest(kind, upload, like=given["digest"]) != given["digest"]:
            yield f"The {kind.plural} of upload {upload} are not those that the audit trail says it gave."


def policies(tally: Tally) -> Iterator[str]:
    """Each policy, with its bands, is what two people agreed to."""
    told = {
        data["policy"]: data
        for data in AuditEvent.objects.filter(kind="valuation.policy").values_list("data", flat=True)
    }
    for policy in ValuationPolicy.objects.select_related("entity", "category").order_by("pk").iterator(500):
        tally["valuation policies"] += 1
        data = told.pop(policy.pk, None)
        if data is None or not POLICY.agrees(data["record"], *policy_rows(policy.pk)):
            yield f"{policy.entity}: the valuation policy {policy.pk} ({policy}) is not what two people agreed to."
    for key in sorted(told):
        yield f"The valuation policy {key} is missing: it stands in the audit trail only."


verify.register("valuation policies", policies)
verify.register("inputs of valuations", inputs_given)
verify.register("inputs by sheets", inputs_of_sheets)
verify.register("assessments", assessment_proofs.runs_told)
verify.register("commitments of assessments", commitment_proofs.lines_told)
verify.register("overrides of assessments", assessment_proofs.overrides_told)
verify.register("proposals of assessments", assessment_proofs.proposals_told)
verify.register("numbers of assessments", assessment_proofs.numbers_told)
verify.register("charges of a basis", basis_proofs.charges_told)
