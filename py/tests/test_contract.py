import pytest
from contract import CHECKS, case_of

from remotemedia._registry import Registry


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("cls", Registry().classes(), ids=lambda cls: cls.type_name)
async def test_contract(cls, check):
    await check(case_of(cls))
