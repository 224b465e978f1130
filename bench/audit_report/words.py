"""The words of audit reports, in Chinese and English."""

from bench.report.words import Language

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("门户页面体检报告", "Audit of portal pages"),
    "lead": (
        "{documents} 个页面，{sites} 个网站；更新情况以 {as_of} 为准。",
        "{documents} pages of {sites} sites; columns as of {as_of}.",
    ),
    "corpus": ("语料", "Corpus"),
    "counts": ("各站问题数", "Findings by site"),
    "counts_note": (
        "一处问题计在后一个（与指南不同、日期不同的）页面所在的网站；副本计在可能的原件所在的网站。",
        "A contradiction counts for the site of the page that differs; copies count for that of the likely original.",
    ),
    "class": ("问题类别", "Class"),
    "total": ("合计", "Total"),
    "site": ("网站", "Site"),
    "facts": ("同一事项说法不一", "Facts told otherwise"),
    "facts_note": (
        "同一地区、同一事项：左边是办事指南的原句，右边是另一页面的原句。哪一边错，要由主管单位确认。",
        "Same region, same item: the guide's sentence on the left, another page's on the right. Which one is wrong is "
        "for the agency to say.",
    ),
    "dates": ("同一文件日期不一", "Dates that differ"),
    "dates_note": (
        "同一文件在两处发布、日期不同；左边是可能的原件。",
        "The same document with two dates; the likely original is on the left.",
    ),
    "copies": ("重复页面", "Copies"),
    "copies_note": (
        "内容相同或几乎相同的页面，每组第一个可能是原件（日期最早、未注明来源、在本单位所在网站）。",
        "Pages with the same text, or nearly; the first of each group is the likely original (earliest date, names no "
        "source, on its agency's own site).",
    ),
    "title_class": ("同站重名", "Same title on one site"),
    "title_note": (
        "同一网站上标题相同、内容不同的页面，在搜索结果里难以区分。",
        "Different pages of one site under one title: nobody can tell them apart in a list of results.",
    ),
    "stale": ("栏目久未更新", "Stale columns"),
    "stale_note": (
        "动态要闻类栏目超过 {news} 天、政策文件和通知公告类栏目超过 {policy} 天没有新页面（期限可用选项调整）。",
        "News columns without a new page for over {news} days, columns of policies and notices for over {policy}; both "
        "terms are options.",
    ),
    "dead": ("失效链接", "Dead links"),
    "dead_note": (
        "抓取时返回 404、410、5xx 或循环跳转的地址；体检本身不访问任何网站。",
        "Addresses that answered 404, 410 or 5xx to the crawl, or redirect in a circle; the audit itself asks nobody.",
    ),
    "not_crawled": (
        "没有抓取记录（pages.jsonl），未检查失效链接。",
        "There is no record of a crawl (pages.jsonl), so dead links were not looked for.",
    ),
    "meta": ("元数据缺失或不规范", "Missing or dirty metadata"),
    "meta_note": (
        "标题、日期、栏目、单位缺失，或标签内容不规范。",
        "Title, date, column or agency missing, or tags with unusable content.",
    ),
    "encoding": ("编码错误", "Wrong encodings"),
    "encoding_note": (
        "乱码，或声明的编码与实际不符。",
        "Garbled text, or a declared charset that is not the real one.",
    ),
    "none": ("没有发现。", "None found."),
    "more": (
        "只列出前 {shown} 处，共 {all} 处；全部见 audit.xlsx 和 audit.json。",
        "The first {shown} of {all}; all are in audit.xlsx and audit.json.",
    ),
    "cut": (
        "工作表只列出前 {shown} 处，其余 {left} 处见 audit.json",
        "This sheet has the first {shown} findings; {left} more are in audit.json",
    ),
    "code": ("问题", "What"),
    "subject": ("对象", "Subject"),
    "region": ("地区", "Region"),
    "detail": ("说明", "Detail"),
    "page": ("页面", "Page"),
    "first": ("页面一", "First page"),
    "second": ("页面二", "Second page"),
    "value": ("读到的值", "Value"),
    "said": ("原句", "Sentence"),
    "date": ("日期", "Date"),
    "address": ("网址", "Address"),
    "original": ("可能的原件", "likely original"),
    "newest": ("最新一页", "Newest page"),
    "days_old": ("已 {days} 天", "{days} days ago"),
    "linked": ("链接自", "Linked from"),
    "unlinked": ("（未记录）", "(not recorded)"),
    "reads": ("应为：{text}", "should read: {text}"),
    "written": ("体检结果已写入", "Written"),
    "code_fee": ("收费不一", "fee"),
    "code_days": ("时限不一", "time limit"),
    "code_office": ("办理机构不一", "agency"),
    "code_tel": ("电话不一", "telephone"),
    "code_exact": ("文字相同", "same text"),
    "code_near": ("文字相近", "nearly the same text"),
    "code_same-site": ("标题相同", "same title"),
    "code_news": ("动态要闻类", "news"),
    "code_policy": ("政策公告类", "policies and notices"),
    "code_redirect-loop": ("循环跳转", "redirect loop"),
    "code_title-missing": ("缺标题", "no title"),
    "code_pub-date-missing": ("缺日期", "no date"),
    "code_pub-date-odd": ("日期异常", "odd date"),
    "code_column-missing": ("缺栏目", "no column"),
    "code_column-null": ("栏目名为 null", "column is null"),
    "code_agency-missing": ("缺发布单位", "no agency"),
    "code_site-domain-url": ("SiteDomain 是整个网址", "SiteDomain is a URL"),
    "code_site-id-code": ("SiteIDCode 异常", "odd SiteIDCode"),
    "code_charset-wrong": ("声明的编码不符", "wrong charset declared"),
    "code_title-tag-missing": ("缺 ArticleTitle 标签", "no ArticleTitle tag"),
    "code_date-tag-missing": ("缺 PubDate 标签", "no PubDate tag"),
    "code_column-tag-missing": ("缺 ColumnName 标签", "no ColumnName tag"),
    "code_source-tag-missing": ("缺 ContentSource 标签", "no ContentSource tag"),
    "code_charset-missing": ("未声明编码", "no charset declared"),
    "code_replacement": ("有无法解码的字符", "characters lost in decoding"),
    "code_known": ("锟斤拷类乱码", "锟斤拷 and its like"),
    "code_utf8-as-gbk": ("UTF-8 误作 GBK", "UTF-8 read as GBK"),
    "code_as-latin": ("中文误作西文", "Chinese read as Latin text"),
}


class AuditWords:
    """Looks up report text by key in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._column = 0 if language == "zh" else 1

    def __call__(self, key: str, **values: object) -> str:
        """Return the text for a key with its blanks filled in."""
        return _WORDS[key][self._column].format(**values)

    def kind(self, kind: str) -> str:
        """Return the name of a class of findings."""
        return self("title_class" if kind == "title" else kind)

    def code(self, code: str) -> str:
        """Return what a code means; `http-404` and codes that others made up are shown as they are."""
        name = f"code_{code}"
        return self(name) if name in _WORDS else code.upper().replace("-", " ") if code.startswith("http-") else code
