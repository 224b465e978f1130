"""The administrative region that the names, the code and the host of a site give away."""

import re

_PROVINCES = """
11 beijing 北京市|12 tj 天津市|13 hebei 河北省|14 shanxi 山西省|15 nmg 内蒙古自治区|21 ln 辽宁省|22 jl 吉林省|
23 hlj 黑龙江省|31 sh 上海市|32 jiangsu 江苏省|33 zj 浙江省|34 ah 安徽省|35 fujian 福建省|36 jiangxi 江西省|
37 shandong 山东省|41 henan 河南省|42 hubei 湖北省|43 hunan 湖南省|44 gd 广东省|45 gxzf 广西壮族自治区|
46 hainan 海南省|50 cq 重庆市|51 sc 四川省|52 guizhou 贵州省|53 yn 云南省|54 xizang 西藏自治区|61 shaanxi 陕西省|
62 gansu 甘肃省|63 qinghai 青海省|64 nx 宁夏回族自治区|65 xinjiang 新疆维吾尔自治区
"""
"""First two digits of GB/T 2260 codes, label of the province's domain under gov.cn, name."""
_ROWS = [row.split() for row in "".join(_PROVINCES.split("\n")).split("|")]
_BY_CODE = {code: name for code, _, name in _ROWS}
_BY_LABEL = {label: name for _, label, name in _ROWS}
_SITE_CODE = re.compile(r"(\d{2})\d{8}")
_HOST = re.compile(r"(?:^|\.)(\w+)\.gov\.cn$")
_NAME = re.compile(
    r"(?:中共|国家税务总局)?(?P<province>[\u4e00-\u9fff]{2,3}省|[\u4e00-\u9fff]{2,6}?自治区)?"
    r"(?P<city>[\u4e00-\u9fff]{2,6}?市|[\u4e00-\u9fff]{2,9}?自治州|[\u4e00-\u9fff]{2,5}?地区|[\u4e00-\u9fff]{2,5}?盟)?"
    r"(?P<county>[\u4e00-\u9fff]{1,8}?(?<![社园景校库灾军地小辖片林发验范护管贸税])区|[\u4e00-\u9fff]{1,10}?县|[\u4e00-\u9fff]{2,5}?旗)?"
)


def region(names: tuple[str, ...], site_code: str = "", host: str = "") -> str:
    """Return the region, parts from the province down joined by `/`, as deep as the first name that has one goes.

    The province comes from the name, else from the first digits of the site code, else from the host.

    >>> region(("临澜市住房公积金管理中心", "云川省临澜市人民政府"))
    '临澜市'
    >>> region(("市民政局", "广州市天河区人民政府门户网站"), site_code="4401060050")
    '广东省/广州市/天河区'
    """
    known = [parts for name in names if (parts := _parts(name))]
    parts = list(known[0]) if known else []
    for other in known[1:]:
        if other[-1] == parts[-1] and len(other) > len(parts):  # 天河区教育局, and elsewhere on the page 广州市天河区
            parts = other
    code, label = _SITE_CODE.fullmatch(site_code), _HOST.search(host.lower())
    province = (code and _BY_CODE.get(code[1])) or (label and _BY_LABEL.get(label[1])) or ""
    has_top = bool(parts) and (parts[0].endswith(("省", "自治区")) or parts[0] in _BY_CODE.values())
    if province and not has_top:
        parts.insert(0, province)
    return "/".join(parts)


def _parts(name: str) -> list[str]:
    match = _NAME.match("".join(name.split()))
    return [part for part in match.groups() if part] if match else []
