"""A group of a EUR and a USD company."""

import pytest

from tests.conftest import Company
from tests.groups.parties import Party, make_abroad, make_party


@pytest.fixture
def party(company: Company) -> Party:
    return make_party(company, make_abroad())
