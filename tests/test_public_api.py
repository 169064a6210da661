import subprocess
import sys

import pytest

import looking3d


def test_names_are_sorted_and_unique() -> None:
    assert looking3d.__all__
    assert list(looking3d.__all__) == sorted(set(looking3d.__all__))


@pytest.mark.parametrize("name", looking3d.__all__)
def test_name_can_be_imported(name: str) -> None:
    assert getattr(looking3d, name) is not None
    assert name in dir(looking3d)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'looking3d' has no attribute 'nonsense'"):
        looking3d.nonsense  # noqa: B018


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import looking3d, sys; sys.exit(bool({'torch', 'numpy', 'mitsuba'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
