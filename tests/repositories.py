"""A git repository with a design in it, in which commands are run as a project runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

NET = """# A detector
input: 3x64x64
defaults: {conv: {norm: bn, act: relu, bias: false}}
layers:
  - {name: stem, conv: {out: 16, k: 3, s: 2}}
  - {name: body, conv: {out: 32, k: 3}}
  - {name: head, conv: {out: 8, k: 1}}
"""


class Repository:
    """A folder under git whose first commit holds net.yaml."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "-q", "-b", "main")
        self.write("net.yaml", NET)
        self.commit("first design")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def git(self, *words: str) -> str:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        return subprocess.run(["git", *identity, *words], cwd=self.folder, check=True, capture_output=True, text=True).stdout

    def commit(self, message: str) -> None:
        self.git("add", ".")
        self.git("commit", "-q", "-m", message)

    def rfcalc(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("GITHUB_")}
        command = [sys.executable, "-m", "rfcalc", *words]
        done = subprocess.run(command, cwd=self.folder, env={**clean, **more}, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        return done
