"""What gets built and installed: `mnist_tui` and nothing else, safe to import in a project with its own `engine.py`."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from tests.helpers import HANG, ROOT

pytest.importorskip("hatchling")

KINDS = ("wheel", "editable")
PROJECT = {
    "engine.py": "THRUST = 9\n",
    "tui.py": "raise SystemExit('the user\\'s tui was imported')\n",
    "train.py": "import sys\nimport engine\nfrom mnist_tui.engine.config import RunConfig\n"
    "print(engine.THRUST, RunConfig(epochs=3).epochs, 'tui' in sys.modules)\n",
}
"""Files of a user's project, named as the packages inside `mnist_tui` are."""


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command without the checkout on its path; return what it printed."""
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=HANG,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def build(target: str, source: Path, folder: Path) -> Path:
    """Build a `wheel`, an `editable` wheel or an `sdist` of the sources with the project's build backend."""
    code = f"import sys; from hatchling.build import build_{target} as build; print(build(sys.argv[1]))"
    folder.mkdir(exist_ok=True)
    return folder / run(sys.executable, "-c", code, folder, cwd=source).split()[-1]


def wheel_contents(wheel: Path) -> dict[str, bytes]:
    """Return the bytes of every file in a wheel, by name."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def source_files() -> set[str]:
    """Return the names that the package's files have in a wheel."""
    source = ROOT / "src"
    folders = [source / "mnist_tui", *(source / "mnist_tui" / name for name in ("engine", "tui"))]
    paths = {path for folder in folders for path in (folder.glob("*") if folder == folders[0] else folder.rglob("*"))}
    return {path.relative_to(source).as_posix() for path in paths if path.is_file() and path.suffix != ".pyc"}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built distributions: `wheel`, `editable` and `sdist`, each in a subfolder."""
    folder = tmp_path_factory.mktemp("dist")
    for target in ("wheel", "editable", "sdist"):
        build(target, ROOT, folder / target)
    return folder


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module", params=KINDS)
def python(request: pytest.FixtureRequest, dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment with the package installed from a wheel or from an editable wheel.

    It sees this environment's libraries through a `.pth` file: paths from there are searched, but `.pth` files in them
    are not read, so an editable install of the checkout does not leak in.
    """
    home = tmp_path_factory.mktemp(request.param)
    venv.create(home, symlinks=True)
    installed = home / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", installed, "--disable-pip-version-check", "install", "--quiet")
    run(*pip, "--no-deps", "--no-index", only_file(dist / request.param), cwd=home)
    libraries = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    (site_packages,) = home.glob("lib/python*/site-packages")
    (site_packages / "libraries.pth").write_text("\n".join(libraries), encoding="utf-8")
    return installed


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A user's project that has its own `engine`, `tui` and `train`."""
    for name, content in PROJECT.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


class TestDistributions:
    def test_the_wheel_holds_every_file_of_the_package_and_no_other(self, dist):
        names = {name for name in wheel_contents(only_file(dist / "wheel")) if ".dist-info/" not in name}
        assert names == source_files()
        assert {name.split("/")[0] for name in names} == {"mnist_tui"}
        assert any(name.endswith(".tcss") for name in names)
        assert {"mnist_tui/py.typed", "mnist_tui/tui/app.py", "mnist_tui/engine/config.py"} <= names

    def test_the_sdist_builds_the_same_wheel(self, dist, tmp_path):
        with tarfile.open(only_file(dist / "sdist")) as archive:
            assert not [member.name for member in archive if member.islnk() or member.issym()]
            archive.extractall(tmp_path, filter="data")
        rebuilt = build("wheel", only_file(tmp_path), tmp_path / "again")
        assert wheel_contents(rebuilt) == wheel_contents(only_file(dist / "wheel"))

    def test_an_editable_install_puts_only_src_on_the_path(self, dist):
        files = wheel_contents(only_file(dist / "editable"))
        paths = {name: content.decode() for name, content in files.items() if ".dist-info/" not in name}
        assert list(paths.values()) == [str(ROOT / "src")]
        assert [path.name for path in (ROOT / "src").iterdir()] == ["mnist_tui"]

    def test_git_stores_the_packages_as_links(self):
        if not (ROOT / ".git").exists():
            pytest.skip("not a git checkout")
        listed = run("git", "ls-files", "--stage", "src/mnist_tui/engine", "src/mnist_tui/tui", cwd=ROOT)
        assert [line.split()[0] for line in listed.splitlines()] == ["120000", "120000"]


class TestInstalled:
    def test_importing_it_changes_nothing_else_in_the_process(self, python, project):
        code = """
import sys
before, path = set(sys.modules), list(sys.path)
import mnist_tui
print(sorted(set(sys.modules) - before), sys.path == path)
import mnist_tui.engine.session, mnist_tui.tui.cli.entry
print(sys.path == path, sorted({"engine", "tui", "torch", "textual"} & set(sys.modules)))
import engine
print(engine.THRUST, [entry for entry in path if entry.startswith(sys.argv[1]) and "site-packages" not in entry])
"""
        # The checkout is on the path only as `src` and only for the editable install.
        checkout = [str(ROOT / "src")] if python.parents[1].name.startswith("editable") else []
        expected = ["['mnist_tui'] True", "True []", f"9 {checkout}"]
        assert run(python, "-c", code, ROOT, cwd=project).splitlines() == expected

    def test_a_script_imports_its_own_engine_beside_ours(self, python, project):
        assert run(python, "train.py", cwd=project) == "9 3 False\n"

    def test_the_command_runs_in_a_project_with_the_same_names(self, python, project):
        command, module = (python.parent / "mnist-tui",), (python, "-m", "mnist_tui")
        folders = {"MNIST_TUI_RUNS": "runs", "MNIST_TUI_DATA": "data", "XDG_STATE_HOME": str(project / "state")}
        # PYTHONPATH puts the project before everything installed.
        folders["PYTHONPATH"] = str(project)
        assert run(*command, "--version", cwd=project, **folders).startswith("mnist-tui ")
        train = ("train", "--dataset", "digits", "--epochs", "1", "--hidden", "8", "--device", "cpu", "--threads", "1")
        run(*command, *train, cwd=project, **folders)
        (stored,) = (path.name for path in (project / "runs").iterdir() if path.is_dir())
        assert stored in run(*module, "runs", cwd=project, **folders)

    def test_a_type_checker_sees_the_types(self, python, project, tmp_path_factory):
        pytest.importorskip("mypy")
        (project / "typed.py").write_text(
            "import engine\nfrom mnist_tui.engine.config import RunConfig\n"
            "reveal_type(engine.THRUST)\nreveal_type(RunConfig().hidden)\n",
            encoding="utf-8",
        )
        cache = tmp_path_factory.getbasetemp() / "mypy"
        mypy = (sys.executable, "-m", "mypy", "--strict", "--cache-dir", cache, "--python-executable", python)
        notes = [line.rpartition(": ")[2] for line in run(*mypy, "typed.py", cwd=project).splitlines()]
        assert notes[:2] == ['Revealed type is "int"', 'Revealed type is "tuple[int, ...]"']
