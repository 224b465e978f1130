"""Where a server is: one address or those of a cluster's nodes, and nothing of them in any message."""

import pytest

from indexers.errors import OptionsError
from indexers.servers import Server, ServerOptions

USUAL = "http://127.0.0.1:9200"


def server(url: str, **options: str) -> Server:
    return Server("opensearch", "OpenSearch", ServerOptions(url=url, **options), USUAL)


def test_one_address_is_itself_without_credentials() -> None:
    """One address loses its credentials and the slash at its end, and lends host, port, user and password."""
    one = server("https://anna:a%2Cb@search.example:9443/es/")
    assert (one.url, one.urls) == ("https://search.example:9443/es", ("https://search.example:9443/es",))
    assert (one.host, one.port, one.user, one.password) == ("search.example", 9443, "anna", "a,b")


def test_a_cluster_has_an_address_for_each_node() -> None:
    """Addresses are parted at commas, with or without spaces; who logs in may stand in any of them."""
    several = server("http://one.example:1, http://anna:secret-1@two.example:2/,https://three.example")
    assert several.urls == ("http://one.example:1", "http://two.example:2", "https://three.example")
    assert several.url == "http://one.example:1,http://two.example:2,https://three.example"
    assert (several.host, several.port, several.user, several.password) == ("one.example", 1, "anna", "secret-1")


def test_a_comma_in_a_password_parts_nothing() -> None:
    """Only a comma before another address is one between addresses."""
    one = server("http://anna:se,cret@one.example:1")
    assert (one.urls, one.password) == (("http://one.example:1",), "se,cret")


def test_nothing_of_any_address_is_in_a_message() -> None:
    """Hosts, ports, user and password of every node are taken out of what a library says."""
    several = server("http://one.example:19201,http://anna:secret-1@two.example:19202")
    said = "GET http://two.example:19202/x and one.example:19201 refused anna with secret-1 at http://one.example:19201"
    hidden = several.hide(said)
    for part in ("one.example", "two.example", "19201", "19202", "anna", "secret-1"):
        assert part not in hidden


def test_a_bad_address_among_good_ones_is_told_without_showing_it() -> None:
    """What is no address is an `OptionsError` that says where it was given, not what it was."""
    with pytest.raises(
        OptionsError, match=r"the option 'url' is no address: write it like http://127\.0\.0\.1:9200"
    ) as told:
        _ = server("http://one.example:1,http://").url
    assert "one.example" not in str(told.value)
