from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits.forms.checks import (
    Check,
    find_misfit,
    find_wrong_sum,
    given_checks,
    has_luhn,
    has_mod11,
    has_mod97,
)

DIGITS = st.text("0123456789", min_size=1, max_size=20)


def luhn_of(digits):
    """Return the check digit that makes a number right, by trying them all against the standard's
    own procedure, written down as a sum over the reversed number.
    """
    for check in "0123456789":
        total = 0
        for place, digit in enumerate(reversed(digits + check)):
            value = int(digit) * (1 if place % 2 == 0 else 2)
            total += value // 10 + value % 10
        if total % 10 == 0:
            return check
    raise AssertionError


# Numbers published as examples: Wikipedia's Luhn article, test cards of payment services.
@pytest.mark.parametrize("number", ["79927398713", "4111111111111111", "378282246310005", "0"])
def test_published_numbers_pass_luhn(number):
    assert has_luhn(number)


@given(DIGITS)
def test_exactly_one_check_digit_passes_luhn(digits):
    passing = [check for check in "0123456789" if has_luhn(digits + check)]
    assert passing == [luhn_of(digits)]


@given(DIGITS, st.data())
def test_luhn_sees_every_single_wrong_digit(digits, data):
    number = digits + luhn_of(digits)
    place = data.draw(st.integers(0, len(number) - 1))
    wrong = data.draw(st.sampled_from([d for d in "0123456789" if d != number[place]]))
    assert not has_luhn(number[:place] + wrong + number[place + 1 :])


# ISBN-10 of The C Programming Language, of the ISBN article, and of Gödel, Escher, Bach.
@pytest.mark.parametrize("isbn", ["0131103628", "0306406152", "0465026567"])
def test_isbns_pass_modulo_11_and_no_neighbour_does(isbn):
    assert has_mod11(isbn)
    for digit in "0123456789":
        assert has_mod11(isbn[:-1] + digit) == (digit == isbn[-1])


# GB82 WEST 1234 5698 7654 32 and DE89 3704 0044 0532 0130 00, letters as numbers, country last.
@pytest.mark.parametrize("iban", ["3214282912345698765432161182", "370400440532013000131489"])
def test_ibans_pass_modulo_97_and_changed_ones_do_not(iban):
    assert has_mod97(iban)
    swapped = iban[:3] + iban[4] + iban[3] + iban[5:]
    assert swapped == iban or not has_mod97(swapped)
    assert not has_mod97(iban[:-1] + str((int(iban[-1]) + 1) % 10))


@given(DIGITS)
def test_iso_7064_check_digits_pass_modulo_97(digits):
    check = 98 - int(digits + "00") % 97
    assert has_mod97(f"{digits}{check:02d}")


@given(st.integers(-500, 500))
def test_a_range_holds_what_lies_in_it(number):
    check = Check("range", minimum=Decimal(-10), maximum=Decimal("99.5"))
    assert (find_misfit(str(number), [check]) is None) == (-10 <= number <= 99)


@given(st.floats(0, 1), st.sampled_from(["luhn", "mod11", "mod97"]))
def test_a_value_that_passes_a_checksum_is_more_probable(confidence, kind):
    given_it = given_checks(confidence, [Check(kind)], 9)
    assert confidence <= given_it <= 1
    assert given_checks(confidence, [], 9) == pytest.approx(confidence)
    for other in (Check("range"), Check("sum", of=("a",))):  # said elsewhere, or of any value
        assert given_checks(confidence, [other], 9) == pytest.approx(confidence)
    all_values = Check("list", values=tuple(map(str, range(10))))
    assert given_checks(confidence, [all_values], 1) == pytest.approx(confidence)


def test_a_list_holds_its_values_as_they_are_written():
    check = Check("list", values=("01", "2"))
    assert find_misfit("01", [check]) is None
    assert find_misfit("1", [check]) == "Not in the list"


@given(st.lists(st.integers(0, 999), max_size=8))
def test_a_sum_is_right_only_where_it_adds_up(parts):
    texts = [str(part) for part in parts]
    assert find_wrong_sum(str(sum(parts)), texts) is None
    assert str(sum(parts)) in find_wrong_sum(str(sum(parts) + 1), texts).replace("-", "")


def test_an_empty_part_counts_as_nothing_and_an_unread_one_cannot_be_checked():
    assert find_wrong_sum("7.5", ["7", "", "0.5"]) is None
    assert "not read" in find_wrong_sum("7", ["7?", "1"])
