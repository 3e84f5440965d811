"""The key table: dispatch, footer and help are made of it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True, slots=True)
class Key:
    """A key and what it does."""

    keys: str
    """Textual's names, with commas between alternatives."""
    action: str
    label: str
    """A word or two for the footer; empty for keys that only the help lists."""
    help: str
    """What it does, for the help."""
    shown_as: str = ""
    """How the footer and the help write the key, where Textual's own way is not short."""


@dataclass(frozen=True, slots=True)
class ViewKey:
    """A view, the digit that opens it and its name in the tab bar."""

    digit: str
    mode: str
    title: str
    short: str
    """The title where the tab bar has little room."""


VIEWS = (
    ViewKey("1", "setup", "New run", "New"),
    ViewKey("2", "data", "Data", "Data"),
    ViewKey("3", "training", "Training", "Train"),
    ViewKey("4", "confusion", "Confusion", "Conf"),
    ViewKey("5", "mistakes", "Mistakes", "Miss"),
    ViewKey("6", "projection", "Projection", "Proj"),
    ViewKey("7", "imagine", "Imagine", "Imag"),
    ViewKey("8", "weights", "Weights", "Wgts"),
    ViewKey("9", "runs", "Runs", "Runs"),
)

TABLE: dict[str, tuple[Key, ...]] = {
    "everywhere": (
        *(Key(view.digit, f"view('{view.mode}')", "", f"open {view.title}") for view in VIEWS),
        Key("space", "pause", "pause", "pause or resume the training; where none runs here, the one that is followed"),
        Key("s", "stop", "stop", "stop the training and keep its work"),
        Key("n", "view('setup')", "", "set up a new run"),
        Key(
            "e",
            "screen.export_view",
            "export",
            "export this view: PNG, SVG or PDF, with its numbers if wanted",
        ),
        Key("E", "export_all", "", "export all views, in the way that e was last used; stops an export", "E"),
        Key("L", "screen.log", "", "show the log", "L"),
        Key("question_mark", "screen.help", "help", "show this help", "?"),
        Key("escape", "screen.step_back", "", "one step back", "esc"),
        Key("q", "leave", "quit", "quit; asks first while a training runs"),
    ),
    "setup": (
        Key("enter", "start", "start", "start the training", "enter"),
        Key("down,ctrl+n", "app.focus_next", "", "next field", "↓ tab"),
        Key("up", "app.focus_previous", "", "previous field", "↑"),
        Key("r", "survey", "look again", "look for data sets and devices again"),
    ),
    "data": (
        Key("r", "draw", "redraw", "draw the random turns and shifts anew"),
        Key("v", "split", "split", "next split: training, validation, test"),
        Key("right,pagedown", "page(1)", "more", "the next images", "→"),
        Key("left,pageup", "page(-1)", "", "the images before", "←"),
        Key("i", "style", "look", "half blocks, braille or ASCII"),
        Key("b", "size", "size", "larger or smaller images"),
        Key("d", "load", "get data", "download the data set where it is missing"),
    ),
    "subject": (
        Key("left_square_bracket", "step_epoch(-1)", "epoch", "the epoch before, the next epoch", "[ ]"),
        Key("right_square_bracket", "step_epoch(1)", "", "", ""),
        Key("f", "follow", "follow", "the newest epoch while it trains, then the best one"),
        Key("v", "next_split", "split", "next split: test, validation, training"),
    ),
    "training": (
        Key("y", "log_scale", "log", "logarithmic loss axis"),
        Key("m", "smooth", "smooth", "smooth the curves: not, a little, much"),
        Key("z", "zoom", "zoom", "show all epochs, the last ten or the last three"),
        Key("a", "chart", "loss/acc", "where only one chart fits: loss or accuracy"),
        Key("f", "follow", "follow", "back to the run that trains now"),
        Key("g", "resume_shown", "resume", "resume the run shown, to its end or for more epochs"),
    ),
    "run table": (Key("enter", "select_cursor", "open", "see the run's curves", "enter"),),
    "confusion": (
        Key("up", "move(-1,0)", "", "move over the cells", "↑ ↓ ← →"),
        Key("down", "move(1,0)", "", "", ""),
        Key("left", "move(0,-1)", "", "", ""),
        Key("right", "move(0,1)", "", "", ""),
        Key("enter", "open_cell", "open", "see exactly the cell's images", "enter"),
        Key("p", "shares", "%", "counts or per cent of the row"),
        Key("u", "unordered", "pairs", "pairs in one direction or both together"),
    ),
    "mistakes": (
        Key("up", "move(-1,0)", "", "move over the images, and on to the next page", "↑ ↓ ← →"),
        Key("down", "move(1,0)", "", "", ""),
        Key("left", "move(0,-1)", "", "", ""),
        Key("right", "move(0,1)", "", "", ""),
        Key("pagedown", "page(1)", "", "the next page, the page before", "page ↓ ↑"),
        Key("pageup", "page(-1)", "", "", ""),
        Key("home", "end(False)", "", "the first image, the last one", "home end"),
        Key("end", "end(True)", "", "", ""),
        Key("enter", "look", "open", "see the image large, its neighbours and its history", "enter"),
        Key("escape", "close", "back", "back to the grid; out of the filter, which is emptied", "esc"),
        Key("w", "which", "which", "the wrong images, the right ones from the least sure, or all"),
        Key("slash", "filter", "filter", "only images such as true:3 pred:5 conf>0.9 index:947; esc empties it", "/"),
        Key("o", "sort", "sort", "sort by confidence, loss, margin or index"),
        Key("O", "turn", "", "turn the order around", "O"),
        Key("i", "style", "look", "half blocks, braille or ASCII"),
        Key("b", "size", "size", "larger or smaller images"),
    ),
    "projection": (
        Key("up", "step(0,1)", "", "step to the nearest point that way", "↑ ↓ ← →"),
        Key("down", "step(0,-1)", "", "", ""),
        Key("left", "step(-1,0)", "", "", ""),
        Key("right", "step(1,0)", "", "", ""),
        Key("enter", "open_image", "open", "see the image under the cursor in Mistakes", "enter"),
        Key("t", "method", "t-SNE", "PCA or t-SNE"),
        Key("l", "layer", "layer", "the hidden layer or the output"),
        Key("r", "run", "run", "start the t-SNE, or stop it and keep the picture"),
        Key("w", "wrong", "wrong", "let the wrong ones stand out; the arrows then find only them"),
        Key("c", "classes", "classes", "to the classes: enter shows or hides one, o shows it alone, esc goes back"),
        Key("z", "zoom(1)", "zoom", "zoom in, around the cursor"),
        Key("Z", "zoom(-1)", "", "zoom out", "Z"),
        Key("0", "whole", "", "see the whole picture"),
        Key("shift+up", "pan(0,1)", "", "move the zoomed picture", "shift+↑ ↓ ← →"),
        Key("shift+down", "pan(0,-1)", "", "", ""),
        Key("shift+left", "pan(-1,0)", "", "", ""),
        Key("shift+right", "pan(1,0)", "", "", ""),
        Key("plus,equals_sign", "points(1)", "points", "more points: 1,000, 5,000, 10,000, all", "+ -"),
        Key("minus", "points(-1)", "", "fewer points", "-"),
        Key("i", "look", "look", "dots or the classes' digits"),
    ),
    "legend": (
        Key("enter", "show_or_hide", "hide", "show or hide the class", "enter"),
        Key("o", "only", "only", "show only this class, or all again"),
        Key("up", "choose(-1)", "", "choose a class", "↑ ↓ ← →"),
        Key("down", "choose(1)", "", "", ""),
        Key("left", "aside(-1)", "", "", ""),
        Key("right", "aside(1)", "", "", ""),
    ),
    "imagine": (
        Key("left", "digit(-1)", "digit", "the digit before, the next digit", "← →"),
        Key("right", "digit(1)", "", ""),
        Key("up", "method(-1)", "", "of all classes show the noise, the ascents or the smooth ones", "↑ ↓"),
        Key("down", "method(1)", "", ""),
        Key("r", "search", "run", "imagine this digit in all three ways; while it runs: stop and keep the best"),
        Key("a", "search_all", "all", "imagine all digits"),
        Key("plus", "budget(1)", "tries", "more noise images", "+"),
        Key("minus", "budget(-1)", "", "fewer noise images", "-"),
        Key("i", "style", "look", "half blocks, braille or ASCII"),
    ),
    "weights": (
        Key("enter", "open_unit", "open", "one unit: what excites it, and what it acts on", "enter"),
        Key("o", "sort", "sort", "order by index, norm or structure (Moran's I)"),
        Key("O", "reverse", "", "turn the order around", "O"),
        Key("d", "layers", "layers", "the next layer: the deeper ones as matrices"),
        Key("g", "scale", "scale", "one colour scale for the page or one for each picture"),
        Key("i", "look", "look", "half blocks or signs"),
        Key("b", "size", "size", "larger or smaller images"),
        Key("up", "move(-1,0)", "", "move over the pictures; in one unit to the one before or the next", "↑ ↓ ← →"),
        Key("down", "move(1,0)", "", "", ""),
        Key("left", "move(0,-1)", "", "", ""),
        Key("right", "move(0,1)", "", "", ""),
        Key("pageup", "page(-1)", "", "the page before, the next page", "pgup pgdn"),
        Key("pagedown", "page(1)", "", "", ""),
    ),
    "runs": (
        Key("m", "mark", "mark", "mark or unmark the run"),
        Key("c", "compare", "compare", "lay the marked runs' curves over each other"),
        Key("slash", "filter", "filter", "show only runs with these words", "/"),
        Key("o", "sort", "sort", "sort by the next column"),
        Key("O", "reverse", "", "turn the order around", "O"),
        Key("g", "resume", "resume", "resume the run, to its end or for more epochs"),
        Key("d,delete", "delete", "delete", "delete the run; asks first", "d"),
        Key("r", "reload", "", "read the folder again"),
    ),
    "compare": (
        Key("y", "log_scale", "log", "logarithmic loss axis"),
        Key("m", "smooth", "smooth", "smooth the curves: not, a little, much"),
        Key("z", "zoom", "zoom", "show all epochs, the last ten or the last three"),
        Key("escape", "step_back", "back", "back to the runs", "esc"),
    ),
}


def bindings(scope: str) -> list[BindingType]:
    """Textual's bindings for a scope of the table."""
    return [
        Binding(key.keys, key.action, key.label, show=bool(key.label), key_display=key.shown_as or None)
        for key in TABLE[scope]
    ]


def help_lines(scopes: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Scope, key and what it does, for every key of the scopes."""
    return [
        (scope, key.shown_as or key.keys.replace(",", " "), key.help)
        for scope in scopes
        for key in TABLE.get(scope, ())
        if key.help
    ]
