"""Links of proxied pages."""

import pytest

from k8s_tutor.sim.apiserver.subresources.rewriting import Links

PREFIX = "/api/v1/namespaces/x/pods/web/proxy"
LINKS = Links(PREFIX, "10.244.1.2:80", "127.0.0.1:6443")


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("/a/b", f"{PREFIX}/a/b"),
        ("/a/b/?q=1#end", f"{PREFIX}/a/b/?q=1#end"),
        ("relative/page", "relative/page"),
        ("http://10.244.1.2:80/a", f"{PREFIX}/a"),
        ("http://example.com/a", "http://example.com/a"),
        (f"{PREFIX}/already", f"{PREFIX}/already"),
        ("#top", "#top"),
    ],
)
def test_urls(url: str, wanted: str) -> None:
    assert LINKS.url(url) == wanted


def test_pages() -> None:
    page = '<!DOCTYPE html>\n<A HREF="/x">a &amp; b</A><img src="/i.png" alt="/not"/><!-- /c --><p class="/p">&#39;</p>'
    assert LINKS.page(page) == (
        f'<!DOCTYPE html>\n<a href="{PREFIX}/x">a &amp; b</a><img src="{PREFIX}/i.png" alt="/not"/>'
        '<!-- /c --><p class="/p">&#39;</p>'
    )
