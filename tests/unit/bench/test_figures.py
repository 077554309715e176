"""The arithmetic of the benchmarks."""

import pytest

from bench.figures import histogram, percentile, slope


def test_a_percentile_is_a_value_that_was_measured():
    values = [float(value) for value in range(100, 0, -1)]
    assert [percentile(values, share) for share in (50, 99, 100)] == [50.0, 99.0, 100.0]
    assert percentile([7.0], 99) == percentile([7.0], 1) == 7.0


def test_of_few_values_the_highest_percentile_is_the_worst_of_them():
    assert percentile([1.0, 2.0, 30.0], 99) == 30.0


def test_there_is_no_percentile_of_nothing():
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 50)


def test_every_value_is_counted_once_and_an_edge_belongs_below():
    assert histogram([1, 5, 5.1, 10, 99], (5, 10)) == [2, 2, 1]


def test_a_slope_is_growth_with_one_event_and_noise_around_a_level_is_none():
    assert slope([(0, 100.0), (10, 105.0), (20, 110.0)]) == pytest.approx(0.5)
    assert slope([(0, 1.0), (1, 2.0), (2, 2.0), (3, 1.0)]) == pytest.approx(0.0)


def test_one_point_has_no_slope():
    assert slope([(5, 100.0)]) == slope([]) == 0.0
