"""The tokens that every engine shares."""

import doctest
import importlib.metadata
import re
import sys
import tempfile
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexers import segment
from indexers.errors import MissingPackageError, OptionsError
from indexers.segment import Analyzer, Backend, Segmenter, UserWord, bigrams, load_user_dict, normalize

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FD5)
COMMON = st.sampled_from(
    list("的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种")
)
WORDS = st.sampled_from(
    ["住房公积金", "社会保障卡", "云川省", "临澜市", "居住证", "办理", "中华人民共和国", "异地就医", "2024年"]
)
OTHER = st.sampled_from(list("abcXYZ019ＡＢ１２,.，。-+#&_%《》 \n\t\u3000\u00a0𠮷㐀あア한😀é\u0301\0"))
MIXED = st.lists(st.one_of(HAN, COMMON, WORDS, OTHER), max_size=30).map("".join)
DICT_PARTS = st.lists(
    st.sampled_from(["一网通办事项", "一网", "通办", "云川码通", "云川", "居住证", "办理", "的", "，", "APP"]),
    max_size=8,
).map("".join)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(text=MIXED)
def test_both_backends_give_the_same_words(text: str) -> None:
    """rjieba and jieba cut any mixture of Han, Latin, digits, punctuation and rarer characters alike."""  # noqa: D403
    for search in (True, False):
        fast, plain = (Segmenter(backend=backend, search=search) for backend in ("rjieba", "jieba"))
        assert fast.words(text) == plain.words(text)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(text=st.lists(st.one_of(HAN, COMMON, WORDS, st.sampled_from(list("abz019.,，。-+#&_% \n\0")))).map("".join))
def test_each_run_is_cut_as_if_alone(text: str) -> None:
    """What stands between punctuation is cut as jieba cuts it alone, whatever stands beside it."""
    for backend in get_args(Backend):
        cut = Segmenter(backend=backend).words
        assert cut(text) == [token for run in re.findall("[\u4e00-\u9fd5a-z0-9]+", text) for token in cut(run)]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(text=DICT_PARTS)
def test_both_backends_read_a_user_dictionary_alike(text: str) -> None:
    """Words added with and without a frequency change both backends in the same way."""
    words = (UserWord("一网通办事项", 3), UserWord("云川码通"), UserWord("APP办理", 100, "n"))
    fast, plain = (Segmenter(backend=backend, words=words) for backend in ("rjieba", "jieba"))
    assert fast.words(text) == plain.words(text)


def is_kept(char: str) -> bool:
    """Tell whether tokens keep a character; planes 2 and 3 are Han, assigned or not yet in this Python's Unicode."""
    return char.isalnum() or 0x20000 <= ord(char) < 0x40000


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=60))
def test_tokens_hold_no_separators(text: str) -> None:
    """A token is never empty and holds no space, punctuation or NUL, so engines may join tokens with spaces."""
    for token in [*Segmenter().words(text), *bigrams(text)]:
        assert token
        assert all(is_kept(char) for char in token)
        assert len(token.split()) == 1


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=60))
def test_no_letter_is_lost(text: str) -> None:
    """Every letter, digit and Han character of the text is in some token."""
    kept = {char for char in normalize(text) if is_kept(char)}
    assert set("".join(Segmenter().words(text))) == kept
    assert set("".join(bigrams(text))) == kept


def test_search_mode_adds_the_words_inside() -> None:
    """`words` holds the shorter words inside a long one; `whole-words` holds each character once."""
    assert Segmenter().words("社会保障卡") == ["社会", "保障", "社会保障", "卡"]
    assert Segmenter(search=False).words("社会保障卡") == ["社会保障", "卡"]


def test_full_width_and_case_are_one() -> None:
    """Full-width and upper-case text gives the tokens of plain lower-case text."""
    assert Segmenter().words("ＡＰＰ　２０２４年") == Segmenter().words("app 2024年") == ["app", "2024", "年"]


def test_punctuation_goes_and_single_characters_stay() -> None:
    """Punctuation, spaces, emoji and underscores give no token; a single character does."""
    assert Segmenter().words(" ？！、—…《》·_😀\u3000") == []
    assert Segmenter().words("水！") == ["水"]


def test_traditional_characters_stay_traditional() -> None:
    """Traditional text is not turned into simplified text."""
    assert "".join(bigrams("證書")) == "證書"


def test_bigrams_are_overlapping_pairs() -> None:
    """Han runs give pairs, a run of one gives itself, Latin and digits stay whole."""
    assert bigrams("社保卡丢了") == ["社保", "保卡", "卡丢", "丢了"]
    assert bigrams("第3条，水 COVID-19") == ["第", "3", "条", "水", "covid", "19"]
    assert bigrams("") == []


def test_a_user_dictionary_adds_words(tmp_path: Path) -> None:
    """Lines of `word`, `word freq` and `word freq tag` are read, blank lines and a byte-order mark skipped."""
    path = tmp_path / "words.txt"
    path.write_text("\ufeff云川码通 100 n\n\n岚枫岙村\n一网通办 5\r\nＡＰＰ办理 n\n", encoding="utf-8")
    assert load_user_dict(path) == (
        UserWord("云川码通", 100, "n"),
        UserWord("岚枫岙村"),
        UserWord("一网通办", 5),
        UserWord("app办理", None, "n"),
    )
    assert "岚枫岙村" in Segmenter(user_dict=path).words("去岚枫岙村怎么走")
    assert "岚枫岙村" not in Segmenter().words("去岚枫岙村怎么走")


def test_bad_dictionary_lines_are_all_named(tmp_path: Path) -> None:
    """Every line that does not fit is named with its number, in one error."""
    path = tmp_path / "words.txt"
    path.write_text("社保卡 3\n两个 词 都在\n居住证 -3\n删除 0\nC++ 3\n", encoding="utf-8")
    with pytest.raises(OptionsError) as caught:
        Segmenter(user_dict=path).words("社保卡")
    text = str(caught.value)
    assert "\n" not in text
    assert [f"line {n}" in text for n in range(1, 6)] == [False, True, True, True, True]


def test_an_unreadable_dictionary_is_an_options_error(tmp_path: Path) -> None:
    """A missing file and a file that is not UTF-8 are reported with their path."""
    with pytest.raises(OptionsError, match=r"none\.txt cannot be read"):
        Segmenter(user_dict=tmp_path / "none.txt").describe()
    path = tmp_path / "gbk.txt"
    path.write_bytes("社保卡".encode("gbk"))
    with pytest.raises(OptionsError, match="not UTF-8"):
        Segmenter(user_dict=path).words("社保卡")


def test_the_description_follows_the_words_not_the_path(tmp_path: Path) -> None:
    """The dictionary's hash depends on its words: the same for a copy, another for other words."""
    one, copy, other = tmp_path / "1.txt", tmp_path / "2.txt", tmp_path / "3.txt"
    one.write_text("云川码通 100\n", encoding="utf-8")
    copy.write_text("\n云川码通 100\n", encoding="utf-8")
    other.write_text("云川码通 101\n", encoding="utf-8")
    hashes = [Segmenter(user_dict=path).describe()["user_dict"] for path in (one, copy, other)]
    assert hashes[0] == hashes[1] != hashes[2]
    assert Segmenter().describe()["user_dict"] == ""


def test_jieba_stands_in_for_rjieba(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without rjieba the segmenter uses jieba and says so; asking for rjieba says how to get it."""
    monkeypatch.setitem(sys.modules, "rjieba", None)
    segmenter = Segmenter(words=["换个后端"])
    assert segmenter.describe()["library"] == "jieba"
    assert segmenter.describe()["version"] == importlib.metadata.version("jieba")
    assert "居住证" in segmenter.words("居住证")
    with pytest.raises(MissingPackageError, match="pip install rjieba"):
        Segmenter(backend="rjieba", words=["另一本词典"]).words("居住证")


def test_jieba_is_silent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Loading jieba's dictionary prints nothing, even where its cache cannot be written."""
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path / "no-such-folder"))
        assert Segmenter(backend="jieba", words=["静音"]).words("静音")
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""


def test_user_words_stay_with_their_segmenter() -> None:
    """A word added to one segmenter does not change another one."""
    for backend in ("rjieba", "jieba"):
        assert Segmenter(backend=backend, words=["办理居住证"], search=False).words("办理居住证") == ["办理居住证"]
        assert Segmenter(backend=backend, search=False).words("办理居住证") != ["办理居住证"]


def test_an_analyzer_treats_documents_and_queries_alike() -> None:
    """Each kind of tokens has one analyzer, which describes itself."""
    for kind in ("words", "whole-words", "bigrams"):
        analyzer = Analyzer(kind)
        assert analyzer("社保卡") == analyzer(" 社保卡！")
        assert analyzer.describe()["kind"] == kind


def test_the_examples_in_the_module_are_right() -> None:
    """The examples in the docstrings of the segmentation module give what they show."""
    result = doctest.testmod(segment)
    assert result.attempted >= 4
    assert result.failed == 0
