"""New run: a form over the configuration, and what it would do."""

from __future__ import annotations

from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, Static

from mnist_tui.engine.config import DEVICES, NO_RECIPES_MATTER, OPTIMIZERS, RunConfig, parse_hidden
from mnist_tui.engine.data.catalog import DATASET_NAMES
from mnist_tui.engine.data.folder import Availability, data_folder, survey
from mnist_tui.engine.errors import ConfigError, DataError
from mnist_tui.engine.recipes import RECIPES
from mnist_tui.engine.runs.names import check_name
from mnist_tui.engine.training.schedule import SCHEDULES
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.views.base import View
from mnist_tui.tui.views.setup.summary import summary
from mnist_tui.tui.widgets.fields import Choice
from mnist_tui.tui.widgets.form import Form

CHOICES = {
    "recipe": tuple(RECIPES),
    "dataset": DATASET_NAMES,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "device": DEVICES,
}
LABELS = {
    "recipe": "Recipe",
    "dataset": "Data set",
    "data_dir": "Data folder",
    "epochs": "Epochs",
    "batch_size": "Batch size",
    "hidden": "Hidden layers",
    "optimizer": "Optimizer",
    "lr": "Learning rate",
    "schedule": "Schedule",
    "weight_decay": "Weight decay",
    "rotation": "Rotation ±°",
    "shift": "Shift ±px",
    "scale": "Stretch ±",
    "shear": "Shear ±°",
    "elastic": "Elastic px",
    "fade": "Fade",
    "seed": "Seed",
    "device": "Device",
    "threads": "CPU threads",
    "name": "Run name",
}
WHOLE = ("epochs", "batch_size", "shift", "seed")
NUMBERS = ("lr", "weight_decay", "rotation", "scale", "shear", "elastic", "fade")
FIRST = ("epochs", "optimizer", "rotation", "seed")
"""Fields that begin a group."""
KEPT = (*NO_RECIPES_MATTER, "data_dir", "name")
"""Fields that stay as they are when another recipe is chosen."""


NOTES = {
    "batch_size": "images per step",
    "hidden": "sizes, or none",
    "lr": "the highest, above 0",
    "schedule": "the rate over the run",
    "weight_decay": "adamw's; 0: none",
    "rotation": "0 to 180 degrees",
    "shift": "0 to 14 pixels",
    "scale": "0.1: by up to a tenth",
    "shear": "0 to 45 degrees",
    "elastic": "as of rubber; 0: none",
    "fade": "1: true images at last",
    "seed": "the same gives the same run",
    "threads": "empty: auto",
    "name": "behind the time",
}


class SetupView(View):
    """The form; `enter` starts from any field."""

    MODE = "setup"
    TITLE_WORDS = "New run"
    BINDINGS = bindings("setup")
    NO_FIGURE = "a form is no figure: e works in the views 2 to 9"

    def __init__(self) -> None:
        super().__init__()
        self._availability: dict[str, Availability] = {}
        self.config: RunConfig | None = None
        """What the form says, where it is valid."""
        self._read: dict[str, str] = {}
        """What the fields held when it was read."""
        self._narrow = False

    def compose(self) -> ComposeResult:
        # What the size asks for is known: without this, the first frame would wait until every style was found twice.
        breakpoints = self.HORIZONTAL_BREAKPOINTS, self.VERTICAL_BREAKPOINTS
        for length, steps in zip(self.app.size, breakpoints, strict=True):
            self.add_class(next(name for least, name in reversed(steps) if length >= least))
        yield from super().compose()

    def _compositor_refresh(self) -> None:
        if not self.app._batch_count:  # else the app would throw away what is drawn, and it would be drawn again
            super()._compositor_refresh()

    def body(self) -> ComposeResult:
        first = self.console.config
        with Horizontal():
            with VerticalScroll(id="form", can_focus=False):
                yield Form(LABELS, *(self._field(name, first) for name in LABELS))
            with Vertical(id="summary-pane") as pane:
                pane.border_title = "this run"
                yield Static("", id="summary")

    def _field(self, name: str, config: RunConfig) -> Input | Choice:
        field: Input | Choice
        if name in CHOICES:
            field = Choice(CHOICES[name], getattr(config, name), id=name)
        else:
            empty = {"threads": "auto", "name": config.recipe, "data_dir": str(data_folder(None))}
            field = Input(self._text(config, name), empty.get(name, ""), id=name, compact=True)
        if name in FIRST:
            field.add_class("first", update=False)  # it has no styles yet
        return field

    def _text(self, config: RunConfig, name: str) -> str:
        if name == "hidden":
            return ",".join(map(str, config.hidden)) or "none"
        if name == "threads":
            return str(config.threads or "")
        if name == "data_dir":
            return self.console.analyst.data_dir or ""
        if name == "name":
            return ""
        value = getattr(config, name)
        return f"{value:g}" if isinstance(value, float) else str(value)

    def on_mount(self) -> None:
        self.query_one("#recipe").focus()
        self._survey()

    def devices_found(self) -> None:
        self._refresh()

    def redraw(self) -> None:
        self._refresh()

    def on_resize(self) -> None:
        if self.has_class("-narrow") != self._narrow:
            self._refresh()

    def action_survey(self) -> None:
        """Look again which data sets are there, and which devices."""
        self.console.devices.find()
        self._survey()

    def _survey(self) -> None:
        """Look which data sets are in the form's folder, which is every view's; a training keeps the one it has."""
        chosen = self.query_one("#data_dir", Input).value.strip() or None
        try:
            self._availability = survey(data_folder(chosen))
        except ConfigError:  # `read` says why
            self._availability = {}
        else:
            if not self.console.training.is_running:
                self.console.analyst.data_dir = chosen
        self._refresh()

    @on(Input.Changed)
    def _edited(self, event: Input.Changed) -> None:
        if event.value == self._read.get(str(event.input.id)):  # as when it is mounted
            return
        if event.input.id == "data_dir":
            self._survey()
        else:
            self._refresh()

    @on(Choice.Changed)
    def _chosen(self, event: Choice.Changed) -> None:
        if event.choice.id == "recipe":
            config = RunConfig.from_recipe(event.choice.value)
            for field in self.query(Input):
                if field.id not in KEPT:
                    field.value = self._text(config, str(field.id))
            for choice in self.query(Choice):
                if choice.id not in KEPT:
                    choice.value = getattr(config, str(choice.id))
            self.query_one("#name", Input).placeholder = config.recipe
        self._refresh()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_start()

    def read(self) -> tuple[dict[str, Any], dict[str, str]]:
        """The fields' values, and what is wrong with those that can't be read."""
        values: dict[str, Any] = {str(choice.id): choice.value for choice in self.query(Choice)}
        problems: dict[str, str] = {}
        self._read = {str(field.id): field.value for field in self.query(Input)}
        texts = {name: text.strip() for name, text in self._read.items()}
        for name in (*WHOLE, *NUMBERS):
            try:
                values[name] = int(texts[name]) if name in WHOLE else float(texts[name])
            except ValueError:
                problems[name] = "must be a whole number" if name in WHOLE else "must be a number, such as 0.001"
        try:
            values["hidden"] = parse_hidden(texts["hidden"])
        except ConfigError:
            problems["hidden"] = "must be sizes such as 250,100, or none"
        try:
            values["threads"] = 0 if texts["threads"] in ("", "auto") else int(texts["threads"])
        except ValueError:
            problems["threads"] = "must be a whole number, or empty for auto"
        try:
            data_folder(texts["data_dir"])
        except ConfigError:
            problems["data_dir"] = "this home folder is not known"
        try:
            if texts["name"]:
                check_name(texts["name"])
        except ConfigError:
            problems["name"] = "must be letters, digits, . - _"
        return values, problems

    def _refresh(self) -> None:
        values, problems = self.read()
        try:
            config = RunConfig(**values)
        except ConfigError as error:
            problems = {name: _short_problem(problem) for name, problem in error.problems.items()} | problems
        self.config = None if problems else config
        if self.config is not None:
            self.console.config = self.config
        self.query_one(Form).say(self._notes() | problems, problems.keys())
        wrong = {LABELS[name]: problem for name, problem in problems.items()}
        counted = f"{self.config.parameters:,} parameters" if self.config else "not ready to start"
        self._narrow = self.has_class("-narrow")
        self.query_one("#form").border_title = counted if self._narrow else "settings"
        self.query_one("#form").border_subtitle = next((f"{label} {words}" for label, words in wrong.items()), "")
        self.query_one("#summary", Static).update(
            summary(self.config, LABELS, wrong, self._availability, self.console.devices.found, self.console.colours)
        )
        self.refresh_bindings()

    def _notes(self) -> dict[str, str]:
        chosen = self.query_one("#dataset", Choice).value
        found = self._availability.get("mnist" if chosen == "auto" else chosen)
        notes = NOTES | {"recipe": RECIPES[self.query_one("#recipe", Choice).value].title}
        device = self.query_one("#device", Choice).value
        machine = self.console.devices.found
        if machine is not None and machine.devices:
            kinds = [device.kind for device in machine.devices]
            notes["device"] = kinds[0] if device == "auto" else ("✓" if device in kinds else "✕ not found here")
        if found is not None:
            mark = {"ready": "✓ ", "bundled": "✓ ", "missing": "↓ ", "damaged": "✕ "}[found.state]
            notes["dataset"] = f"{mark}{found.title}, {found.detail}" if chosen == "auto" else mark + found.detail
        return notes

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "start":
            return self.config is not None and not self.console.training.is_running
        return True

    def action_start(self) -> None:
        """Start what the form says, or say why not."""
        if self.console.training.is_running:
            self.notify("a training is running: stop it first (esc, then s)", severity="warning")
            return
        if self.config is None:
            self.notify("mend the marked fields first", severity="warning")
            return
        self.console.analyst.data_dir = self.query_one("#data_dir", Input).value.strip() or None
        config = self.config
        if config.dataset == "auto":  # here somebody can be asked, so nothing is replaced without a word
            config = RunConfig.from_json(config.to_json() | {"dataset": "mnist"})
        self.console.training.start(config, self.query_one("#name", Input).value.strip())

    def training_failed(self, error: Exception) -> None:
        """Data that can't be had: say why, and what can be done."""
        if not isinstance(error, DataError) and not (isinstance(error, ConfigError) and "data_dir" in error.problems):
            return
        from mnist_tui.tui.widgets.dialogs import Question

        answers = {"retry": "try again", "folder": "another folder", "digits": "train on digits", "close": "close"}
        body = f"{error}\n\nThe set digits needs no download: 1,797 small real digits that come with scikit-learn."
        if self.console.training.folder is not None:  # a stored run's data set is settled
            del answers["digits"]
            body = str(error)
        self.app.push_screen(Question("the data can't be used", body, answers), self._answered)

    async def _answered(self, answer: str | None) -> None:
        self._survey()
        if answer in ("folder", "digits"):
            await self.console.action_view(self.MODE)
        if answer == "folder":
            self.query_one("#data_dir").focus()
        if answer == "digits":
            self.query_one("#dataset", Choice).value = "digits"
            self._refresh()
            self.action_start()
        if answer == "retry":
            self.console.training.restart()


def _short_problem(problem: str) -> str:
    """A configuration's complaint without the option's name, which stands before the field already."""
    words = problem.removesuffix(".").split(" ", 1)[1] if problem.startswith("--") else problem
    return words.rpartition(", not ")[0] or words
