"""The command line of a sweep, in Hydra's own syntax: which settings are fixed, which are swept, and over what."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep

from claudebox_rl.cli.schema import hydra_home, load_sweep_config
from claudebox_rl.config import SweepConfig
from claudebox_rl.distributed.sweep.space import Choice, Dimension, Numbers
from claudebox_rl.errors import ConfigError

_OWN = "sweep."


@dataclass(frozen=True, slots=True)
class Swept:
    """One setting with several values."""

    key: str
    """As it stands before the `=`, `+` and the like included."""
    options: tuple[str, ...] | None
    """All its values; None where it has no end of them."""
    dimension: Dimension

    @property
    def name(self) -> str:
        """The plain key."""
        return self.key.lstrip("+")


@dataclass(frozen=True, slots=True)
class SweepLine:
    """A command line, read."""

    sweep: SweepConfig
    out: str | None
    """The sweep's folder."""
    words: tuple[str | Swept, ...]
    """The rest, in order: fixed settings as they were given, and swept ones."""

    @property
    def is_grid(self) -> bool:
        """Whether every combination is played."""
        return self.sweep.search == "grid"

    @property
    def swept(self) -> tuple[Swept, ...]:
        """The swept settings."""
        return tuple(word for word in self.words if isinstance(word, Swept))

    def overrides(self, chosen: Mapping[str, str]) -> tuple[str, ...]:
        """Return the overrides of one job.

        Args:
            chosen: What stands behind the `=` of each swept setting, by its plain key.
        """
        return tuple(word if isinstance(word, str) else f"{word.key}={chosen[word.name]}" for word in self.words)

    def grid(self) -> Iterator[dict[str, str]]:
        """Yield every combination, the last setting changing fastest.

        Raises:
            ConfigError: A setting has no end of values.
        """
        for word in self.swept:
            if word.options is None:
                raise ConfigError(f"{word.name}: interval() has no end of values: sweep.search=optuna chooses from it")
        names = [word.name for word in self.swept]
        for values in itertools.product(*(word.options or () for word in self.swept)):
            yield dict(zip(names, values, strict=True))

    def samples(self) -> Iterator[dict[str, str]]:
        """Yield combinations in which each value of a list is there, and the ends of each range."""
        lists = {word.name: _ends(word.dimension) for word in self.swept}
        for index in range(max(map(len, lists.values()), default=0)):
            yield {name: values[min(index, len(values) - 1)] for name, values in lists.items()}


def read_line(arguments: Sequence[str]) -> SweepLine:
    """Read a command line.

    Raises:
        ConfigError: It is not Hydra's syntax, a setting is swept twice or can't be swept, or one of `sweep.*` is
            unknown.
    """
    with hydra_home() as loader:
        overrides = OverridesParser.create(config_loader=loader).parse_overrides(list(arguments))
        words = [(override, _word(override)) for override in overrides]
    _check([word.name for _, word in words if isinstance(word, Swept)], overrides)
    sweep = load_sweep_config([str(word) for override, word in words if override.key_or_group.startswith(_OWN)])
    out = next((str(override.value()) for override in overrides if override.key_or_group == "out"), None)
    return SweepLine(sweep, out, tuple(word for override, word in words if not _is_own(override)))


def _check(swept: Sequence[str], overrides: Sequence[Override]) -> None:
    """Refuse what a sweep can't be told."""
    for name in swept:
        if swept.count(name) > 1 or name == "out" or name.startswith((_OWN, "rollout.num_workers", "ray.")):
            raise ConfigError(f"{name} can't be swept{' twice' if swept.count(name) > 1 else ''}", field=name)
    for override in overrides:
        if override.key_or_group == "run":
            raise ConfigError("run can't be given to a sweep: each job has an id of its own, and out= names the sweep")
        if override.key_or_group == "out" and "://" in str(override.value()):
            raise ConfigError(f"out={override.value()}: a sweep's folder is one of this machine, or one that it mounts")


def _is_own(override: Override) -> bool:
    return override.key_or_group == "out" or override.key_or_group.startswith(_OWN)


def _word(override: Override) -> str | Swept:
    if not override.is_sweep_override():
        assert override.input_line is not None
        return override.input_line
    key, value = override.get_key_element(), override.value()
    options = None if isinstance(value, IntervalSweep) else tuple(override.sweep_string_iterator())
    if options is not None and not options:
        raise ConfigError(f"{override.input_line}: nothing to choose from", field=key)
    if isinstance(value, IntervalSweep):
        return Swept(key, None, _interval(override, value))
    if isinstance(value, RangeSweep) and not value.shuffle:
        return Swept(key, options, _range(value))
    return Swept(key, options, Choice(tuple(dict.fromkeys(options or ()))))


def _interval(override: Override, value: IntervalSweep) -> Numbers:
    low, high = value.start, value.end
    if low is None or high is None or low >= high:
        raise ConfigError(f"{override.input_line}: the first number must be less than the second")
    return Numbers(low, high, is_log="log" in value.tags)


def _range(value: RangeSweep) -> Numbers:
    numbers = list(value.range())
    return Numbers(min(numbers), max(numbers), step=abs(value.step))


def _ends(dimension: Dimension) -> tuple[str, ...]:
    match dimension:
        case Choice(options):
            return options
        case Numbers(low, high):
            return (str(low), str(high))
