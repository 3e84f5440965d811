"""New run view: a form with the settings, and a summary of the run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import DescendantFocus
from textual.widgets import Input, Static

from mnist_tui.engine.config import SETTINGS, RunConfig
from mnist_tui.engine.data.folder import Availability, data_folder, survey
from mnist_tui.engine.errors import ConfigError, DataError
from mnist_tui.engine.recipes import RECIPES
from mnist_tui.engine.runs.names import check_name
from mnist_tui.engine.settings import brief
from mnist_tui.tui.keys import bindings
from mnist_tui.tui.render.texts import bytes_label
from mnist_tui.tui.views.base import View
from mnist_tui.tui.views.setup.newest import Newest
from mnist_tui.tui.views.setup.setting_help import START, setting_text
from mnist_tui.tui.views.setup.summary import device_note, summary
from mnist_tui.tui.widgets.fields import Choice, Start, TextField
from mnist_tui.tui.widgets.form import Form

IN_FORM = {name: setting for name, setting in SETTINGS.items() if setting.in_form}
EXTRA_LABELS = {"data_dir": "Data folder", "name": "Run name"}
"""Fields that are not settings of the run."""
NAMES = [*IN_FORM, "name"]
NAMES.insert(NAMES.index("dataset") + 1, "data_dir")
LABELS = {name: EXTRA_LABELS.get(name) or IN_FORM[name].label for name in NAMES}
FIRST = {setting.group: name for name, setting in reversed(IN_FORM.items())}
"""The first field of each group."""
NOTES = {name: setting.form_note for name, setting in IN_FORM.items()} | {"name": "after timestamp"}


class FormPane(VerticalScroll, inherit_bindings=False):
    """Scrolls with the focus, whose arrow keys it must not take."""


class SetupView(View):
    """Form; its first focus is the button that starts the training, and `esc` returns to it."""

    MODE = "setup"
    IN_FIRST_FRAME = True
    HELP_TITLE = "New run"
    MORE_SCOPES = ("field", "choice")
    BINDINGS = bindings("setup")
    can_export = False
    offers_newest = True
    NO_FIGURE = "the form can't be exported: press e in views 2 to 9"

    def __init__(self) -> None:
        super().__init__()
        self._availability: dict[str, Availability] = {}
        self.config: RunConfig | None = None
        """The form's configuration; None if it is invalid."""
        self._read: dict[str, str] = {}
        """Texts of the fields when they were last read."""
        self._problems: dict[str, str] = {}  # by the field's name
        self._narrow = False

    def body(self) -> ComposeResult:
        first = self.console.config
        with Horizontal():
            with Vertical(id="settings"):
                yield Newest()
                with FormPane(id="form", can_focus=False):
                    fields = (self._make_field(name, first) for name in NAMES)
                    yield Form({START: ""} | LABELS, Start(id=START), *fields)
            with Vertical(id="summary-pane") as pane:
                pane.border_title = "this run"
                yield Static("", id="summary")
                yield Static("", id="setting")

    def _field(self, name: str) -> TextField | Choice:
        if name in IN_FORM and IN_FORM[name].kind.choices:
            return self.query_one(f"#{name}", Choice)
        return self.query_one(f"#{name}", TextField)

    def _make_field(self, name: str, config: RunConfig) -> TextField | Choice:
        field: TextField | Choice
        if name not in IN_FORM:
            text, placeholder = (self.console.analyst.data_dir or "", str(data_folder(None)))
            if name == "name":
                text, placeholder = "", config.recipe
            field = TextField(text, placeholder, id=name)
        elif choices := IN_FORM[name].kind.choices:
            field = Choice(choices, getattr(config, name), id=name)
        else:
            field = TextField(_text(config, name), IN_FORM[name].kind.placeholder, id=name)
        if name in FIRST.values():
            field.add_class("first", update=False)  # no styles yet
        return field

    def on_mount(self) -> None:
        self.query_one(Start).focus()
        self._survey()

    def on_screen_resume(self) -> None:
        self.query_one(Newest).look()

    def newest_found(self) -> None:
        self.query_one(Newest).update()
        self.refresh_bindings()

    def on_screen_suspend(self) -> None:
        for field in self.query(TextField):
            field.is_editing = False

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self._show_setting()

    @on(TextField.Toggled)
    def _toggled(self) -> None:
        self._show_setting()

    def devices_found(self) -> None:
        self._refresh()

    def redraw(self) -> None:
        self.newest_found()
        self._refresh()

    def on_resize(self) -> None:
        if self.has_class("-narrow") != self._narrow:
            self._refresh()

    def action_survey(self) -> None:
        """Detect data sets and devices again."""
        self.console.devices.detect()
        self._survey()

    def _survey(self) -> None:
        """Detect data sets in the form's folder; it also applies to the other views unless a training is running."""
        chosen = self.query_one("#data_dir", Input).value.strip() or None
        try:
            self._availability = survey(data_folder(chosen))
        except ConfigError:  # reported by `read`
            self._availability = {}
        else:
            if not self.console.training.is_running:
                self.console.analyst.data_dir = chosen
        self._refresh()

    @on(Input.Changed)
    def _edited(self, event: Input.Changed) -> None:
        if event.value == self._read.get(str(event.input.id)):  # unchanged, as after mounting
            return
        if event.input.id == "data_dir":
            self._survey()
        else:
            self._refresh()

    @on(Choice.Changed)
    def _chosen(self, event: Choice.Changed) -> None:
        if event.choice.id == "recipe":
            config = RunConfig.from_recipe(event.choice.value)
            for name, setting in IN_FORM.items():
                if setting.in_recipes:
                    self._field(name).value = _text(config, name)
            self.query_one("#name", Input).placeholder = config.recipe
        self._refresh()

    @on(Start.Pressed)
    def _pressed(self) -> None:
        self.action_start()

    def back(self) -> None:
        """Return to the button that starts the training."""
        self.query_one(Start).focus()

    def read(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the values of the fields, and the problems with invalid ones."""
        values: dict[str, Any] = {str(choice.id): choice.value for choice in self.query(Choice)}
        problems: dict[str, str] = {}
        self._read = {str(field.id): field.value for field in self.query(Input)}
        texts = {name: text.strip() for name, text in self._read.items()}
        for name, setting in IN_FORM.items():
            if not setting.kind.choices:
                try:
                    values[name] = setting.parse(texts[name] or setting.kind.placeholder)
                except ConfigError as error:
                    problems |= {name: brief(problem) for name, problem in error.problems.items()}
        try:
            data_folder(texts["data_dir"])
        except ConfigError:
            problems["data_dir"] = "home folder not found"
        try:
            if texts["name"]:
                check_name(texts["name"])
        except ConfigError:
            problems["name"] = "must be letters, digits, . - _"
        return values, problems

    def _refresh(self) -> None:
        values, problems = self.read()
        try:
            config = RunConfig.from_recipe(**values)
        except ConfigError as error:
            problems = {name: brief(problem) for name, problem in error.problems.items()} | problems
        self.config = None if problems else config
        if self.config is not None:
            self.console.config = self.config
        self._problems = problems
        for field in self.query(TextField):
            field.set_class(field.id in problems, "wrong")
        self.query_one(Form).show_notes(self._notes() | problems, problems.keys())
        wrong = {LABELS[name]: problem for name, problem in problems.items()}
        title = f"{self.config.parameters:,} parameters" if self.config else "invalid settings"
        self._narrow = self.has_class("-narrow")
        self.query_one("#form").border_title = title if self._narrow else "settings"
        self.query_one("#summary", Static).update(
            summary(
                self.config,
                wrong,
                self._availability,
                self.console.devices.found,
                self.console.colours,
                compact=not self.has_class("-tall"),
            )
        )
        self._show_setting()
        self.refresh_bindings()

    def _show_setting(self) -> None:
        """Explain the focused field, and show its problem, or else the first one, in full."""
        field = self.focused
        name = str(field.id) if isinstance(field, TextField | Choice) else START
        text = setting_text(
            name,
            LABELS.get(name, "Start training"),
            self._problems.get(name, ""),
            self.console.config,
            self._availability,
            self.console.colours,
            is_editing=isinstance(field, TextField) and field.is_editing,
        )
        self.query_one("#setting", Static).update(text, layout=False)
        shown = name if name in self._problems else next(iter(self._problems), "")
        self.query_one("#form").border_subtitle = f"{LABELS[shown]} {self._problems[shown]}" if shown else ""

    def _notes(self) -> dict[str, str]:
        chosen = self.query_one("#dataset", Choice).value
        found = self._availability.get("mnist" if chosen == "auto" else chosen)
        notes = NOTES | {"recipe": RECIPES[self.query_one("#recipe", Choice).value].title}
        if self._problems:
            notes[START] = "invalid fields"
        machine = self.console.devices.found
        if machine is not None and machine.devices:
            notes["device"] = device_note(self.query_one("#device", Choice).value, machine.devices)
        if found is not None:
            mark = {"ready": "✓ ", "bundled": "✓ ", "missing": "↓ ", "damaged": "✕ "}[found.state]
            detail = bytes_label(found.bytes) if found.state == "missing" else found.detail
            notes["dataset"] = f"{mark}{found.title}, {detail}" if chosen == "auto" else mark + detail
        return notes

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("start", "step_recipe"):
            return self.focused is None or isinstance(self.focused, Start)
        return super().check_action(action, parameters)

    def action_step_recipe(self, by: int) -> None:
        self.query_one("#recipe", Choice).action_step(by)

    def action_start(self) -> None:
        """Start a run with the settings of the form, or say why this is not possible and go to the wrong field."""
        if self.console.training.is_running:
            self.notify("a training is running: stop it first (s)", severity="warning")
            return
        if self.config is None:
            name, problem = next(iter(self._problems.items()))
            self.notify(f"{LABELS[name]} {problem}", severity="warning", markup=False)
            self._field(name).focus()
            return
        self.console.analyst.data_dir = self.query_one("#data_dir", Input).value.strip() or None
        config = self.config
        if config.dataset == "auto":  # if the download fails, a dialog offers to use digits instead
            config = replace(config, dataset="mnist")
        self.console.training.start(config, self.query_one("#name", Input).value.strip())

    def training_failed(self, error: Exception) -> None:
        """Ask how to proceed if the data set is unavailable."""
        if not isinstance(error, DataError) and not (isinstance(error, ConfigError) and "data_dir" in error.problems):
            return
        from mnist_tui.tui.widgets.dialogs import Question

        answers = {"retry": "try again", "folder": "another folder", "digits": "train on digits", "close": "close"}
        body = f"{error}\n\nThe data set digits needs no download: 1,797 small images that scikit-learn includes."
        if self.console.training.folder is not None:  # a stored run keeps its data set
            del answers["digits"]
            body = str(error)
        self.app.push_screen(Question("data not available", body, answers), self._handle_answer)

    async def _handle_answer(self, answer: str | None) -> None:
        self._survey()
        if answer in ("folder", "digits"):
            await self.console.action_view(self.MODE)
        if answer == "folder":
            self.query_one("#data_dir", TextField).focus().action_edit()
        if answer == "digits":
            self.query_one("#dataset", Choice).value = "digits"
            self._refresh()
            self.action_start()
        if answer == "retry":
            self.console.training.restart()


def _text(config: RunConfig, name: str) -> str:
    """Return the text of a setting in the form; empty if it equals the placeholder."""
    kind = IN_FORM[name].kind
    text = kind.text(getattr(config, name))
    return "" if text == kind.placeholder else text
