"""Questions about a list of numbers, each in words and with what answers it, by difficulty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from claudebox_rl.tasks.procedural import kernels


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the list that comes out of the steps."""

    words: str
    kernel: Callable[..., Any]
    arguments: dict[str, int]
    longest: int
    """Length of the longest hidden lists."""
    rivals: tuple[Callable[..., Any], ...] = ()
    """What a careless reader would answer with; without any, it is numbers that are one off."""

    def answer(self, numbers: list[int]) -> Any:
        """Answer the question."""
        return self.kernel(numbers, **self.arguments)

    def mistaken(self) -> list[Callable[[list[int]], Any]]:
        """Return what answers with one of the question's numbers one off, or as a rival does."""
        off = [{**self.arguments, name: value + by} for name, value in self.arguments.items() for by in (-1, 1)]
        return [
            *(partial(self.kernel, **each) for each in off if self.rivals == ()),
            *(partial(rival, **self.arguments) for rival in self.rivals),
        ]


def _in_range(dice: Random) -> Question:
    low = dice.randrange(1, 25)
    high = low + dice.randrange(3, 30)
    return Question(
        f"how many of the numbers are at least {low} and at most {high}?",
        kernels.in_range,
        {"low": low, "high": high},
        800,
    )


def _sum_of_multiples(dice: Random) -> Question:
    factor = dice.randrange(2, 6)
    offset = dice.randrange(factor)
    words = f"what is the sum of those numbers that divided by {factor} leave the rest {offset}?"
    return Question(words, kernels.sum_of_multiples, {"factor": factor, "offset": offset}, 800)


def _longest_run(dice: Random) -> Question:
    step = dice.randrange(2, 12)
    words = (
        f"how long is the longest run of numbers that stand side by side, in which each differs from the one before it "
        f"by at most {step}? A single number is a run of 1; without numbers the answer is 0."
    )
    return Question(words, kernels.longest_run, {"step": step}, 800)


def _best_window(dice: Random) -> Question:
    width = dice.randrange(2, 6)
    words = f"what is the largest sum of {width} numbers side by side? Of fewer numbers than {width} it is 0."
    return Question(words, kernels.best_window, {"width": width}, 800)


def _most_common(dice: Random) -> Question:
    least = dice.randrange(2, 4)
    words = (
        f"which numbers come at least {least} times? Return a list of them, each once, those that come most often "
        "first, and of those that come equally often the smaller ones first."
    )
    return Question(words, kernels.most_common, {"least": least}, 800)


def _close_pairs(dice: Random) -> Question:
    distance = dice.randrange(0, 8)
    words = f"how many pairs of two different places are there whose numbers differ by at most {distance}?"
    return Question(words, kernels.close_pairs, {"distance": distance}, 1500)


def _longest_rising(dice: Random) -> Question:
    step = dice.randrange(2, 12)
    words = (
        f"how many numbers can be kept at most, in their order, the others being left out, so that each one kept is "
        f"larger than the one kept before it, by at most {step}?"
    )
    return Question(words, kernels.longest_rising, {"step": step}, 250)


def _best_apart(dice: Random) -> Question:
    gap = dice.randrange(1, 5)
    words = (
        f"what is the largest sum of numbers of which any two have at least {gap} other places of the list between "
        "them? Any number of them may be taken, also a single one or none (0)."
    )
    return Question(words, kernels.best_apart, {"gap": gap}, 800)


def _fewest_to_sum(dice: Random) -> Question:
    target = dice.randrange(20, 150)
    words = (
        f"how many of the numbers are needed at least to make the sum {target}, each place of the list being used at "
        "most once? Return -1 where it can't be made."
    )
    return Question(words, kernels.fewest_to_sum, {"target": target}, 150)


def _fairest_split(dice: Random) -> Question:
    parts = dice.randrange(2, 6)
    words = (
        f"the list is cut into at most {parts} parts of numbers that stand side by side, so that the largest sum of a "
        "part is as small as can be. What is that sum? Without numbers it is 0."
    )
    return Question(words, kernels.fairest_split, {"parts": parts}, 800)


def _best_trades(dice: Random) -> Question:
    trades, fee = dice.randrange(2, 5), dice.randrange(1, 8)
    words = (
        f"the numbers are prices of one day after another. At most {trades} times one piece is bought, and sold on a "
        f"later day before the next one is bought (on the same day is allowed); each purchase with its sale costs "
        f"a fee of {fee}. What is the largest gain? Doing nothing gains 0."
    )
    return Question(words, kernels.best_trades, {"trades": trades, "fee": fee}, 800)


def _cheapest_walk(dice: Random) -> Question:
    width, climb = dice.randrange(4, 7), dice.randrange(10, 30)
    words = (
        f"the numbers are the cells of a grid, row by row, {width} to a row; what is left over for an incomplete "
        "last row does not belong to it. A walk goes from the first cell of the first row to the last cell of the "
        f"last row, each time to a cell above, below, left or right whose number differs by at most {climb}. It "
        "costs the sum of its cells, both ends included. What does the cheapest walk cost? Return -1 where there is"
        " none, or no grid."
    )
    return Question(words, kernels.cheapest_walk, {"width": width, "climb": climb}, 150, (_down_and_right, _any_climb))


def _any_climb(numbers: list[int], width: int, climb: int) -> int:
    """Walk as if any two cells could follow each other."""
    return kernels.cheapest_walk(numbers, width, climb + sum(numbers))


def _down_and_right(numbers: list[int], width: int, climb: int) -> int:
    """Walk without ever going back."""
    cost: dict[int, int] = {}
    for place in range(len(numbers) // width * width):
        before = [place - width, *([place - 1] if place % width else [])]
        ways = [cost[each] for each in before if each in cost and abs(numbers[place] - numbers[each]) <= climb]
        if ways or not place:
            cost[place] = numbers[place] + min(ways, default=0)
    return cost.get(len(numbers) // width * width - 1, -1)


def _cheapest_merge(dice: Random) -> Question:
    fee = dice.randrange(1, 20)
    words = (
        "the numbers are heaps in a row. Two heaps side by side can be put together into one in their place, which "
        f"costs the sum of both and a fee of {fee}. What does it cost at least to have a single heap? With one heap "
        "or none it is 0."
    )
    return Question(words, kernels.cheapest_merge, {"fee": fee}, 50)


def _sums_with_rest(dice: Random) -> Question:
    modulus = dice.randrange(3, 13)
    rest = dice.randrange(modulus - 1)
    words = (
        f"in how many ways can some of the places of the list be chosen, at least one, so that the sum of their "
        f"numbers divided by {modulus} leaves the rest {rest}? Return the number of ways modulo 1000000007."
    )
    return Question(words, kernels.sums_with_rest, {"modulus": modulus, "rest": rest}, 300)


def _far_inversions(dice: Random) -> Question:
    least = dice.randrange(2, 15)
    words = (
        "how many pairs of places are there in which the number at the earlier place is larger than the one at the "
        f"later place, by at least {least}?"
    )
    return Question(words, kernels.far_inversions, {"least": least}, 1500)


QUESTIONS: dict[int, tuple[Callable[[Random], Question], ...]] = {
    1: (_in_range, _sum_of_multiples, _longest_run),
    2: (_best_window, _most_common, _longest_run),
    3: (_close_pairs, _longest_rising, _best_apart, _far_inversions),
    4: (_fewest_to_sum, _fairest_split, _best_trades),
    5: (_cheapest_walk, _cheapest_merge, _sums_with_rest),
}
