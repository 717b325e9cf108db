"""Prints of texts are equal for equal texts and differ for others, wherever they stand in a column."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from agent.billing.reading.text_prints import text_prints


@given(st.lists(st.none() | st.text(max_size=20), min_size=1), st.integers(0, 4))
def test_a_print_is_of_the_text_alone(texts, skipped):
    column = pa.array([*["x"] * skipped, *texts], pa.string())[skipped:]
    prints = text_prints(column).tolist()
    known = dict(zip([text or "" for text in texts], prints, strict=True))
    assert prints == [known[text or ""] for text in texts]
    assert len(set(known.values())) == len(known)
    assert text_prints(pa.array(texts, pa.large_string())).tolist() == prints


def test_texts_that_differ_in_few_letters_have_prints_of_their_own():
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    base = "a" * 24
    near = {base}
    for first in range(24):
        for second in range(first):
            for one in letters[:8]:
                near |= {
                    base[:second] + one + base[second + 1 : first] + other + base[first + 1 :] for other in letters
                }
    near |= {"a" * length for length in range(1, 40)} | {"\0" * length for length in range(40)}
    prints = text_prints(pa.array(sorted(near)))
    assert len(np.unique(prints)) == len(near)
