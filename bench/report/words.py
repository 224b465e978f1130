"""The words of reports, in Chinese and English."""

from typing import Literal

Language = Literal["zh", "en"]

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("政务搜索评测报告", "Portal search report"),
    "lead": (
        "{queries} 条带标注的公众查询，{documents} 篇文档，{engines} 个搜索配置。",
        "{queries} judged citizen queries, {documents} documents, {engines} search set-ups.",
    ),
    "lead_perturbed": ("另有改写的查询 {perturbed} 条。", "{perturbed} perturbed queries besides."),
    "headlines": ("找得到、找得快、找得准", "Found, Fast, Accurate"),
    "headlines_note": (
        "每项 0–100 分，越高越好；横线为 95% 置信区间。三项分开报告，不合成总分。",
        "Each 0-100, higher is better; lines are 95 % confidence intervals. There is no blended total.",
    ),
    "found": ("找得到", "Found"),
    "fast": ("找得快", "Fast"),
    "accurate": ("找得准", "Accurate"),
    "found_means": ("前 10 条里有相关结果的查询占比", "queries with a relevant result in the first ten"),
    "fast_means": (
        "{reach:g} 秒内看到第一条有用结果的查询占比（读一条摘要按 {read:g} 秒计）",
        "queries whose first useful result is reached within {reach:g} s, reading {read:g} s a summary",
    ),
    "accurate_means": ("nDCG@10 × 100", "nDCG@10 × 100"),
    "engine": ("搜索配置", "Engine"),
    "withheld": ("暂不公布", "withheld"),
    "thinly_judged": (
        "前 10 条结果里有标注的只占 {value:.2f}，不足 {limit:.2f}，三项得分暂不公布",
        "headlines withheld: only {value:.2f} of the results in its first ten are judged, less than {limit:.2f}",
    ),
    "unevenly_judged": (
        "各配置有标注的比例相差 {value:.2f}，超过 {limit:.2f}，三项得分暂不公布",
        "headlines withheld: engines differ by {value:.2f} in how much of their results is judged, "
        "more than {limit:.2f}",
    ),
    "problem": ("{engine}：未完成，{problem}", "{engine}: not completed, {problem}"),
    "own_index": (
        "{engine} 是线上服务，用自己的索引作答，不与文档集上的配置排名；返回 {shown} 条结果，"
        "其中 {unmapped} 条不在文档集里，{elsewhere} 条不属于所查站点。",
        "{engine} is a service with an index of its own and is not ranked with engines over the corpus: of its {shown} "
        "results, {unmapped} are not in the corpus and {elsewhere} are of another site than was asked.",
    ),
    "partial": (
        "{engine}：{n} 个回答不完整（共 {all} 个），缺了没有响应的网站的结果",
        "{engine}: {n} of {all} answers are partial, without the results of sites that did not answer",
    ),
    "tied": ("统计上并列", "Statistically tied"),
    "tied_note": (
        "同组之内没有显著差异（Fisher 随机化检验，Holm 校正，α = 0.05）；组与组可以重叠。",
        "No significant difference within a group (Fisher randomisation, Holm over all pairs, α = .05); "
        "groups may overlap.",
    ),
    "power": (
        "本次 {n} 条查询；差 0.10 需 {n10} 条才能可靠发现，差 0.05 需 {n05} 条，差 0.03 需 {n03} 条"
        "（逐查询差的标准差按 0.30，检验效能 0.8）。",
        "{n} queries here; finding a difference of .10 needs {n10}, .05 needs {n05}, .03 needs {n03} "
        "(per-query SD .30, α .05, power .8).",
    ),
    "numbers": ("全部数字", "All numbers"),
    "index_s": ("建库秒数", "Index s"),
    "index_size": ("索引大小", "Index size"),
    "memory": ("峰值内存", "Peak memory"),
    "reused": (
        "* 沿用缓存里的索引，数字是当初建库时测得的。",
        "* index reused from the cache; figures are from its build.",
    ),
    "causes": ("没找到，各是什么原因", "Why answers were missed"),
    "outcomes": ("全部查询的回答情况", "What became of all queries"),
    "outcomes_note": (
        "含改写的查询；不完整的回答按返回的结果计分。",
        "Perturbed queries among them; partial answers are scored by what they hold.",
    ),
    "outcome_answered": ("有结果", "answered"),
    "outcome_empty": ("零结果", "no results"),
    "outcome_unsupported": ("不支持", "unsupported"),
    "outcome_failed": ("出错", "failed"),
    "outcome_timeout": ("超时", "timeout"),
    "outcome_blocked": ("被拦截", "blocked"),
    "outcome_partial": ("其中不完整", "partial, of those answered"),
    "cause_found": ("找到", "found"),
    "cause_zero_result": ("零结果", "no results"),
    "cause_failed": ("出错", "failed"),
    "cause_timeout": ("超时", "timeout"),
    "cause_blocked": ("被拦截", "blocked"),
    "cause_unsupported": ("不支持", "unsupported"),
    "cause_not_indexed": ("未收录", "not indexed"),
    "cause_wrong_version_only": ("只见外地版或废止版", "only wrong region or outdated"),
    "cause_ranked_below_10": ("排在 10 名之后", "ranked below 10"),
    "cause_not_returned": ("前 {k} 条都没有", "not in the first {k}"),
    "speed": ("速度", "Speed"),
    "speed_note": (
        "延迟从计划发出的时刻算起。样本不够时不给高分位数（p99 至少 100 条）。",
        "Latency counts from the scheduled start. Percentiles are given only where the sample supports them "
        "(p99 needs 100 answers).",
    ),
    "useful_rank": ("首条有用结果的名次（中位数）", "median rank of first useful"),
    "measures": ("各项指标", "Measures"),
    "top10": ("前 10 条的成色", "What the first ten hold"),
    "judged@10": ("结果中有标注的", "judged of results"),
    "wrong_region@10": ("外地版@10", "wrong region@10"),
    "outdated@10": ("已废止@10", "outdated@10"),
    "duplicates@10": ("重复@10", "duplicates@10"),
    "slices": ("分项得分", "By kind of query"),
    "slices_note": (
        "每格三项依次为找得到、找得快、找得准。不足 60 条查询的取值合并为“其他”，合并后仍不足的不列。",
        "Cells give Found, Fast, Accurate. Values with under 60 queries share a row, if together they reach 60.",
    ),
    "told_apart": ("可辨差距", "told apart"),
    "others": ("其他（{n} 项合并）", "others ({n} joined)"),
    "difference_points": ("两引擎相差（分）", "difference between two engines (points)"),
    "queries_needed": ("所需查询数", "queries needed"),
    "power_note": (
        "“可辨差距”是该分项的查询数以 0.8 的检验效能能够发现的最小分差（0-100 分）；下表反过来列出各分差所需的查询数"
        "（逐查询差的标准差按 0.30，α = 0.05）。",
        "“Told apart” is the smallest difference (0-100) that a slice's queries find with power .8; the table tells "
        "how many queries a difference needs (per-query SD .30, α .05).",
    ),
    "facet_intent": ("意图", "intent"),
    "facet_audience": ("对象", "audience"),
    "facet_theme": ("主题", "theme"),
    "facet_region": ("地区", "region"),
    "facet_scope": ("范围", "scope"),
    "variant": ("写法", "variant"),
    "pairs_of": ("对", "pairs"),
    "variants": ("换个写法，掉多少分", "What other spellings and words cost"),
    "variants_note": (
        "错别字、拼音、口语等改写的查询，逐对减去原查询的得分；不计入其他各项。",
        "Perturbed queries minus their clean parents, pair by pair; they enter no other score.",
    ),
    "queries": ("查询", "queries"),
    "documents": ("文档", "documents"),
    "hardest": ("最难的查询", "Hardest queries"),
    "hardest_note": (
        "各配置 nDCG@10 平均最低的查询；数字是第一条有用结果的名次，– 为没有。",
        "Lowest mean nDCG@10 over the engines; numbers are the rank of the first useful result, – for none.",
    ),
    "query": ("查询", "query"),
    "expected": ("应找到", "expected"),
    "pairs": ("两两比较", "Pairwise comparisons"),
    "difference": ("差", "difference"),
    "method": ("怎么测的", "How this was measured"),
    "method_gain": (
        "nDCG 与 trec_eval 一致：增益取等级本身，折损取 log2(名次+1)，理想排序取该查询的全部标注。"
        "出错、超时、零结果记 0 分；未标注按不相关算。",
        "nDCG is trec_eval's: gain is the grade, discount log2(rank + 1), the ideal ranking is over all judged "
        "documents of the query. Failed, timed-out and empty answers score 0; unjudged counts as not relevant.",
    ),
    "method_grades": (
        "相关：等级 ≥ {relevant}；有用：等级 ≥ {useful}。",
        "Relevant: grade ≥ {relevant}; useful: grade ≥ {useful}.",
    ),
    "method_pooled": (
        "标注里有“不相关”：前 10 条结果中有标注的不足 {low:.2f}，或各配置相差超过 {gap:.2f} 时，不公布分数。",
        "Judgments include non-relevant documents: headlines are withheld where fewer than {low:.2f} of the results "
        "in the first ten are judged, or engines differ by more than {gap:.2f} in that.",
    ),
    "method_copies_once": (
        "语料标明有 {n} 组内容相同的页面：返回其中任何一页都算找到，同一回答里重复出现的不再计分。",
        "The corpus names {n} groups of pages that say the same: any of them counts, a second one in an "
        "answer does not count again.",
    ),
    "method_copies_each": (
        "语料标明有 {n} 组内容相同的页面，本次按设置逐页分别计分。",
        "The corpus names {n} groups of pages that say the same; as set, each page counted for itself.",
    ),
    "method_known_item": (
        "标注里没有“不相关”（已知条目集）：有标注的比例只列出，不据此扣发分数。",
        "No document is judged not relevant (a known-item set): the judged share is shown, nothing is withheld for it.",
    ),
    "method_replay": (
        "每次取 {k} 条结果，超时 {timeout:g} 秒，预热 {warmup} 条查询（不计入）；{loop}。每个配置在独立进程里运行。",
        "{k} results asked for, timeout {timeout:g} s, {warmup} warm-up queries not counted; {loop}. "
        "Each engine runs in a process of its own.",
    ),
    "loop_closed": ("一条答完再发下一条", "each query waits for the answer before"),
    "loop_open": ("每秒 {rate:g} 条按时刻表发出", "{rate:g} queries a second on a timetable"),
    "method_interval": (
        "95% 置信区间：按查询自助抽样 {resamples} 次，种子 {seed}。",
        "95 % confidence intervals: bootstrap over queries, {resamples} resamples, seed {seed}.",
    ),
    "unjudged": ("另有 {n} 条查询没有标注，未参加。", "{n} more queries have no judgments and were not replayed."),
    "setups": ("各配置的分词、字段与排序", "Set-ups: tokenizer, fields, ranking"),
    "identity": ("数据与环境", "Data and machine"),
    "corpus": ("语料", "corpus"),
    "query_set": ("查询集", "query set"),
    "judgments": ("标注", "judgments"),
    "machine": ("机器", "machine"),
    "versions": ("版本", "versions"),
    "made": ("{when} 开始测量。", "Measured from {when} on."),
    "sheet_causes": ("未找到原因", "Causes"),
    "sheet_slices": ("分项得分", "Slices"),
    "sheet_variants": ("改写", "Variants"),
    "sheet_pairs": ("两两比较", "Pairs"),
    "sheet_hardest": ("最难的查询", "Hardest"),
    "facet": ("维度", "facet"),
    "value": ("取值", "value"),
    "headline": ("得分", "headline"),
    "note": ("备注", "note"),
    "unfinished": ("本次运行尚未完成，数字不全。", "This run is not finished; the numbers are incomplete."),
}


_VALUES: dict[str, str] = {
    "service": "办事",
    "policy": "政策",
    "known-item": "已知条目",
    "organisation": "机构",
    "news": "新闻",
    "data": "数据",
    "question": "咨询",
    "natural-person": "自然人",
    "legal-person": "法人",
    "both": "两者",
    "all": "一网通查",
    "typo": "错别字",
    "pinyin": "拼音",
    "colloquial": "口语",
}
"""Facet values of the house in Chinese; a set's own values are shown as they are."""


class Words:
    """Looks up report text by key in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._column = 0 if language == "zh" else 1

    def __call__(self, key: str, **values: object) -> str:
        """Return the text for a key with its blanks filled in."""
        return _WORDS[key][self._column].format(**values)

    def value(self, value: str) -> str:
        """Return a facet value as a reader of this language knows it."""
        return _VALUES.get(value, value) if self.language == "zh" else value
