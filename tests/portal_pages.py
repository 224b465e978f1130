"""Fictional portal pages in the layouts that real portals have, for the tests of extraction."""

TITLE = "临澜市人民政府办公室关于印发临澜市灵活就业人员缴存住房公积金办法的通知"
SITE = "临澜市人民政府门户网站"
URL = "https://www.linlan.gov.example/zwgk/zcwj/content/post_20871.html"

ARTICLE = (
    "各区县人民政府，市政府各部门：",
    "《临澜市灵活就业人员缴存住房公积金办法》已经市政府第12次常务会议通过，现印发给你们，请认真贯彻执行。",
    "第一条 本办法所称灵活就业人员，是指在本市以个体经营、非全日制或者新业态方式就业、年满十六周岁的人员。",
    "第二条 灵活就业人员可以在市住房公积金管理中心的窗口或者网上办事大厅开立账户，按月缴存，并签订缴存协议。",
    "第三条 缴存满六个月后，可以申请提取账户余额支付房租，或者申请住房公积金个人住房贷款，额度按余额的倍数确定。",
    "第四条 本办法自2025年7月1日起施行，有效期3年。"
    "《临澜市个体工商户缴存住房公积金暂行办法》（临政办规〔2019〕6号）同时废止。",
)
SIGNED = ("临澜市人民政府办公室", "2025年6月18日")
NUMBER = "临政办规〔2025〕9号"
MENU = "".join(
    f'<li><a href="/lm{n}/index.html">{name}</a></li>'
    for n, name in enumerate(("首页", "政务公开", "办事服务", "互动交流", "走进临澜", "数据发布"))
)
RELATED = "".join(
    f'<li><a href="/zcjd/{n}.html">一图读懂临澜市住房公积金缴存提取新政策第{n}期</a><span>2025-06-2{n}</span></li>'
    for n in range(4)
)
FOOTER = (
    "<p>主办单位：临澜市人民政府办公室 承办单位：临澜市大数据局，网站标识码：9901000001</p>"
    "<p>版权所有：临澜市人民政府，未经许可，不得转载。澜ICP备20250001号</p>"
)


def tags(**changes: str | None) -> str:
    """Return the standard tags, some of them changed or, for None, left out."""
    values: dict[str, str | None] = {
        "SiteName": SITE,
        "SiteDomain": "www.linlan.gov.example",
        "SiteIDCode": "9901000001",
        "ColumnName": "规范性文件",
        "ColumnType": "政策文件",
        "ArticleTitle": TITLE,
        "PubDate": "2025-06-20 09:30",
        "ContentSource": "临澜市人民政府办公室",
        "Url": URL,
    }
    values.update(changes)
    return "".join(f'<meta name="{name}" content="{value}">' for name, value in values.items() if value is not None)


def paragraphs(lines: tuple[str, ...] = (NUMBER, *ARTICLE, *SIGNED)) -> str:
    """Return an article as an editor saves it."""
    return "".join(f'<p style="text-indent:2em"><span>&nbsp;&nbsp;{line}</span></p>' for line in lines)


def plain(head: str = "", charset: str = "utf-8", article: str = "", title: str = f"{TITLE} - {SITE}") -> str:
    """Return a page of divs with speaking names: breadcrumbs, title, stamps, article, related pages, footer."""
    return (
        f'<!DOCTYPE html><html><head><meta charset="{charset}"><title>{title}</title>{head}'
        "<script>var title = '不是标题，也不是正文，只是脚本里的一句话。';</script></head><body>"
        f'<div class="header"><ul class="nav">{MENU}</ul></div>'
        '<div class="wrap"><div class="crumb">您当前的位置：<a href="/">首页</a> &gt; '
        '<a href="/zwgk/">政务公开</a> &gt; <a href="/zwgk/zcwj/">规范性文件</a> &gt; 正文</div>'
        f'<div class="box"><h1 class="tit">{TITLE}</h1>'
        '<div class="info"><span>发布时间：<b>2025-06-20 09:30</b></span> <span>来源：临澜市人民政府办公室</span> '
        "<span>浏览次数：<i>-</i></span> "
        '<span>字体：[<a href="javascript:f(1)">大</a> <a href="javascript:f(2)">中</a>]</span></div>'
        f'<div class="TRS_Editor" id="zoom">{article or paragraphs()}</div>'
        '<p><a href="./P020250620001.docx">附件：灵活就业人员缴存申请表</a></p>'
        '<div class="share">分享到：微信，微博，扫一扫在手机打开当前页</div></div>'
        f'<div class="xgwd"><h3>相关解读</h3><ul>{RELATED}</ul></div></div>'
        f'<div class="footer">{FOOTER}</div></body></html>'
    )


def nameless(title: str = f"{TITLE}_{SITE}") -> str:
    """Return a page of layout tables without ids, classes or tags, as the oldest portals write."""
    return (
        f"<html><head><title>{title}</title></head><body><table><tr><td><table><tr>"
        + "".join(
            f"<td><a href=/l{n}.htm>{name}</a></td>"
            for n, name in enumerate(("首页", "政务公开", "办事服务", "互动交流"))
        )
        + "</tr></table></td></tr><tr><td>当前位置：<a href=/>首页</a> &gt;&gt; <a href=/zcwj>规范性文件</a></td></tr>"
        f"<tr><td align=center><font size=5><b>{TITLE}</b></font></td></tr>"
        "<tr><td align=center>来源：临澜市人民政府办公室 日期：2025年6月20日 "
        "点击：<script>hits()</script> 【打印】【关闭】</td></tr>"
        f"<tr><td>{paragraphs()}</td></tr>"
        f"<tr><td>{FOOTER}</td></tr></table></body></html>"
    )


def disclosure() -> str:
    """Return a page of a disclosure catalogue: a table of facts above the text, without tags."""
    return (
        f"<html><head><meta charset=utf-8><title>{TITLE[:20]}...</title></head><body>"
        f'<div class="top"><ul>{MENU}</ul></div><div class="xxgk"><table class="headInfo">'
        f"<tr><td>索 引 号：</td><td>990100/2025-00217</td><td>发文机关：</td><td>临澜市人民政府办公室</td></tr>"
        f"<tr><td>名　　称：</td><td colspan=3>{TITLE}</td></tr>"
        f"<tr><td>文　　号：</td><td>临政办规﹝2025﹞ 9 号</td><td>成文日期：</td><td>2025-06-18</td></tr>"
        "<tr><td>发布日期：</td><td>2025-06-20</td><td>实施日期：</td><td>2025-07-01</td></tr>"
        "<tr><td>有效性：</td><td>有效</td><td>失效日期：</td><td>2028-07-01</td></tr></table>"
        f'<h2 class="xxgk-title">{TITLE}</h2><div class="article-con">{paragraphs((*ARTICLE, *SIGNED))}</div></div>'
        f'<div class="bottom">{FOOTER}</div></body></html>'
    )


def listing() -> str:
    """Return a page that lists others."""
    entries = "".join(
        f'<li><a href="./t202506{n:02}_{n}.html" title="x">'
        f"关于公布临澜市第{n}批住房公积金缴存单位名单的公告</a><span>2025-06-{n:02}</span></li>"
        for n in range(1, 21)
    )
    head = tags(ArticleTitle=None, PubDate=None, ContentSource=None, ColumnName="通知公告")
    return (
        f'<html><head><meta charset="utf-8"><title>通知公告-{SITE}</title>{head}'
        f'</head><body><ul class="nav">{MENU}</ul><div class="list"><ul>{entries}</ul></div>'
        f'<div class="pages">共20页，当前第1页</div><div class="footer">{FOOTER}</div></body></html>'
    )
