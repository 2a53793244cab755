"""The Python snippets of the documentation run, and give what their comments say."""

import ast
import re

import pytest
from vectors import ROOT

PAGES = ["README.md", "docs/python.md", "docs/writing-nodes.md"]


def snippets(page):
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_the_snippets_run(page):
    found = snippets(page)
    assert found
    for snippet in found:
        exec(snippet, {"__name__": page})  # noqa: S102 - our own documentation


def test_results_in_comments_are_right():
    snippet = snippets("docs/python.md")[0]
    names = {}
    exec(snippet, names)  # noqa: S102
    promised = re.findall(r"^pipeline\.run_sync\((.*?)\) +# ([^:\n]+)", snippet, re.MULTILINE)
    assert len(promised) == 2
    for given, result in promised:
        assert names["pipeline"].run_sync(ast.literal_eval(given)) == ast.literal_eval(result)


def test_what_writing_nodes_prints(capsys):
    page = "docs/writing-nodes.md"
    for snippet in snippets(page):
        exec(snippet, {"__name__": page})  # noqa: S102
    promised = re.findall(r"print\(.*\)  # (.+)", "\n".join(snippets(page)))
    assert capsys.readouterr().out.splitlines() == promised
    assert len(promised) == 7
