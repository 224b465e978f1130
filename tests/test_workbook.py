"""Workbooks open whatever their cells hold, and say what they leave out."""

import io
from typing import Any

import openpyxl
import pytest

from bench import workbook as module
from bench.workbook import workbook


def read(content: bytes) -> list[tuple[Any, ...]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    return list(sheet.iter_rows(values_only=True))


def test_text_stays_text_and_numbers_stay_numbers() -> None:
    rows = [["=1+1", 3, None], ["a\x00\x0bb", 0.5, "长" * 40_000]]
    _, first, second = read(workbook([("s", ["t", "n", "x"], rows)], widest=40))
    assert first == ("=1+1", 3, None)
    assert (second[0], second[1], len(second[2])) == ("ab", 0.5, 32_000)


def test_rows_that_do_not_fit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    rows = [[str(n)] for n in range(5)]
    told = read(workbook([("s", ["t"], rows)], widest=40, cut=lambda shown, left: f"{shown} of them, {left} left"))
    assert told == [("t",), ("0",), ("1",), ("2 of them, 3 left",)]
    assert len(read(workbook([("s", ["t"], rows)], widest=40))) == 6
