# Takes all ends as part of the intervals.
cat > intervals.py <<'PYTHON'
import re


class Intervals:
    def __init__(self, pairs):
        self.pairs = []
        for start, end in sorted(pairs):
            if self.pairs and start <= self.pairs[-1][1]:
                self.pairs[-1][1] = max(end, self.pairs[-1][1])
            else:
                self.pairs.append([start, end])

    @classmethod
    def parse(cls, text):
        numbers = [float(number) for number in re.findall("-?(?:inf|[0-9]+)", text)]
        if not numbers and text != "{}":
            raise ValueError(text)
        return cls(zip(numbers[::2], numbers[1::2]))

    def __str__(self):
        return " u ".join(f"[{int(start)}, {int(end)}]" for start, end in self.pairs) or "{}"

    def __or__(self, other):
        return Intervals([*self.pairs, *other.pairs])
PYTHON
