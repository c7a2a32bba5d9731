from __future__ import annotations

import re

from appliance.services.recovery_codes import RecoveryCodes

CODES = RecoveryCodes(bytes(range(32)))


def test_ten_random_codes_that_can_be_read_aloud() -> None:
    sets = [CODES.new() for _ in range(20)]
    assert {len(codes) for codes in sets} == {10}
    assert len({code for codes in sets for code in codes}) == 200
    for code in sets[0]:
        assert re.fullmatch(r"[a-z2-9]{5}-[a-z2-9]{5}", code)
        assert not set(code) & set("01ilou")


def test_a_code_is_the_same_however_it_is_typed() -> None:
    wanted = CODES.hash("abcde-fgh23")
    for typed in ("ABCDE-FGH23", " abcdefgh23 ", "abc de fgh 23", "abcde--fgh23\n"):
        assert CODES.hash(typed) == wanted
    for other in ("abcde-fgh24", "", "\x00", "\ud800"):
        assert CODES.hash(other) != wanted


def test_only_the_key_can_tell_a_code_from_its_kept_form() -> None:
    assert RecoveryCodes(bytes(32)).hash("abcde-fgh23") != CODES.hash("abcde-fgh23")
