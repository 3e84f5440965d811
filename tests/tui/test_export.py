"""`e` and `E` in the console: every view is exported as a figure of what it shows, and keys are handled meanwhile."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnist_tui.engine.figures import imagine
from mnist_tui.engine.figures.registry import KINDS
from mnist_tui.tui.app import MnistTui
from mnist_tui.tui.keys import VIEWS
from mnist_tui.tui.widgets.curve_plots import run_plots
from mnist_tui.tui.widgets.export_dialog import ExportDialog
from tests.figures import floats, pixels, record, said, table
from tests.helpers import HANG
from tests.tui.conftest import screen_text, until


@pytest.fixture(autouse=True)
def _own_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(imagine, "NOISE_IMAGES", 2000)


async def trained(app: MnistTui, pilot) -> Path:
    """A run that was trained in this console."""
    await until(pilot, lambda: app.devices.found is not None)
    await pilot.press("enter")
    await until(pilot, lambda: app.training.history.finished is not None and not app.training.is_running)
    return app.scrubber.folder.absolute()


async def to_view(app: MnistTui, pilot, digit: str, mode: str) -> None:
    await pilot.press(digit)
    await until(pilot, lambda: app.current_mode == mode and getattr(app.screen, "data", True) is not None)


async def exported(app: MnistTui, pilot, *keys: str) -> list[Path]:
    """Press `e`, then these keys in the dialog, then `enter`; return the files that were written."""
    app.exports.written = []
    await pilot.press("e")
    await until(pilot, lambda: isinstance(app.screen, ExportDialog))
    await pilot.press(*keys, "enter")
    await until(pilot, lambda: app.exports.written and not app.exports.is_running)
    return app.exports.written


async def test_e_writes_what_each_view_shows(console) -> None:
    """Fails where a view's figure is of other data than the view, or `e` does not work in one."""
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        folder = await trained(app, pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ExportDialog))
        app.screen.query_one("#export-numbers").value = "yes"  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, lambda: app.exports.written and not app.exports.is_running)
        figure, numbers = app.exports.written
        assert figure == folder / "figures" / "curves.png"
        assert app.clipboard == str(figure)
        loss, _ = run_plots(app.training.history, app.screen._options)
        drawn = np.concatenate([line.ys for line in loss.lines])
        np.testing.assert_array_equal(floats(table(numbers)["loss"]), drawn)

        await to_view(app, pilot, "4", "confusion")
        await pilot.press("p")
        figure, numbers = await exported(app, pilot)
        assert record(numbers)["counts"] == app.screen.data.matrix.counts.tolist()
        assert "--percent" in said(figure)["Command"]

        await to_view(app, pilot, "5", "mistakes")
        await pilot.press("o", "O")
        await until(pilot, lambda: app.screen.data.spec.sort == "loss" and app.screen.data.spec.reverse)
        figure, numbers = await exported(app, pilot)
        data = app.screen.data
        assert [int(i) for i in table(numbers)["index"]] == data.scores.indices[data.positions].tolist()
        assert "--sort loss --reverse" in said(figure)["Command"]

        await to_view(app, pilot, "6", "projection")
        await pilot.press("z", "w")
        figure, numbers = await exported(app, pilot)
        points = np.stack([floats(table(numbers)["x"]), floats(table(numbers)["y"])], axis=1)
        np.testing.assert_array_equal(points, app.screen.data.points)
        assert figure.stem == "pca-hidden"
        assert {"--window", "--wrong", "--index"} <= set(said(figure)["Command"].split())

        await to_view(app, pilot, "8", "weights")
        await pilot.press("o", "o")
        figure, numbers = await exported(app, pilot)
        layers = app.screen.data.layers
        assert [int(u) for u in table(numbers)["unit"]] == layers.order("structure", reverse=False)[:16].tolist()

        await to_view(app, pilot, "2", "data")
        figure, numbers = await exported(app, pilot)
        assert record(numbers)["augmented"] == app.screen.data.augmented.tolist()

        await to_view(app, pilot, "7", "imagine")
        figure, numbers = await exported(app, pilot)
        assert {one["digit"] for one in record(numbers)["imagined"]} == {app.screen.digit}

        await pilot.press("9")
        await until(pilot, lambda: app.screen.query_one("#run-table").row_count)
        figure, numbers = await exported(app, pilot)
        assert figure.name == "curves-2.png", "the first one is kept"
        lines = screen_text(app)
        assert "curves-2.png" in lines.replace("\n", "").replace(" ", "")


async def test_the_smallest_terminal_asks_in_every_view(console) -> None:
    """Fails where the dialog does not fit, or a view lets it not come."""
    app = console()
    async with app.run_test(size=(60, 20)) as pilot:
        await trained(app, pilot)
        for view in VIEWS[1:]:
            await to_view(app, pilot, view.digit, view.mode)
            if view.mode == "runs":
                await until(pilot, lambda: app.screen.query_one("#run-table").row_count)
            await pilot.press("e")
            await until(pilot, lambda: isinstance(app.screen, ExportDialog))
            lines = screen_text(app)
            for words in ("Name", "Folder", "Format", "Size", "Pixels/inch", "With data", "esc back"):
                assert words in lines, (view.mode, words)
            await pilot.press("escape")
            await until(pilot, lambda view=view: app.current_mode == view.mode and not app.screen.is_modal)
        assert not app.exports.is_running
        assert app.exports.written == []


async def test_the_dialogs_fields_are_stored_and_applied(console, tmp_path: Path) -> None:
    """Fails where the next console forgets the fields, or name, folder, size or resolution are not those requested."""
    app = console()
    async with app.run_test(size=(100, 30)) as pilot:
        await trained(app, pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ExportDialog))
        fields = {"name": "my curves", "folder": str(tmp_path / "elsewhere"), "size": "6x3", "dpi": "50"}
        for name, value in fields.items():
            app.screen.query_one(f"#export-{name}").value = value  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, lambda: app.exports.written and not app.exports.is_running)
        assert app.exports.written == [tmp_path / "elsewhere" / "my curves.png"]
        assert pixels(app.exports.written[0]).shape[:2] == (150, 300)
    second = console()
    async with second.run_test(size=(100, 30)) as pilot:
        await trained(second, pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(second.screen, ExportDialog))
        assert second.screen.query_one("#export-size").value == "6x3"  # type: ignore[attr-defined]
        assert second.screen.query_one("#export-name").value == "", "a name is of one figure"  # type: ignore[attr-defined]
        second.screen.query_one("#export-size").value = "huge"  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, lambda: not second.exports.is_running and second._notifications)
        assert any("--size" in note.message for note in second._notifications)
    (tmp_path / "config" / "mnist-tui" / "export.json").write_text(json.dumps({"size": ["x"], "format": 3}))
    third = console()
    async with third.run_test(size=(100, 30)) as pilot:
        await trained(third, pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(third.screen, ExportDialog))
        assert third.screen.query_one("#export-size").value == "auto"  # type: ignore[attr-defined]


async def test_all_views_are_exported_while_keys_are_handled(console, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails where a key waits for the export, or a view is missing."""
    gate = threading.Event()
    whole = KINDS["confusion"]

    def slowly(context, subject, settings):
        assert gate.wait(HANG)
        return whole.compute(context, subject, settings)

    monkeypatch.setitem(KINDS, "confusion", replace(whole, compute=slowly))
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        folder = await trained(app, pilot)
        await pilot.press("E")
        await until(pilot, lambda: "confusion" in app.exports.text)
        await pilot.press("9")
        await until(pilot, lambda: app.current_mode == "runs" and "exporting confusion" in screen_text(app))
        assert not gate.is_set()
        gate.set()
        await until(pilot, lambda: not app.exports.is_running)
        assert {path.stem for path in app.exports.written} == set(KINDS) - {"compare"}
        assert app.clipboard == str(folder / "figures")
        await pilot.press("escape")
        assert "figures" not in screen_text(app).splitlines()[-2]


async def test_a_second_e_stops_and_written_files_stay(console, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    whole = KINDS["mistakes"]

    def slowly(context, subject, settings):
        assert gate.wait(HANG)
        return whole.compute(context, subject, settings)

    monkeypatch.setitem(KINDS, "mistakes", replace(whole, compute=slowly))
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        folder = await trained(app, pilot)
        await pilot.press("E")
        await until(pilot, lambda: "mistakes" in app.exports.text)
        await pilot.press("E")
        gate.set()
        await until(pilot, lambda: not app.exports.is_running)
        assert [path.stem for path in app.exports.written] == ["curves", "data", "confusion", "mistakes"]
        assert len(list((folder / "figures").iterdir())) == 4


async def test_without_a_subject_a_message_explains_why(console) -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        for key, words in (
            ("3", "nothing to export yet"),
            ("9", "nothing to export yet"),
            ("1", "the form can't be exported"),
        ):
            app.clear_notifications()
            await pilot.press(key)
            await pilot.press("escape", "e")
            await until(pilot, lambda words=words: any(words in note.message for note in app._notifications))
        await pilot.press("E")
        await until(pilot, lambda: any("no trained network" in note.message for note in app._notifications))


async def test_marked_runs_become_one_figure(console) -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await trained(app, pilot)
        await pilot.press("1")
        await pilot.press("enter")
        await until(pilot, lambda: app.training.history.finished is not None and not app.training.is_running)
        await pilot.press("9")
        await until(pilot, lambda: app.screen.query_one("#run-table").row_count == 2)
        await pilot.press("m", "m")
        (figure,) = await exported(app, pilot)
        assert figure.stem == "compare"
        await pilot.press("c")
        await until(pilot, lambda: app.screen.MODE == "compare")
        (figure,) = await exported(app, pilot)
        assert figure.name == "compare-2.png"
        assert "--with" in said(figure)["Command"]
