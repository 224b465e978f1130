"""Loading an index of OpenSearch: documents in bulk requests, then copies of the shards."""

from collections.abc import Iterable, Iterator
from typing import Any

from opensearchpy import helpers

_ATTEMPTS_WHEN_BUSY = 8
_CREATED_BEFORE = 409


def load(
    client: Any, index: str, entries: Iterable[tuple[str, dict[str, Any]]], *, documents: int, size: int
) -> tuple[int, list[str]]:
    """Send the entries, (id of a document, what to store), in requests of at most so many `documents` and bytes.

    Returns how many there were and what the server said of each that it refused; the first request with such a one is
    the last. A busy server is asked again after a while. The number of an entry is its id on the server, so that one
    which is sent again, because an answer was lost, is stored once.
    """
    refused: list[str] = []
    on_their_way: dict[str, str] = {}
    count = 0

    def actions() -> Iterator[dict[str, Any]]:
        nonlocal count
        for doc_id, entry in entries:
            if refused:
                return
            on_their_way[str(count)] = doc_id
            yield {"_op_type": "create", "_id": str(count), "_source": entry}
            count += 1

    for done, told in helpers.streaming_bulk(
        client,
        actions(),
        index=index,
        chunk_size=documents,
        max_chunk_bytes=size,
        raise_on_error=False,
        max_retries=_ATTEMPTS_WHEN_BUSY,
        initial_backoff=1,
        max_backoff=30,
    ):
        item = told["create"]
        doc_id = on_their_way.pop(item["_id"])
        if not done and item["status"] != _CREATED_BEFORE:
            refused.append(f"{doc_id} ({_reason(item)})")
    return count, refused


def searchable(client: Any, index: str) -> int:
    """Make all that was loaded searchable, keep it on disk, and return how many documents that is."""
    client.indices.refresh(index=index)
    client.indices.flush(index=index)
    return int(client.count(index=index)["count"])


def copy_shards(client: Any, index: str, replicas: int, wait_s: float) -> str:
    """Copy each shard so often and wait until every copy is there that the nodes can hold.

    Returns the index's status if it is not what it should be when nothing moves any longer; empty when it is.
    """
    lasting = {"index": {"refresh_interval": None, "number_of_replicas": replicas}}
    client.indices.put_settings(index=index, body=lasting)
    health = client.cluster.health(index=index)
    wanted = "green" if health["number_of_data_nodes"] > replicas else "yellow"
    while health["status"] not in (wanted, "green") or health["initializing_shards"]:
        copying = health["initializing_shards"]
        health = client.cluster.health(  # answers after 30 s at the latest
            index=index,
            wait_for_status=wanted,
            wait_for_no_initializing_shards="true",
            request_timeout=max(wait_s, 60),
            ignore=(408,),
        )
        if health["timed_out"] and not health["initializing_shards"] and not copying:
            return str(health["status"])
    return ""


def _reason(item: dict[str, Any]) -> str:
    error = item.get("error", "")
    return f"{error.get('type')}: {error.get('reason')}" if isinstance(error, dict) else str(error)
