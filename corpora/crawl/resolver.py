"""Name resolution that keeps a crawler out of private networks: the addresses it returns are those connected to."""

from collections.abc import Sequence
from typing import Any

from scrapy.resolver import CachingHostnameResolver
from twisted.internet.interfaces import IAddress, IHostResolution, IResolutionReceiver
from zope.interface import implementer

from corpora.crawl.addresses import is_public

ALLOW_PRIVATE = "TONGCHA_ALLOW_PRIVATE"


class GuardedResolver(CachingHostnameResolver):
    """Passes on public addresses only, for names and for addresses written out, IPv4 and IPv6.

    Every connection of the crawler asks it, those after a redirect too, and connects to what it answers: a name that
    resolves otherwise a moment later changes nothing.
    """

    withheld: dict[str, str]
    """Host name → the private address that it led to."""
    allow_private = False

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> "GuardedResolver":
        """Make the resolver with the settings of a crawler process."""
        made = super().from_crawler(crawler, reactor)
        made.withheld = {}
        made.allow_private = crawler.settings.getbool(ALLOW_PRIVATE)
        return made

    def resolveHostName(  # noqa: N802 - Twisted's name
        self,
        resolutionReceiver: Any,  # noqa: N803 - Twisted's name
        hostName: str,  # noqa: N803 - Twisted's name
        portNumber: int = 0,  # noqa: N803 - Twisted's name
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803 - Twisted's name
        transportSemantics: str = "TCP",  # noqa: N803 - Twisted's name
    ) -> IHostResolution:
        """Resolve a name, leaving out what is not public."""
        receiver: Any = (
            resolutionReceiver if self.allow_private else _Guard(resolutionReceiver, hostName, self.withheld)
        )
        return super().resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)


@implementer(IResolutionReceiver)
class _Guard:
    def __init__(self, receiver: Any, host: str, withheld: dict[str, str]) -> None:
        self._receiver = receiver
        self._host = host
        self._withheld = withheld

    def resolutionBegan(self, resolution: Any) -> None:  # noqa: N802 - Twisted's name
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:  # noqa: N802 - Twisted's name
        if is_public(address.host):
            self._receiver.addressResolved(address)
        else:
            self._withheld[self._host] = address.host

    def resolutionComplete(self) -> None:  # noqa: N802 - Twisted's name
        self._receiver.resolutionComplete()
