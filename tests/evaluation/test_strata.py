import numpy as np

from looking3d.evaluation.strata import strata

Predictions = dict[str, np.ndarray]


def test_anomalies_are_held_against_all_normal_photos_and_other_groups_against_their_own(
    predictions: Predictions,
) -> None:
    groups = strata(predictions)
    normal = ~predictions["anomalous"]
    missing = groups["kind"]["missing"]
    np.testing.assert_array_equal(missing.members, predictions["kind"] == "missing")
    np.testing.assert_array_equal(missing.compared, missing.members | normal)
    lamps = groups["family"]["lamp"]
    np.testing.assert_array_equal(lamps.members, predictions["family"] == "lamp")
    assert lamps.compared is lamps.members
    assert list(groups["kind"]) == ["broken", "missing"]


def test_every_photo_is_in_one_group_of_each_kind(predictions: Predictions) -> None:
    for name, groups in strata(predictions).items():
        times = np.sum([group.members for group in groups.values()], axis=0)
        wanted = predictions["anomalous"] if name in ("kind", "part", "changed share") else 1
        np.testing.assert_array_equal(times, wanted, name)


def test_bins_take_their_lower_edge_and_what_lies_outside(predictions: Predictions) -> None:
    changed = {name: column[:6].copy() for name, column in predictions.items()}
    changed["elevation_deg"] = np.array([-12.0, -10.0, 4.99, 5.0, 79.0, 85.0])
    changed["anomalous"] = np.ones(6, bool)
    changed["changed_share"] = np.array([0.001, 0.0025, 0.005, 0.01, 0.02, 0.3])
    groups = strata(changed)
    assert {name: group.members.sum() for name, group in groups["elevation"].items()} == {
        "under -10 degrees": 1,
        "-10 to 5 degrees": 2,
        "5 to 20 degrees": 1,
        "65 to 80 degrees": 1,
        "80 degrees or more": 1,
    }
    assert {name: group.members.sum() for name, group in groups["changed share"].items()} == {
        "under 0.25 %": 1,
        "0.25 to 0.5 %": 1,
        "0.5 to 1 %": 1,
        "1 to 2 %": 1,
        "2 % or more": 2,
    }


def test_roll_counts_both_ways(predictions: Predictions) -> None:
    two = {name: column[:2].copy() for name, column in predictions.items()}
    two["roll_deg"] = np.array([-12.0, 12.0])
    assert list(strata(two)["roll"]) == ["10 to 20 degrees"]
