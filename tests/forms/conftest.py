import pytest
from forms import METER, form_of

from digits.registry import shipped_reader
from digits.synthesis.page_forms import compose_form


@pytest.fixture(scope="session")
def digits(validation):
    return validation


@pytest.fixture(scope="session")
def reader():
    return shipped_reader()


@pytest.fixture(scope="session")
def meter():
    """A form with a comb of seven, one of six, a date and a tick box."""
    return form_of(compose_form(METER))
