"""What the installation says of itself: what is missing, and where it came from."""

from __future__ import annotations

import json
from importlib import metadata

import pytest

from rfcalc.version import DISTRIBUTION, __version__, requirement, to_install
from tests.documents import ROOT


class Installed:
    """An installation that came from somewhere; None: by name from an index."""

    def __init__(self, origin: dict[str, object] | None) -> None:
        self.origin = origin

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return None if self.origin is None else json.dumps(self.origin)


REPOSITORY = {"url": "https://example.org/rfcalc", "vcs_info": {"vcs": "git", "commit_id": "0123abc"}}


@pytest.mark.parametrize(
    ("origin", "wanted"),
    [
        (None, f"rfcalc-cli=={__version__}"),
        (REPOSITORY, "rfcalc-cli @ git+https://example.org/rfcalc@0123abc"),
        ({"url": "https://example.org/rfcalc.whl", "archive_info": {}}, "rfcalc-cli @ https://example.org/rfcalc.whl"),
        ({"url": "file:///home/me/rfcalc", "dir_info": {"editable": True}}, f"rfcalc-cli=={__version__}"),
    ],
)
def test_where_it_came_from(origin: dict[str, object] | None, wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "distribution", lambda name: Installed(origin))
    assert requirement() == wanted


def test_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name in ("fvcore", "safetensors"):
            raise metadata.PackageNotFoundError(name)
        return "1"

    needs = ["rich>=13", "torch>=2.4; extra == 'torch'", 'fvcore>=0.1; extra == "torch"', "safetensors; extra == 'torch'"]
    monkeypatch.setattr(metadata, "requires", lambda name: [*needs, "onnx>=1.16; extra == 'onnx'"])
    monkeypatch.setattr(metadata, "version", version)
    assert to_install("torch", "torch") == "pip install torch fvcore safetensors"
    assert to_install("onnx", "onnx") == "pip install onnx"


def test_without_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", missing)
    monkeypatch.setattr(metadata, "distribution", missing)
    assert to_install("plot", "pillow") == "pip install pillow"
    assert requirement() == f"rfcalc-cli=={__version__}"


def test_one_name() -> None:
    """The distribution's name stands in the build's file, which cannot import it; its extras name themselves by it."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["name"] == DISTRIBUTION
    assert project["scripts"]["rfcalc"] == project["scripts"][DISTRIBUTION]
    themselves = [need for needs in project["optional-dependencies"].values() for need in needs if need.startswith("rfcalc")]
    assert themselves
    assert all(need.startswith(f"{DISTRIBUTION}[") for need in themselves)
