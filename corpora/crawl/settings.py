"""The Scrapy settings of a crawl."""

from pathlib import Path
from typing import Any

from corpora.crawl.plan import PRODUCT, Plan
from corpora.crawl.resolver import ALLOW_PRIVATE

_CONCURRENT = 16


def settings(plan: Plan, folder: Path) -> dict[str, Any]:
    """Return the settings; what Scrapy does besides fetching is turned off where the crawl does it itself."""
    here = "corpora.crawl"
    return {
        "AUTOTHROTTLE_ENABLED": plan.delay_s > 0,  # without a delay wanted, the site is one's own
        "AUTOTHROTTLE_MAX_DELAY": 60.0,
        "AUTOTHROTTLE_START_DELAY": plan.delay_s,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": float(plan.per_host),
        "BOT_NAME": PRODUCT,
        "CONCURRENT_REQUESTS": _CONCURRENT,
        "CONCURRENT_REQUESTS_PER_DOMAIN": plan.per_host,
        "COOKIES_ENABLED": False,  # the same answer for everyone, and after a resume
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5",
        },
        "DOWNLOADER_MIDDLEWARES": {f"{here}.spider.Manners": 100},
        "DOWNLOAD_DELAY": plan.delay_s,
        "DOWNLOAD_DELAY_JITTER": 0.0,  # a delay that robots.txt asks for is a least one
        "DOWNLOAD_MAXSIZE": plan.max_bytes,
        "DOWNLOAD_TIMEOUT": plan.timeout_s,
        "DOWNLOAD_WARNSIZE": 0,
        "HTTPERROR_ALLOW_ALL": True,
        "HTTPPROXY_ENABLED": False,  # behind a proxy, the check of addresses would look at the proxy's
        "LOG_FILE": str(folder / "crawl.log"),
        "LOG_LEVEL": "INFO",
        "METAREFRESH_ENABLED": False,
        "REDIRECT_ENABLED": False,
        "REFERER_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "RETRY_ENABLED": False,
        "ROBOTSTXT_OBEY": False,  # Manners does: with RFC 9309 on errors, Crawl-delay and sitemaps
        "SCHEDULER": f"{here}.spider.FrontierScheduler",
        "TELNETCONSOLE_ENABLED": False,
        "TWISTED_DNS_RESOLVER": f"{here}.resolver.GuardedResolver",
        "USER_AGENT": plan.user_agent,
        ALLOW_PRIVATE: plan.allow_private,
    }
