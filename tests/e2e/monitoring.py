# SPDX-License-Identifier: Apache-2.0
"""Pages of metrics, and what is made of them: the documentation, the alerts, and the dashboard."""
import json
import re

from build_tree import SOURCE

# A family of a page, and a sample with its labels.
TYPE = re.compile(r"# TYPE (\S+) (\S+)")
SAMPLE = re.compile(r"([a-z_]+)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'([a-z]+)="((?:[^"\\]|\\.)*)"')


def families(page):
    """{family: (type, names of its labels)}; "le" of a histogram is not counted."""
    found, family = {}, None
    for line in page.splitlines():
        if kind := TYPE.fullmatch(line):
            family = kind[1]
            found[family] = (kind[2], set())
        elif not line.startswith("#"):
            found[family][1].update(name for name, _ in LABEL.findall(SAMPLE.fullmatch(line)[2] or "") if name != "le")
    return found


def value(page, sample):
    """The value of SAMPLE, a name with its labels as the page has them."""
    found = re.search(r"(?m)^%s (\S+)$" % re.escape(sample), page)
    if not found:
        raise AssertionError("no %s in the page" % sample)
    return float(found[1])


def documented():
    """The same as families(), from docs/metrics.md; each has its meaning there."""
    rows = re.findall(r"(?m)^\| `(\w+)` \| (counter|gauge|histogram) \|(.*?)\| (.+) \|$",
                      (SOURCE / "docs" / "metrics.md").read_text("utf-8"))
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels, _ in rows}


def questions():
    """The PromQL expressions of the dashboard, with values for Grafana's variables."""
    dashboard = json.loads((SOURCE / "etc" / "grafana-dashboard.json").read_text("utf-8"))
    return [target["expr"].replace("$__rate_interval", "1m").replace("$instance", ".*")
            for panel in dashboard["panels"] for target in panel.get("targets", ())]


def names(text):
    """The metrics that TEXT names, without what a histogram adds."""
    found = re.findall(r"\b(?:tbproxyd|process)_[a-z_]+", text)
    return {re.sub(r"_(?:bucket|sum|count)$", "", name) for name in found}
