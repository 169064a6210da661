import numpy as np
import pytest
from pycocotools import mask as coco

from looking3d.dataset.rle import decode_mask, encode_mask


# pycocotools itself still calls NumPy in a way that NumPy 2 warns of.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.98, 1.0])
def test_code_is_that_of_pycocotools(share: float) -> None:
    mask = np.random.default_rng(0).random((37, 150)) < share
    mask[5:30, 20:90] |= share > 0.9
    code = encode_mask(mask)
    assert code["counts"] == coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode()
    np.testing.assert_array_equal(coco.decode(code).astype(bool), mask)
    np.testing.assert_array_equal(decode_mask(code), mask)


def test_damaged_code_is_refused() -> None:
    code = encode_mask(np.ones((4, 6), bool))
    with pytest.raises(ValueError, match="for a mask of 5 x 6"):
        decode_mask({**code, "size": [5, 6]})
