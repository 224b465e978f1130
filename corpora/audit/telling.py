"""Read in a text what it tells of a service item: fee, time limit, agency, telephone; each with its sentence.

Only plain statements are read: a word for the matter and the value close together. What a text tells between the lines
is left alone, because a finding must hold when two people look at both sentences.
"""

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

Fact = Literal["fee", "days", "office", "tel"]

FREE = "不收费"
AT_ONCE = "即时"

_SENTENCE = re.compile(r"[^。！；\n\u3000]+[。！；]?")
_HEADING = 18
"""Longest line that may be a heading."""
_STOPS = frozenset("。！；，：）")
_AMOUNT = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)(万)?元")
_OTHER_FEE = re.compile(r"自理|体检费|卫生费|罚|税|补贴|补助|财政另|每满")
"""Money that is not paid to the agency for handling the item."""
_FEE_WORD = re.compile(
    r"收费|费用|工本费|登记费|缴费|缴纳|收取|要交钱|交多少|执行的标准|标准[为是：]|标准：|只收|目前："
)
_FREE = re.compile(r"不收(?:取)?(?:任何)?费|不收工本费|免收(?:工本|手续)?费|(?:服务|办理|全程|一律)免费|不收一分钱")
_FREE_ANYWHERE = re.compile(r"免费|不收|免收|不用交|财政承担|免[，。；、）]|免$")
_NUMBER = r"\d+(?:\.\d+)?|[一二两三四五六七八九十半]{1,3}"
_DURATION = re.compile(
    rf"(?<![\d.第月一二三四五六七八九十])({_NUMBER})(?:个?(工作日|小时)|个(月)|(日|天|分钟))(?!\d|前|起|至|期|出生|报|制|送)"
)
_AT_ONCE = re.compile(
    r"即时|(?:当场|当日|当天|立等|现场)(?:就能|可)?(?:办结|制发|制证|发卡|发证|取|领取|出证|办好|签发|签约|查阅|减免)"
)
_TIME_WORD = re.compile(
    r"时限|期限|办结|审批|审核|核定|审查|受理到|办好|办成|出证|取证|出新卡|制卡|要等|几天|多久|(?:一般|目前)(?:为|是|需|要)?(?=[\d一二两三四五六七八九十])|办理时间|决定在|发证|补办"
)
_OTHER_TIME = re.compile(
    r"反馈|回音|上门|答复|学习|提前|担保|拆除|到.{0,3}现场|顺延|延长|逾期|公示|之前|换户口|筹建|举证|申报|整改|补正|届满|延续|占用期|内到|材料齐"
)
"""What else takes time, or has a term: not the handling of the item."""
_AFTER_TIME = re.compile(r"^[内后左右，、]{0,2}(?:可领|能领|办结|出证|发证|制发|出新卡|办好|作出|拿|取|能取|领取|到手)")
_PLACE_NAME = r"[\u4e00-\u9fff]{2,18}?"
_OFFICE = rf"({_PLACE_NAME}(?:委员会|管理局|监督局|规划局|保障局|分局|联合会|管理中心|局|厅))"
_IN_CHARGE = re.compile(
    rf"由{_OFFICE}(?:来|统一)?(?:负责|受理|办理|核发|核定|审核|审批|发照|发证|登记|管|解释|看|办|组织)"
    rf"|(?:承办|办理|答复|实施|经办|受理|审批|主管)(?:单位|机构|机关|部门)(?:[为是：:]+){_OFFICE}"
    rf"|(?:^|[，。；、])(?:(?:可|请)?[找到向]){_OFFICE}(?:手工报|申请|申领|提出)"
    rf"|(?:^|[，：]){_OFFICE}(?:负责|受理|核发)"
)
_TELEPHONE = re.compile(r"(?<!\d)(0\d{2,3}[-－—]?\d{7,8}|1[3-9]\d{9})(?!\d)")
_NARROW = str.maketrans("０１２３４５６７８９．", "0123456789.")
_UNITS = {"工作日": "个工作日", "小时": "个小时", "月": "个月", "天": "日"}
_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"两": 2, "半": 0.5}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One fact as a sentence tells it."""

    fact: Fact
    values: tuple[str, ...]
    """`10元`, `不收费`; `15个工作日`, `即时`; the name of an agency; a number."""
    said: str


def told(text: str) -> list[Told]:
    """Return every plain statement on fee, time limit, agency or telephone, in the order of the text."""
    return [one for sentence in sentences(text) for one in _in(sentence)]


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences and lines of a text; a question stays with its answer, a heading with what follows it."""
    heading = ""
    for match in _SENTENCE.finditer(text):
        sentence = match.group().strip()
        if not sentence:
            continue
        if len(sentence) <= _HEADING and not _STOPS & set(sentence) and text[match.end() : match.end() + 1] == "\n":
            heading = f"{sentence}　"
            continue
        yield heading + sentence
        heading = ""
    if heading:
        yield heading.strip()


def amounts(text: str) -> tuple[str, ...]:
    """Return the sums of money in a text, such as `10元`; 0.5万元 is 5000元.

    >>> amounts("工本费10元，邮寄另付15元")
    ('10元', '15元')
    """
    found = [float(number) * (10_000 if many else 1) for number, many in _AMOUNT.findall(_narrow(text))]
    return tuple(dict.fromkeys(f"{value:g}元" for value in found))


def durations(text: str) -> tuple[str, ...]:
    """Return the lengths of time in a text, such as `15个工作日` or `即时`; Chinese numerals are read.

    >>> durations("十五个工作日，急件当场办结")
    ('15个工作日', '即时')
    """
    plain = _narrow(text)
    found = []
    for number, *units in _DURATION.findall(plain):
        unit = "".join(units)
        if (length := _number(number)) > 0:
            found.append(f"{length:g}{_UNITS.get(unit, unit)}")
    if _AT_ONCE.search(plain):
        found.append(AT_ONCE)
    return tuple(dict.fromkeys(found))


def telephones(text: str) -> tuple[str, ...]:
    """Return the full telephone numbers in a text, digits only; 12345 and 110 belong to everybody and are left out."""
    return tuple(dict.fromkeys(re.sub(r"\D", "", number) for number in _TELEPHONE.findall(_narrow(text))))


def free(text: str) -> bool:
    """Say whether a text speaks anywhere of something that costs nothing."""
    return bool(_FREE_ANYWHERE.search(text))


def _in(sentence: str) -> Iterator[Told]:
    plain = _narrow(sentence)
    if sums := _fee(plain):
        yield Told(fact="fee", values=sums, said=sentence)
    if times := _days(plain):
        yield Told(fact="days", values=times, said=sentence)
    if offices := _offices(plain):
        yield Told(fact="office", values=offices, said=sentence)
    if numbers := telephones(plain):
        yield Told(fact="tel", values=numbers, said=sentence)


def _fee(sentence: str) -> tuple[str, ...]:
    if _OTHER_FEE.search(sentence):
        return ()
    if _FEE_WORD.search(sentence) and (sums := amounts(sentence)):
        return sums
    return (FREE,) if _FREE.search(sentence) else ()


def _days(sentence: str) -> tuple[str, ...]:
    found = [clause for clause in re.split(r"[，,]", sentence) if _tells_time(clause)]
    return tuple(dict.fromkeys(value for clause in found for value in durations(clause)))


def _tells_time(clause: str) -> bool:
    if _OTHER_TIME.search(clause):
        return False
    if _TIME_WORD.search(clause):
        return True
    return any(_AFTER_TIME.search(clause[match.end() :]) for match in _DURATION.finditer(clause))


def _offices(sentence: str) -> tuple[str, ...]:
    names = (next(filter(None, groups)) for groups in _IN_CHARGE.findall(sentence))
    return tuple(dict.fromkeys(names))


def _number(text: str) -> float:
    if text[0].isdigit():
        return float(text)
    tens, ten, ones = text.partition("十")
    if not ten:
        return float(_DIGITS[text]) if len(text) == 1 else 0.0  # 七八: somewhere between
    return float(_DIGITS.get(tens, 1) * 10 + _DIGITS.get(ones, 0))


def _narrow(text: str) -> str:
    """Return the text with full-width digits narrow; punctuation of its own stays Chinese."""
    return text.translate(_NARROW)
