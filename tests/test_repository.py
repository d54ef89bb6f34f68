"""What holds for the files under version control as a whole."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import budgetsim

CHECKOUT = Path(__file__).parents[1]
LOCKS = ("build", "runtime", "dev")
# A path that exists on one machine only. Tests may name invented paths.
MACHINE_PATH = re.compile(r"(?<![\w.~$)}*-])/(?:work|root|tmp|home|farm|opt|Users)/\w")
REGISTRY = re.compile(
    r"pypi[.]org|pythonhosted[.]org|npmjs[.](?:org|com)|anaconda[.]org|/simple/|--(?:extra-)?index-url[= ]\S"
)
PINNED = re.compile(r"^([a-z0-9-]+)==(\S+) \\$((?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?$)+)", re.MULTILINE)


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    if not (CHECKOUT / ".git").exists():
        pytest.skip("not a git checkout: nothing is tracked")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    # A file deleted but not yet committed is still listed.
    return [path for name in listed.split("\0") if name and (path := CHECKOUT / name).is_file()]


@pytest.fixture(scope="module")
def texts(tracked: list[Path]) -> dict[str, str]:
    contents = {path.relative_to(CHECKOUT).as_posix(): path.read_bytes() for path in tracked}
    return {name: data.decode("utf-8") for name, data in contents.items() if b"\0" not in data and name != "LICENSE"}


@pytest.fixture(scope="module")
def project() -> dict[str, object]:
    return tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def locked() -> dict[str, dict[str, str]]:
    found = {}
    for name in LOCKS:
        text = (CHECKOUT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        found[name] = {package: version for package, version, _ in PINNED.findall(text)}
        assert len(found[name]) == len(re.findall(r"^\S+==", text, re.MULTILINE)), f"{name}: a pin without a hash"
    return found


def test_patterns_see_what_they_look_for():
    for path in ("open('/work/x')", "=/root/y", " /tmp/z", '"/home/me/a"', "file:///opt/b"):
        assert MACHINE_PATH.search(path), path
    for path in ("$(VENV)/work/x", "https://example.org/home/x", "a/tmp/b", "~/work/x"):
        assert not MACHINE_PATH.search(path), path
    for address in (
        "https://pypi.org/x",
        "https://mirror/simple/numpy",
        "--index-url https://a",
        "--extra-index-url=a",
    ):
        assert REGISTRY.search(address), address
    assert not REGISTRY.search("pip-compile --no-emit-index-url --no-emit-find-links")


def test_no_file_names_a_path_of_one_machine(texts: dict[str, str]):
    assert len(texts) > 50
    hits = {name: MACHINE_PATH.findall(text) for name, text in texts.items() if not name.startswith("tests/")}
    assert {name: found for name, found in hits.items() if found} == {}


def test_no_file_names_a_package_registry(texts: dict[str, str]):
    here = Path(__file__).relative_to(CHECKOUT).as_posix()
    assert [name for name, text in texts.items() if name != here and REGISTRY.search(text)] == []
    for name in LOCKS:
        assert "://" not in texts[f"requirements/{name}.txt"]
        assert "file:/" not in texts[f"requirements/{name}.txt"]


def test_no_large_binary_is_tracked(tracked: list[Path]):
    large = [path for path in tracked if path.stat().st_size > 1_000_000]
    assert [str(path) for path in large if b"\0" in path.read_bytes()] == []


def test_one_version_everywhere(project: dict[str, dict[str, str]]):
    version = budgetsim.__version__
    citation = (CHECKOUT / "CITATION.cff").read_text(encoding="utf-8")
    changes = (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert project["project"]["version"] == version
    assert re.findall(r"^version: (.+)$", citation, re.MULTILINE) == [version]
    assert re.findall(r"^## \[?(\d+\.\d+\.\d+)\]?", changes, re.MULTILINE)[0] == version


def test_locks_pin_what_the_project_asks_for(project: dict[str, dict], locked: dict[str, dict[str, str]]):
    core = project["project"]["dependencies"]
    dev = project["project"]["optional-dependencies"]["dev"]
    build = project["build-system"]["requires"]
    for lock, wanted in (("runtime", core), ("dev", core + dev), ("build", build)):
        for requirement in map(Requirement, wanted):
            version = locked[lock].get(canonicalize_name(requirement.name))
            assert version is not None, f"{lock}: {requirement} is not locked, run `make lock`"
            assert requirement.specifier.contains(version), f"{lock}: {requirement} got {version}, run `make lock`"


def test_locks_agree(locked: dict[str, dict[str, str]]):
    assert locked["runtime"].items() <= locked["dev"].items()
    shared = locked["build"].keys() & locked["dev"].keys()
    assert shared
    assert {name: locked["build"][name] for name in shared} == {name: locked["dev"][name] for name in shared}
