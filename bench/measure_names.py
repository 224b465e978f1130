"""Name a measure in the ir_measures grammar: `nDCG@10`, `P(rel=2)@5`, `RBP(p=0.8)`.

The grammar is `Name(parameter=value,…)@cutoff` (MacAvaney, Macdonald and Ounis, "Streamlining Evaluation with
ir-measures", ECIR 2022). Spellings of trec_eval and ranx are read by `bench.measure_aliases`.
"""

import difflib
import re
from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from bench.errors import MeasureError
from bench.measure_aliases import ALIAS_NAMES, from_alias

USUAL = ("nDCG@10", "P@5", "P@10", "R@10", "R@100", "RR", "Success@10", "ERR@10", "AP", "Judged@10")
"""What is computed unless measures are named."""

Value = int | float | bool | str


class _Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What one measure accepts; the defaults are those of ir_measures 0.4."""

    cutoff: Literal["required", "optional", "none"] = "optional"
    defaults: dict[str, Value | None]
    """Parameters by name; None means: absent unless given."""


_BINARY: dict[str, Value | None] = {"rel": 1, "judged_only": False}

RULES: dict[str, _Rules] = {
    "nDCG": _Rules(defaults={"dcg": "log2", "judged_only": False}),
    "P": _Rules(cutoff="required", defaults=_BINARY),
    "R": _Rules(cutoff="required", defaults=_BINARY),
    "Success": _Rules(cutoff="required", defaults=_BINARY),
    "RR": _Rules(defaults=_BINARY),
    "AP": _Rules(defaults=_BINARY),
    "ERR": _Rules(defaults={"max_rel": 4}),
    "RBP": _Rules(defaults={"p": 0.8, "rel": None}),
    "Judged": _Rules(defaults={}),
    "Bpref": _Rules(cutoff="none", defaults={"rel": 1}),
}

SYNONYMS = {
    "NDCG": "nDCG",
    "Precision": "P",
    "Recall": "R",
    "MRR": "RR",
    "MAP": "AP",
    "BPref": "Bpref",
}
"""Second names that ir_measures accepts too."""

_PARAMETERS = ("p", "rel", "max_rel", "dcg", "judged_only")
_SYNTAX = re.compile(r"(?P<name>[A-Za-z]\w*)\s*(?:\((?P<params>[^()]*)\))?\s*(?:@\s*(?P<cutoff>\d+))?", re.ASCII)
_PARAMETER = re.compile(r"\s*(?P<key>[a-z_]+)\s*=\s*(?P<value>'[^']*'|\"[^\"]*\"|[\w.+-]+)\s*", re.ASCII)


class Measure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One measure with its parameters; `str()` of it is its canonical name, exactly as ir_measures prints it.

    Parameters left out take the measure's default, so `Measure(name="P", cutoff=5)` equals `P(rel=1)@5`. A parameter
    that the measure does not have stays None. Raises `MeasureError` for an unknown name or a value that does not fit.
    """

    name: str
    cutoff: int | None = None
    """Ranks below this one are not looked at; None looks at the whole answer."""
    rel: int | None = None
    """Lowest grade that counts as relevant; None for graded measures."""
    p: float | None = None
    """RBP's persistence: the chance that a reader goes on to the next result."""
    dcg: str | None = None
    """nDCG's gain: `log2` is the grade itself, `exp-log2` is 2^grade - 1. Both discount by log2(rank + 1)."""
    judged_only: bool = False
    """Take documents without a judgment out of the answer before measuring."""
    max_rel: int | None = None
    """ERR's highest grade of the scale. Not in ir_measures, whose ERR is fixed at 4."""

    def __post_init__(self) -> None:
        rules = RULES.get(self.name)
        if rules is None:
            raise MeasureError(f"'{self.name}' is not a measure{_near(self.name)}")
        for parameter in _PARAMETERS:
            value = getattr(self, parameter)
            if parameter in rules.defaults:
                if value is None:
                    msgspec.structs.force_setattr(self, parameter, rules.defaults[parameter])
            elif value not in (None, False):
                accepted = ", ".join(rules.defaults) or "none"
                raise MeasureError(f"{self.name} has no parameter '{parameter}' (it takes: {accepted})")
        _check_values(self, rules)

    def __str__(self) -> str:
        defaults = RULES[self.name].defaults
        given = [(key, getattr(self, key)) for key in _PARAMETERS if key in defaults]
        params = ",".join(f"{key}={value!r}" for key, value in given if value is not None and value != defaults[key])
        return self.name + (f"({params})" if params else "") + (f"@{self.cutoff}" if self.cutoff is not None else "")


def parse_measure(text: str) -> Measure:
    """Return the measure that `text` names in the grammar of ir_measures, trec_eval or ranx.

    Raises `MeasureError` saying what is wrong with the name and offering near matches.

    >>> str(parse_measure("P(rel=2)@5")), str(parse_measure("ndcg_cut.10")), str(parse_measure("mrr@10"))
    ('P(rel=2)@5', 'nDCG@10', 'RR@10')
    """
    text = text.strip()
    match = _SYNTAX.fullmatch(text)
    name = match["name"] if match else ""
    name = SYNONYMS.get(name, name)
    try:
        if match is None or name not in RULES:
            fields = from_alias(text)
            if fields is None:
                raise MeasureError(f"not a measure{_near(text)}")
        else:
            fields = {"name": name, **_arguments(match["params"] or "")}
            if match["cutoff"]:
                fields["cutoff"] = int(match["cutoff"])
        return Measure(**fields)
    except MeasureError as error:
        raise MeasureError(f"'{text}': {error}") from None


def parse_measures(texts: Iterable[str]) -> tuple[Measure, ...]:
    """Return the measures that `texts` name, in order and each once; one `MeasureError` tells of every bad name."""
    measures: dict[Measure, None] = {}
    faults: list[str] = []
    for text in texts:
        try:
            measures[parse_measure(text)] = None
        except MeasureError as error:
            faults.append(str(error))
    if faults:
        raise MeasureError("; ".join(faults))
    return tuple(measures)


def chosen_measures(texts: Iterable[str], highest_grade: int) -> tuple[Measure, ...]:
    """Return the measures that `texts` name, or the usual ones where it names none.

    Among the usual ones ERR gets the scale of the judgments where their `highest_grade` is above the usual one. Raises
    `MeasureError` as `parse_measures` does.
    """
    return parse_measures(texts) or tuple(
        msgspec.structs.replace(measure, max_rel=max(measure.max_rel, highest_grade)) if measure.max_rel else measure
        for measure in parse_measures(USUAL)
    )


def _check_values(measure: Measure, rules: _Rules) -> None:
    if rules.cutoff == "required" and measure.cutoff is None:
        raise MeasureError(f"{measure.name} needs a cutoff, such as {measure.name}@10")
    if rules.cutoff == "none" and measure.cutoff is not None:
        raise MeasureError(f"{measure.name} takes no cutoff: it looks at the whole answer")
    for what in ("cutoff", "rel", "max_rel"):
        value = getattr(measure, what)
        if value is not None and (type(value) is not int or value < 1):
            raise MeasureError(f"{what} must be a whole number of at least 1, not {value!r}")
    if measure.p is not None and not (type(measure.p) is float and 0 < measure.p < 1):
        raise MeasureError(f"p must lie between 0 and 1 and be written with a point, such as p=0.8, not {measure.p!r}")
    if measure.dcg not in (None, "log2", "exp-log2"):
        raise MeasureError(f"dcg must be 'log2' or 'exp-log2', not {measure.dcg!r}")
    if type(measure.judged_only) is not bool:
        raise MeasureError(f"judged_only must be True or False, not {measure.judged_only!r}")


def _arguments(params: str) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    for part in params.split(",") if params.strip() else ():
        match = _PARAMETER.fullmatch(part)
        if match is None:
            raise MeasureError(f"cannot read '{part.strip()}'; write parameters as name=value")
        key = match["key"]
        if key in arguments:
            raise MeasureError(f"{key} is given twice")
        if key not in (*_PARAMETERS, "cutoff"):
            raise MeasureError(f"there is no parameter '{key}'{_nearest(key, [*_PARAMETERS, 'cutoff'])}")
        arguments[key] = _value(match["value"])
    return arguments


def _value(text: str) -> Value:
    if text[0] in "'\"":
        return text[1:-1]
    if text in ("True", "False"):
        return text == "True"
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def _near(text: str) -> str:
    """Near matches of a mistyped name, with its cutoff kept: `nDGC@10` suggests `nDCG@10`."""
    parts = re.fullmatch(r"(?P<head>[^(@]*)(?P<tail>.*)", text, re.DOTALL)
    head, tail = (parts["head"], parts["tail"]) if parts else (text, "")
    return _nearest(head, [*RULES, *SYNONYMS, *ALIAS_NAMES], tail) or f" (known: {', '.join(RULES)})"


def _nearest(word: str, known: Iterable[str], tail: str = "") -> str:
    by_lower: dict[str, str] = {}
    for name in known:
        by_lower.setdefault(name.lower(), name)
    found = difflib.get_close_matches(word.lower(), list(by_lower), n=2, cutoff=0.6)
    return f" (did you mean {' or '.join(repr(by_lower[name] + tail) for name in found)}?)" if found else ""
