import cv2
import numpy as np
import pytest

from looking3d.inspection.photo_quality import QualityWarning, assess, sharpness, trust_of
from looking3d.photos.foreground import Foreground

HEIGHT, WIDTH = 300, 400
NETWORK = Foreground("network", "even ground")


@pytest.fixture
def mask() -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[60:240, 130:290] = True
    mask[120:240, 150:270] = False
    return mask


@pytest.fixture
def photo(mask: np.ndarray) -> np.ndarray:
    stripes = 90 + 40 * (np.arange(WIDTH) // 6 % 2)
    return np.where(mask[..., None], stripes[None, :, None], 230).astype(np.uint8).repeat(3, 2)[..., :3]


def kinds(
    image: np.ndarray, mask: np.ndarray, foreground: Foreground = NETWORK, elevation_deg: float | None = 25.0
) -> list[str]:
    return [warning.kind for warning in assess(image, mask, foreground, elevation_deg)]


def test_a_good_photo_has_no_warnings(photo: np.ndarray, mask: np.ndarray) -> None:
    assert kinds(photo, mask) == []


def test_blur(photo: np.ndarray, mask: np.ndarray) -> None:
    sharp = [sharpness(cv2.GaussianBlur(photo, (0, 0), sigma), mask) for sigma in (0.5, 1.5, 3, 6)]
    assert sharp == sorted(sharp, reverse=True)
    assert kinds(cv2.GaussianBlur(photo, (0, 0), 6), mask) == ["blurred"]
    # Neither light nor the size of the photo decides.
    assert sharpness(photo // 2, mask) == pytest.approx(sharpness(photo, mask), rel=0.1)
    large = cv2.resize(photo, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    large_mask = np.kron(mask, np.ones((3, 3), bool))
    assert kinds(large, large_mask) == []


def test_light(photo: np.ndarray, mask: np.ndarray) -> None:
    assert kinds(photo // 5, mask) == ["dark"]
    washed = np.clip(photo.astype(int) * 3, 0, 255).astype(np.uint8)
    assert kinds(washed, mask)[-1] == "bright"


def test_an_object_that_is_cut_off(photo: np.ndarray, mask: np.ndarray) -> None:
    (warning,) = assess(photo[:, 160:], mask[:, 160:], NETWORK, None)
    assert warning.kind == "cut off"
    assert "(left)" in warning.message
    # A cut-out that is trimmed to its object touches every edge.
    trimmed = photo[60:240, 130:290], mask[60:240, 130:290]
    assert kinds(*trimmed, Foreground("alpha", "cut out")) == []
    assert kinds(*trimmed) == ["cut off"]


def test_small_objects(photo: np.ndarray, mask: np.ndarray) -> None:
    assert "small" in kinds(photo[::4, ::4], mask[::4, ::4])
    assert "small" not in kinds(photo[::2, ::2], mask[::2, ::2])


def test_several_objects(photo: np.ndarray, mask: np.ndarray) -> None:
    two = mask.copy()
    two[60:240, 330:380] = True
    assert kinds(photo, two) == ["several"]
    # A thin gap in the mask is not two objects.
    cracked = mask.copy()
    cracked[90:92] = False
    assert kinds(photo, cracked) == []


def test_ground_and_elevation(photo: np.ndarray, mask: np.ndarray) -> None:
    assert kinds(photo, mask, Foreground("network", "busy ground", True)) == ["busy ground"]
    found = {angle: kinds(photo, mask, NETWORK, angle) for angle in (-20.0, -11.0, 25.0, 81.0, 88.0, None)}
    assert found == {-20.0: ["elevation"], -11.0: [], 25.0: [], 81.0: [], 88.0: ["elevation"], None: []}
    (warning,) = assess(photo, mask, NETWORK, -20.0)
    assert warning.message == (
        "Seen from 20 degrees below, which is too low; photograph from between 10 degrees below and 80 above."
    )


def test_trust() -> None:
    one = QualityWarning("dark", "Too dark.")
    assert trust_of((), True) == "high"
    assert trust_of((one,), True) == "medium"
    assert trust_of((one, one), True) == "low"
    assert trust_of((), False) == "low"
