"""The addresses that are still to fetch, for several crawlers: on a Redis or Valkey server.

Every step is one script, so that it happens whole or not at all. What a crawler takes is leased: one that dies gives
its addresses back when the lease ends. The delay between two requests to a host is kept on the server, too, so it
holds for all crawlers together.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import redis

from corpora.crawl.frontier import Refused
from corpora.crawl.limits import patterns
from corpora.crawl.plan import Entry, Plan
from corpora.errors import CrawlError

_LEASE_S = 120.0
_RENEW_S = 30.0

# Keys: turn, hosts (set of hosts with waiting addresses), wait:HOST (sorted by depth), known (key → packed entry),
# later (sorted by time: retries), lease (sorted by end), patterns, next (host → time), done.
_BEGIN = """
local turn = tonumber(redis.call('GET', KEYS[1] .. 'turn') or '0')
local open = redis.call('ZCARD', KEYS[1] .. 'later') + redis.call('ZCARD', KEYS[1] .. 'lease')
    + redis.call('SCARD', KEYS[1] .. 'hosts')
if turn == 0 or (ARGV[2] == '1' and turn <= tonumber(ARGV[1]) and open == 0) then
    turn = turn + 1
    for _, name in ipairs({'known', 'patterns', 'next', 'done'}) do redis.call('DEL', KEYS[1] .. name) end
    redis.call('SET', KEYS[1] .. 'turn', turn)
end
return turn
"""
_ADD = """
if redis.call('HEXISTS', KEYS[1] .. 'known', ARGV[1]) == 1 then return 0 end
for i = 5, #ARGV, 2 do
    local most = tonumber(ARGV[i + 1])
    if most > 0 and tonumber(redis.call('HGET', KEYS[1] .. 'patterns', ARGV[i]) or '0') >= most then
        return (i - 3) / 2
    end
end
for i = 5, #ARGV, 2 do redis.call('HINCRBY', KEYS[1] .. 'patterns', ARGV[i], 1) end
redis.call('HSET', KEYS[1] .. 'known', ARGV[1], ARGV[4])
redis.call('ZADD', KEYS[1] .. 'wait:' .. ARGV[2], ARGV[3], ARGV[1])
redis.call('SADD', KEYS[1] .. 'hosts', ARGV[2])
return 0
"""
_TAKE = """
local now, lease, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
for _, set in ipairs({'later', 'lease'}) do
    for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1] .. set, '-inf', now, 'LIMIT', 0, 100)) do
        local packed = redis.call('HGET', KEYS[1] .. 'known', key)
        local entry = cmsgpack.unpack(packed)
        redis.call('ZADD', KEYS[1] .. 'wait:' .. entry.host, entry.depth or 0, key)
        redis.call('SADD', KEYS[1] .. 'hosts', entry.host)
        redis.call('ZREM', KEYS[1] .. set, key)
    end
end
if most > 0 and redis.call('SCARD', KEYS[1] .. 'done') + redis.call('ZCARD', KEYS[1] .. 'lease') >= most then
    return nil
end
local busy, delay = cjson.decode(ARGV[4]), cjson.decode(ARGV[5])
local best, best_at
for _, host in ipairs(redis.call('SMEMBERS', KEYS[1] .. 'hosts')) do
    if (busy[host] or 0) < tonumber(ARGV[6]) then
        local at = tonumber(redis.call('HGET', KEYS[1] .. 'next', host) or '0')
        if not best or at < best_at then best, best_at = host, at end
    end
end
if not best then return nil end
local key = redis.call('ZPOPMIN', KEYS[1] .. 'wait:' .. best)[1]
if redis.call('ZCARD', KEYS[1] .. 'wait:' .. best) == 0 then redis.call('SREM', KEYS[1] .. 'hosts', best) end
local at = math.max(now, best_at)
redis.call('HSET', KEYS[1] .. 'next', best, tostring(at + (delay[best] or tonumber(ARGV[7]))))
redis.call('ZADD', KEYS[1] .. 'lease', at + lease, key)
return {redis.call('HGET', KEYS[1] .. 'known', key), tostring(at - now)}
"""


class SharedFrontier:
    """A frontier that several crawlers take from, each address by one of them."""

    joins = False

    def __init__(
        self, plan: Plan, delay_of: Callable[[str], float] | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._plan = plan
        self._clock = clock
        self.delay_of = delay_of
        """Seconds between two requests to a host, as this crawler knows them; its robots.txt may ask for more."""
        self._name = f"tongcha:{plan.job}:"
        self._mine: set[str] = set()
        self._renewed = 0.0
        try:
            # The server's scripts read what msgspec packs; text stays text.
            self._server: Any = redis.Redis.from_url(plan.frontier, socket_timeout=30)
            self._server.ping()
        except (redis.RedisError, ValueError, OSError) as problem:
            where = plan.frontier.rpartition("@")[2]  # without a password
            raise CrawlError(f"frontier {where!r} cannot be used ({problem}): start it, or correct it") from problem
        self._begin = self._server.register_script(_BEGIN)
        self._add = self._server.register_script(_ADD)
        self._take = self._server.register_script(_TAKE)

    def begin(self, turn: int, finished: bool) -> int:
        """Return the turn of the shared crawl; the first crawler that has finished it and comes again begins the next.

        A crawler that joins late, or was killed, takes part in the turn that is under way.
        """
        return int(self._begin(keys=[self._name], args=[turn, int(finished)]))

    def add(self, entries: Iterable[Entry]) -> Refused:
        """Take in addresses that were not seen yet; return those beyond a limit with the reason."""
        pipe = self._server.pipeline(transaction=False)
        asked = []
        for entry in entries:
            counted = patterns(entry, self._plan)
            limits = [value for name, most, _ in counted for value in (name, most)]
            packed = msgspec.msgpack.encode(entry)
            self._add(keys=[self._name], args=[entry.key, entry.host, entry.depth, packed, *limits], client=pipe)
            asked.append((entry, counted))
        if not asked:
            return []
        answers = pipe.execute()
        return [
            (entry, counted[int(answer) - 1][2])
            for (entry, counted), answer in zip(asked, answers, strict=True)
            if answer
        ]

    def take(self, busy: Mapping[str, int]) -> tuple[Entry, float] | None:
        """Return the next address and how many seconds to wait with it."""
        self._renew()
        delays = {host: self.delay_of(host) for host in busy} if self.delay_of else {}
        found = self._take(
            keys=[self._name],
            args=[
                self._clock(),
                _LEASE_S,
                self._plan.max_pages,
                msgspec.json.encode(dict(busy)),
                msgspec.json.encode(delays),
                self._plan.per_host,
                self._plan.delay_s,
            ],
        )
        if found is None:
            return None
        entry = msgspec.msgpack.decode(found[0], type=Entry)
        self._mine.add(entry.key)
        return entry, float(found[1])

    def finish(self, entry: Entry, found: Sequence[Entry]) -> Refused:
        """Strike off an address, after taking in what it led to: a crawl with leads left must not look finished."""
        refused = self.add(found)
        pipe = self._server.pipeline()
        pipe.zrem(self._name + "lease", entry.key)
        pipe.sadd(self._name + "done", entry.key)
        pipe.execute()
        self._mine.discard(entry.key)
        return refused

    def retry(self, entry: Entry, delay_s: float) -> None:
        """Put an address back for later."""
        pipe = self._server.pipeline()
        pipe.hset(self._name + "known", entry.key, msgspec.msgpack.encode(entry))
        pipe.zadd(self._name + "later", {entry.key: self._clock() + delay_s})
        pipe.zrem(self._name + "lease", entry.key)
        pipe.execute()
        self._mine.discard(entry.key)

    def counts(self) -> tuple[int, int]:
        """Return how many addresses wait or are under way at any crawler, and how many are finished."""
        pipe = self._server.pipeline()
        pipe.hlen(self._name + "known")
        pipe.scard(self._name + "done")
        pipe.zcard(self._name + "lease")
        known, done, leased = pipe.execute()
        if self._plan.max_pages and done + leased >= self._plan.max_pages:
            return int(leased), int(done)
        return int(known - done), int(done)

    def close(self) -> None:
        """Give back what this crawler has not finished."""
        pipe = self._server.pipeline()
        for key in self._mine:
            pipe.zadd(self._name + "later", {key: 0})
            pipe.zrem(self._name + "lease", key)
        pipe.execute()
        self._server.close()

    def _renew(self) -> None:
        now = self._clock()
        if now - self._renewed >= _RENEW_S and self._mine:
            self._server.zadd(self._name + "lease", dict.fromkeys(self._mine, now + _LEASE_S), xx=True)
            self._renewed = now
