"""Near-duplicates are found by the shingles that texts share."""

from corpora.duplicates import NearDuplicates, shingles

TEXT = "本市户籍居民办理居住证到任意派出所窗口申请，携带身份证和租房合同，十五个工作日后领取，不收取任何费用。"


def test_a_text_meets_its_copies_and_no_other() -> None:
    seen = NearDuplicates[str]()
    assert seen.add("original", TEXT) == []
    assert seen.add("other", "养犬登记须携带犬只免疫证明，重点管理区内每户限养一只，年度管理费二百元。") == []
    assert seen.add("copy", TEXT) == ["original"]
    assert seen.add("signed", TEXT + "（来源：公安局）") == ["original", "copy"]


def test_space_and_width_make_no_difference() -> None:
    seen = NearDuplicates[str]()
    seen.add("narrow", "办理时间:9点至17点,电话0999-5550101")
    assert seen.add("wide", "办理时间：９点至１７点，\n电话 0999-5550101") == ["narrow"]


def test_a_short_or_empty_text_is_one_shingle() -> None:
    assert shingles("公示") == ["公示"]
    assert shingles(" ") == [""]
    seen = NearDuplicates[int]()
    assert [seen.add(number, "") for number in range(3)] == [[], [0], [0, 1]]
