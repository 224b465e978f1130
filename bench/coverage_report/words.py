"""The words of reports on coverage, in Chinese and English."""

from bench.report.words import Language

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("页面可查率抽查报告", "Which pages the search finds"),
    "lead": (
        "从 {corpus} 的 {pages} 个页面中分层随机抽取 {drawn} 个，用 {engine} 检索 {searches} 次（{scope}）；"
        "页面出现在前 {first} 条结果里，即为查得到。",
        "{drawn} of the {pages} pages of {corpus}, drawn at random by stratum and searched for {searches} times with "
        "{engine} ({scope}); a page is found when it is among the first {first} results.",
    ),
    "scope_site": ("站内搜索", "each on its own site"),
    "scope_all": ("一网通查", "over all sites"),
    "shares": ("可查率", "Shares found"),
    "shares_note": (
        "括号内为 95% 置信区间（Wilson）和页面数。被拦截、不支持的检索不计入；出错、超时、零结果算搜不到。"
        "红色：区间上限低于全部页面的可查率。",
        "In brackets the 95 % interval (Wilson) and the number of pages. Blocked and unsupported searches are left "
        "out; failed, late and empty ones count as not found. Red: the whole interval is below the share of all pages.",
    ),
    "any": ("任一方式", "any way"),
    "by_title": ("按标题", "by title"),
    "by_number": ("按发文字号", "by document number"),
    "by_sentence": ("按原文语句", "by a sentence of its own"),
    "all": ("全部页面", "All pages"),
    "column": ("栏目", "Column"),
    "age": ("发布时间", "Age"),
    "format": ("格式", "Format"),
    "site": ("网站", "Site"),
    "url": ("网址", "URL"),
    "page": ("页面标题", "Page"),
    "n": ("页面数", "pages"),
    "found": ("搜到", "found"),
    "share": ("可查率", "share"),
    "left_out": ("未计入", "left out"),
    "facet": ("维度", "by"),
    "value": ("取值", "value"),
    "way": ("检索方式", "searched"),
    "text": ("检索词", "searched for"),
    "result": ("结果", "result"),
    "rank": ("名次", "rank"),
    "found_as": ("作为副本搜到", "found as copy"),
    "same_title": ("同名结果名次", "same title at"),
    "detail": ("说明", "detail"),
    "missing": ("搜不到的页面", "Pages not found"),
    "missing_note": (
        "每种方式都搜不到的页面。“同名结果”是结果里标题完全相同、但网址不同的另一页面，请人工确认是否为同一页面。",
        "Pages that no way of searching found. “Same title” is a result under exactly that title and another URL: look "
        "whether it is the page.",
    ),
    "none_missing": ("没有。", "None."),
    "more": (
        "只列出前 {shown} 个，共 {all} 个；全部见 coverage.xlsx。",
        "The first {shown} of {all}; all are in coverage.xlsx.",
    ),
    "cut": (
        "只列出前 {shown} 行，其余 {left} 行见 coverage.json",
        "The first {shown} rows; {left} more are in coverage.json",
    ),
    "searches": ("全部检索", "All searches"),
    "outcomes": ("检索情况", "What became of the searches"),
    "outcome_answered": ("有结果", "answered"),
    "outcome_empty": ("零结果", "no results"),
    "outcome_failed": ("出错", "failed"),
    "outcome_timeout": ("超时", "timeout"),
    "outcome_blocked": ("被拦截", "blocked"),
    "outcome_unsupported": ("不支持", "unsupported"),
    "not_among": ("前 {first} 条没有", "not in the first {first}"),
    "at": ("第 {rank} 条", "rank {rank}"),
    "at_copy": ("第 {rank} 条（副本）", "rank {rank} (copy)"),
    "warn_left_out": (
        "{n} 次检索被拦截或不支持，不能说明页面是否查得到，未计入可查率。",
        "{n} searches were blocked or are unsupported: they say nothing about the pages and are left out.",
    ),
    "warn_partial": (
        "{n} 个回答不完整，缺了没有响应的网站的结果。",
        "{n} answers are partial, without the results of sites that did not answer.",
    ),
    "warn_unmapped": (
        "返回的 {shown} 条结果里，{unmapped} 条的网址不在语料里：可能是语料之外的页面，也可能是同一页面的另一网址。",
        "{unmapped} of {shown} results have URLs that the corpus does not hold: other pages, or the same ones under "
        "another URL.",
    ),
    "warn_silent": (
        "{n} 个抽中的页面没有可检索的内容。",
        "{n} of the pages drawn have nothing to search for.",
    ),
    "method": ("怎么查的", "How this was done"),
    "method_inspection": (
        "依据《政府网站与政务新媒体检查指标》（国办秘函〔2019〕19号）的做法：以网站已发布页面的标题检索，"
        "看首页结果（前 {first} 条）里有没有该页面。抽样数量由本次设置决定，不是官方检查的数量，也不折算扣分。",
        "As the inspection of government websites does (国办秘函〔2019〕19号): titles of published pages are searched "
        "for, and the first page of results (the first {first}) must show them. The number of pages is this audit's "
        "own, not the inspection's, and no points are deducted.",
    ),
    "method_sample": (
        "栏目、发布时间、格式按比例抽样，种子 {seed}；每个页面被抽中的机会相同。发布时间算到 {as_of}。",
        "Every column, age and format has its share of the sample, seed {seed}; every page has the same chance. Ages "
        "count to {as_of}.",
    ),
    "method_copies": (
        "语料里标明的副本出现即算搜到；仅仅同名的其他页面不算。",
        "A copy that the corpus names stands for the page; another page of the same title does not.",
    ),
    "method_live": (
        "{engine} 是线上服务，用自己的索引作答；结果按规范网址与语料中的页面对应。搜不到的页面可能从未被收录。",
        "{engine} is a live service with an index of its own; its results are mapped to pages by canonical URL. What "
        "it does not find may never have been indexed.",
    ),
    "setup": ("检索配置", "Set-up"),
    "age_under 1 year": ("1 年以内", "under 1 year"),
    "age_1-3 years": ("1–3 年", "1-3 years"),
    "age_3 years and over": ("3 年及以上", "3 years and over"),
    "age_undated": ("无日期", "undated"),
    "no_column": ("（无栏目）", "(none)"),
    "written": ("注", "Note"),
}


class CoverageWords:
    """Looks up report text by key in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._column = 0 if language == "zh" else 1

    def __call__(self, key: str, **values: object) -> str:
        """Return the text for a key with its blanks filled in."""
        return _WORDS[key][self._column].format(**values)

    def probe(self, kind: str) -> str:
        """Return what a kind of search is called, `any` among them."""
        return self(kind if kind == "any" else f"by_{kind}")

    def value(self, facet: str, value: str) -> str:
        """Return a facet's value as a reader knows it."""
        if facet == "all":
            return self("all")
        if facet == "column" and value == "(none)":
            return self("no_column")
        return self(f"age_{value}") if facet == "age" else value
