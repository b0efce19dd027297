"""What tasks of the family `algorithms` compute; the sources of these functions are in their solutions."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, deque


def in_range(numbers: list[int], low: int, high: int) -> int:
    """Count the numbers from low to high."""
    return sum(low <= number <= high for number in numbers)


def sum_of_multiples(numbers: list[int], factor: int, offset: int) -> int:
    """Sum the numbers that leave the rest offset."""
    return sum(number for number in numbers if number % factor == offset)


def longest_run(numbers: list[int], step: int) -> int:
    """Return the length of the longest run of neighbours that differ by at most step."""
    longest = run = 0
    for index, number in enumerate(numbers):
        run = run + 1 if index and abs(number - numbers[index - 1]) <= step else 1
        longest = max(longest, run)
    return longest


def best_window(numbers: list[int], width: int) -> int:
    """Return the largest sum of width neighbours, 0 where there are fewer numbers."""
    if len(numbers) < width:
        return 0
    best = total = sum(numbers[:width])
    for index in range(width, len(numbers)):
        total += numbers[index] - numbers[index - width]
        best = max(best, total)
    return best


def most_common(numbers: list[int], least: int) -> list[int]:
    """Return the numbers that come at least so often, the most frequent first, then by size."""
    counts = Counter(numbers)
    return sorted((number for number in counts if counts[number] >= least), key=lambda each: (-counts[each], each))


def close_pairs(numbers: list[int], distance: int) -> int:
    """Count the pairs of places whose numbers differ by at most distance."""
    ordered = sorted(numbers)
    return sum(bisect_right(ordered, number + distance) - index - 1 for index, number in enumerate(ordered))


def longest_rising(numbers: list[int], step: int) -> int:
    """Return the length of the longest subsequence in which each number is above the last one by 1 to step."""
    longest: list[int] = []
    for index, number in enumerate(numbers):
        before = (longest[at] for at in range(index) if 0 < number - numbers[at] <= step)
        longest.append(1 + max(before, default=0))
    return max(longest, default=0)


def best_apart(numbers: list[int], gap: int) -> int:
    """Return the largest sum of numbers of which any two are more than gap places apart; 0 for none."""
    best = [0] * (len(numbers) + gap + 1)
    for index, number in enumerate(numbers):
        best[index + gap + 1] = max(best[index + gap], best[index] + number)
    return best[-1]


def fewest_to_sum(numbers: list[int], target: int) -> int:
    """Return how many of the numbers, each used once, are needed to make target; -1 where it can't be made."""
    fewest = {0: 0}
    for number in numbers:
        for total, count in list(fewest.items()):
            made = total + number
            if made <= target and count + 1 < fewest.get(made, count + 2):
                fewest[made] = count + 1
    return fewest.get(target, -1)


def fairest_split(numbers: list[int], parts: int) -> int:
    """Return the smallest largest sum of at most so many parts of neighbours."""
    low, high = max(numbers, default=0), sum(numbers)
    while low < high:
        limit = (low + high) // 2
        count, total = 1, 0
        for number in numbers:
            count, total = (count + 1, number) if total + number > limit else (count, total + number)
        low, high = (low, limit) if count <= parts else (limit + 1, high)
    return low


def best_trades(numbers: list[int], trades: int, fee: int) -> int:
    """Return the largest gain of at most so many purchases, each sold later and before the next one."""
    free = [0] * (trades + 1)
    held = [-(10**18)] * (trades + 1)
    for price in numbers:
        for trade in range(1, trades + 1):
            held[trade] = max(held[trade], free[trade - 1] - price)
            free[trade] = max(free[trade], held[trade] + price - fee)
    return free[trades]


def cheapest_walk(numbers: list[int], width: int, climb: int) -> int:
    """Return the cost of the cheapest walk through a grid of rows of that width; -1 without one."""
    height = len(numbers) // width
    if not height:
        return -1
    cost = {0: numbers[0]}
    queue = deque([0])
    while queue:
        place = queue.popleft()
        row, column = divmod(place, width)
        for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            if 0 <= row + down < height and 0 <= column + right < width:
                there = place + down * width + right
                total = cost[place] + numbers[there]
                if abs(numbers[there] - numbers[place]) <= climb and total < cost.get(there, total + 1):
                    cost[there] = total
                    queue.append(there)
    return cost.get(height * width - 1, -1)


def cheapest_merge(numbers: list[int], fee: int) -> int:
    """Return the lowest cost of merging neighbours until one is left."""
    size = len(numbers)
    sums = [0]
    for number in numbers:
        sums.append(sums[-1] + number)
    cost = [[0] * (size + 1) for _ in range(size + 1)]
    for length in range(2, size + 1):
        for start in range(size - length + 1):
            end = start + length
            cheapest = min(cost[start][cut] + cost[cut][end] for cut in range(start + 1, end))
            cost[start][end] = cheapest + sums[end] - sums[start] + fee
    return cost[0][size]


def sums_with_rest(numbers: list[int], modulus: int, rest: int) -> int:
    """Count the non-empty subsequences whose sum leaves that rest, in turn modulo 1,000,000,007."""
    ways = [1] + [0] * (modulus - 1)
    for number in numbers:
        ways = [(ways[each] + ways[(each - number) % modulus]) % 1_000_000_007 for each in range(modulus)]
    return (ways[rest] - (rest == 0)) % 1_000_000_007


def far_inversions(numbers: list[int], least: int) -> int:
    """Count the pairs of places at which the earlier number is larger by at least so much."""
    ordered: list[int] = []
    count = 0
    for number in numbers:
        count += len(ordered) - bisect_left(ordered, number + least)
        ordered.insert(bisect_left(ordered, number), number)
    return count
