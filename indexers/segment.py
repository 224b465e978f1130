"""Words and character pairs of Chinese text: the one analysis that every engine shares.

Engines differ in how they store and rank; a benchmark of them must not also compare how somebody happened to cut
Chinese. So every built-in engine indexes the tokens made here and asks for the tokens made here.

Text is first brought to Unicode NFKC (full-width `２０２４` and `ＡＢＣ` become plain) and to lower case, then cut at
everything that is neither a Han character nor a letter nor a digit. Traditional characters are NOT turned into
simplified ones: portals that do so have a better engine, and that is for an engine to claim.

Three kinds of tokens (`TokenKind`):

- `words` (default): jieba's search mode (`cut_for_search`): every word, and the shorter dictionary words inside a long
  one, so that 保障 finds a page that only says 社会保障. It is what jieba's author made for inverted indexes, the usual
  choice of a Chinese site, and is used for documents and queries alike. It was chosen before any measurement.
- `whole-words`: jieba's plain mode (`cut`), each character in exactly one word; what short scripts use.
- `bigrams`: overlapping character pairs, as Lucene's CJKAnalyzer makes; needs no dictionary.
"""

import functools
import hashlib
import importlib.metadata
import logging
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from indexers.errors import MissingPackageError, OptionsError

Backend = Literal["auto", "rjieba", "jieba"]
TokenKind = Literal["words", "whole-words", "bigrams"]

# jieba itself only knows U+4E00 to U+9FD5. Handing over exactly what it knows keeps jieba and rjieba alike: they differ
# in rarer Han characters and in punctuation such as `_` inside Latin words.
_JIEBA = "\u4e00-\u9fd5a-z0-9"
_JIEBA_RUN = f"[{_JIEBA}]+"
# Compatibility ideographs become plain ones by NFKC, save for a few around U+FA0E.
_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\ufa0e-\ufa29\U00020000-\U0003ffff"
_WORD_RUNS = re.compile(f"(?P<known>{_JIEBA_RUN})|(?P<han>[{_HAN}])|(?P<other>[^\\W_{_HAN}]+)")
# Text without these, which is nearly all, is handed over in one call, with a space for all that jieba does not know:
# jieba never joins across a space, and so cuts each run as if alone.
_NOT_JIEBAS = re.compile(f"[^\\W_{_JIEBA}]|[\U00020000-\U0003ffff]")
_BETWEEN_RUNS = re.compile(f"[^{_JIEBA}]+")
_BIGRAM_RUNS = re.compile(f"(?P<han>[{_HAN}]+)|(?P<other>[^\\W_{_HAN}]+)")
_JIEBA_LINE = re.compile(r"(?P<word>\S+)(?:[ \t]+(?P<freq>\d+))?(?:[ \t]+(?P<tag>[a-zA-Z]+))?")


class UserWord(NamedTuple):
    """A dictionary entry; without a frequency jieba picks one that keeps the word in one piece."""

    word: str
    freq: int | None = None
    tag: str | None = None


def normalize(text: str) -> str:
    """Return `text` in NFKC and lower case, the form in which all tokens are made.

    >>> normalize("ＡＢＣ２０２４ 年")
    'abc2024 年'
    """
    return unicodedata.normalize("NFKC", text).lower()


def bigrams(text: str) -> list[str]:
    """Return overlapping character pairs of each Han run, and whole words of any other script.

    A run of one Han character gives that character, so that nothing is lost.

    >>> bigrams("居住证 2024年 Wi-Fi")
    ['居住', '住证', '2024', '年', 'wi', 'fi']
    """
    tokens: list[str] = []
    for run in _BIGRAM_RUNS.finditer(normalize(text)):
        chars = run.group()
        if run.lastgroup == "han" and len(chars) > 1:
            tokens.extend(chars[i : i + 2] for i in range(len(chars) - 1))
        else:
            tokens.append(chars)
    return tokens


def load_user_dict(path: Path) -> tuple[UserWord, ...]:
    """Read a dictionary in jieba's format: `word [freq [tag]]` per line, UTF-8.

    Raises an `OptionsError` that names every line that does not fit.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise OptionsError(f"user dictionary {path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise OptionsError(f"user dictionary {path} is not UTF-8 (byte {error.start}); save it as UTF-8") from None
    words: list[UserWord] = []
    bad: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        entry = line.strip()
        if not entry:
            continue
        match = _JIEBA_LINE.fullmatch(entry)
        freq = int(match["freq"]) if match and match["freq"] else None
        # Frequency 0 is jieba's way to delete a word, and it does so for the whole process: not for us.
        if match is None or freq == 0 or not re.fullmatch(_JIEBA_RUN, normalize(match["word"])):
            bad.append(f"line {number} ({entry[:40]!r})")
        else:
            words.append(UserWord(normalize(match["word"]), freq, match["tag"]))
    if bad:
        raise OptionsError(
            f"user dictionary {path}: {', '.join(bad)} must be 'word [freq [tag]]' "
            "with a word of Han characters, letters or digits and a frequency above 0"
        )
    return tuple(words)


class Segmenter:
    """Cuts text into words with jieba; `rjieba` (the same in Rust, and several times faster) where it is installed.

    The two give the same tokens, save for ties between equally likely readings of unknown, repeated characters.
    The constructor reads nothing; dictionaries are loaded by the first `words`.

    >>> Segmenter().words("办理居住证 需要什么材料？")
    ['办理', '居住', '居住证', '需要', '什么', '材料']
    """

    def __init__(
        self,
        *,
        backend: Backend = "auto",
        search: bool = True,
        user_dict: Path | None = None,
        words: Iterable[str | UserWord] = (),
    ) -> None:
        self._backend = backend
        self._search = search
        self._user_dict = user_dict
        self._extra = tuple(
            UserWord(normalize(w), None, None) if isinstance(w, str) else w._replace(word=normalize(w.word))
            for w in words
        )
        self._user_words: tuple[UserWord, ...] | None = None
        self._cut: Callable[[str], Iterable[str]] | None = None

    def words(self, text: str) -> list[str]:
        """Return the tokens of `text` in order; punctuation is dropped, single characters are kept."""
        cut = self._cut or self._load()
        plain = normalize(text)
        if _NOT_JIEBAS.search(plain) is None:
            return [word for word in cut(_BETWEEN_RUNS.sub(" ", plain)) if word != " "]
        tokens: list[str] = []
        for run in _WORD_RUNS.finditer(plain):
            if run.lastgroup == "known":
                tokens.extend(cut(run.group()))
            else:
                tokens.append(run.group())
        return tokens

    def describe(self) -> dict[str, Any]:
        """Return what decides the tokens: library, version, mode, normalisation and the user dictionary's hash."""
        backend = self._choose()
        return {
            "kind": "words" if self._search else "whole-words",
            "library": backend,
            "version": importlib.metadata.version(backend),
            "mode": "cut_for_search" if self._search else "cut",
            "hmm": True,
            "normalization": "NFKC, lower case",
            "user_dict": self._user_dict_hash(),
        }

    def _words_added(self) -> tuple[UserWord, ...]:
        if self._user_words is None:
            loaded = load_user_dict(self._user_dict) if self._user_dict else ()
            self._user_words = (*loaded, *self._extra)
        return self._user_words

    def _user_dict_hash(self) -> str:
        added = self._words_added()
        if not added:
            return ""
        lines = "\n".join(f"{w.word} {w.freq or ''} {w.tag or ''}" for w in added)
        return hashlib.sha256(lines.encode()).hexdigest()[:16]

    def _choose(self) -> Literal["rjieba", "jieba"]:
        if self._backend != "auto":
            return self._backend
        try:
            import rjieba  # noqa: F401 - only asking whether it loads on this machine
        except ImportError:
            return "jieba"
        return "rjieba"

    def _load(self) -> Callable[[str], Iterable[str]]:
        backend = self._choose()
        try:
            load = _load_rjieba if backend == "rjieba" else _load_jieba
            self._cut = load(self._search, self._words_added())
        except ImportError as error:
            raise MissingPackageError(f"segmenting needs the package '{backend}': pip install {backend}") from error
        return self._cut


@functools.cache  # engines with the same dictionary share it: each copy takes tens of MB and a good part of a second
def _load_rjieba(search: bool, added: tuple[UserWord, ...]) -> Callable[[str], Iterable[str]]:
    import rjieba

    tokenizer = rjieba.Jieba()  # a private copy: the module's own dictionary is shared by the process
    for entry in added:
        tokenizer.add_word(entry.word, entry.freq, entry.tag)
    return tokenizer.cut_for_search if search else tokenizer.cut


@functools.cache
def _load_jieba(search: bool, added: tuple[UserWord, ...]) -> Callable[[str], Iterable[str]]:
    with warnings.catch_warnings():
        # jieba 0.42.1 has invalid escapes, and imports pkg_resources, which announces its own end.
        warnings.simplefilter("ignore")
        import jieba
    # jieba reports loading its dictionary on stderr through a handler of its own, errors about its cache included.
    logging.getLogger("jieba").setLevel(logging.CRITICAL)
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    for entry in added:
        tokenizer.add_word(entry.word, entry.freq, entry.tag)
    cut: Callable[[str], Iterable[str]] = tokenizer.cut_for_search if search else tokenizer.cut
    return cut


def storable(text: str) -> str:
    """Return `text` with a space for NUL, at which many libraries stop reading, and without what UTF-8 cannot hold."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


class Analyzer:
    """Turns text into tokens of one kind; what an engine holds to treat documents and queries alike.

    Like everything an engine constructs, it touches nothing until it is first called.

    >>> Analyzer("bigrams")("社保卡")
    ['社保', '保卡']
    """

    def __init__(self, kind: TokenKind = "words", user_dict: str = "") -> None:
        if kind not in get_args(TokenKind):
            raise OptionsError(f"tokens {kind!r} is not one of {', '.join(get_args(TokenKind))}")
        self.kind = kind
        self._segmenter = Segmenter(search=kind == "words", user_dict=Path(user_dict) if user_dict else None)

    def __call__(self, text: str) -> list[str]:
        """Return the tokens of `text` in order."""
        return bigrams(text) if self.kind == "bigrams" else self._segmenter.words(text)

    def describe(self) -> dict[str, Any]:
        """Return what decides the tokens."""
        if self.kind == "bigrams":
            return {"kind": "bigrams", "normalization": "NFKC, lower case"}
        return self._segmenter.describe()
