"""The errors that a user can meet: one class per rule, each with a sentence that a controller understands.

Invariant: a DomainError is raised before anything of the refused step is kept; its message names the record,
the value and the next step. `status` is the HTTP answer where no form shows it.
"""


class DomainError(Exception):
    """A rule refused a step. `message` is shown to the user as it stands; `status` is an HTTP status; `code` is stable
    and names the rule for files and other systems."""

    status = 409
    code = ""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotAllowed(DomainError):
    """The person's roles do not allow the step."""

    status = 403


class SegregationOfDuties(DomainError):
    """Preparer, approver and poster of one document are three people."""

    status = 403
    code = "SOD"


class OverLimit(DomainError):
    """The amount is above what the person approves. code: LIMIT_NEEDS_ and the code of the title that it takes."""

    status = 403

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class WrongState(DomainError):
    """The record has moved on (or never was) where the step needs it to be."""


class StaleContent(DomainError):
    """What the person saw is no longer what is stored."""


class PeriodClosed(DomainError):
    """No open fiscal period takes the posting date."""


class PeriodSoftClosed(PeriodClosed):
    """The fiscal period takes a posting only with a second approver."""


class UnmappedRole(DomainError):
    """The entity maps no account to a role that an entry needs."""


class NotEnoughStock(DomainError):
    """A step takes more than a lot holds."""


class BadInput(DomainError):
    """A value cannot be used as it was given."""

    status = 400


class DuplicateUpload(DomainError):
    """The same kind, as-of moment and file was uploaded before."""


class KeyUsed(DomainError):
    """The key of a step was used for another step, with another content or by another person."""


class OutdatedList(DomainError):
    """A stock list is older than the latest posting."""


class Unbalanced(DomainError):
    """Debits and credits of an entry differ; always a defect, never a user's doing."""

    status = 500
