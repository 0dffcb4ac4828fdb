"""A lot's remarks by short names: every sentence of the rules has one, and no word of it is lost."""

from __future__ import annotations

import inspect
import re

import pytest

from writeoffs.valuation.remarks import OTHER, remarks_of
from writeoffs.valuation.rules import assessing, estimates, evidence, framework

_SAID = [
    value
    for module in (assessing, estimates, evidence, framework)
    for name, value in vars(module).items()
    if name.strip("_").isupper() and isinstance(value, str) and value.endswith(".")
]
_SAID += [
    text.replace("{", "").replace("}", "")
    for module in (assessing, evidence)
    for text in re.findall(r'\.say\(f?"([^"]+)"\)', inspect.getsource(module))
]


@pytest.mark.parametrize("sentence", sorted(set(_SAID)))
def test_every_sentence_of_the_rules_has_a_short_name(sentence: str) -> None:
    [remark] = remarks_of(sentence)
    assert remark.sentence == sentence
    assert remark.gist != OTHER
    assert len(remark.gist) <= 22


def test_sentences_are_told_apart_and_none_is_lost() -> None:
    flag = f"{evidence.BELOW_NIL} {estimates.NO_DEMAND} See the file."
    assert [(one.gist, one.sentence) for one in remarks_of(flag)] == [
        ("NRV below nil", evidence.BELOW_NIL),
        ("No demand", f"{estimates.NO_DEMAND} See the file."),
    ]
    assert remarks_of("") == []
    assert [one.gist for one in remarks_of("Something new.")] == [OTHER]
