"""Who works at the demo companies. Their password is public: it opens invented figures only."""

from __future__ import annotations

from dataclasses import dataclass

from core.words import Role

PASSWORD = "count-the-stock-twice"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Person:
    """title: what the sign-in hint says of them. north, south: their roles in the first and the second demo company."""

    key: str
    name: str
    title: str
    north: tuple[Role, ...] = ()
    south: tuple[Role, ...] = ()
    is_staff: bool = False

    @property
    def email(self) -> str:
        return f"{self.key}@demo.example"


PEOPLE = (
    Person("preparer", "Paula Preiss", "prepares: uploads, proposes", (Role.PREPARER,), (Role.PREPARER,)),
    Person("approver", "Anton Albers", "approves", (Role.APPROVER,)),
    Person("approver2", "Amira Aziz", "approves, in both companies", (Role.APPROVER,), (Role.APPROVER,)),
    Person("controller", "Carla Conrad", "posts, closes periods", (Role.CONTROLLER,), (Role.CONTROLLER,)),
    Person("controller2", "Cem Cetin", "second controller", (Role.CONTROLLER,)),
    Person("auditor", "Astrid Auer", "reads everything, changes nothing", (Role.AUDITOR,), (Role.AUDITOR,)),
    Person("counter", "Karl Kunze", "counts", (Role.COUNTER,), (Role.COUNTER,)),
    Person("price", "Petra Pohl", "keeps prices", (Role.PRICE_OWNER,)),
    Person("admin", "Alma Arnold", "manages users and roles", (Role.ADMIN,), (Role.ADMIN,), is_staff=True),
)
