"""The key table, from which key bindings, footer and help are generated."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True, slots=True)
class Key:
    """A key binding with its labels."""

    keys: str
    """Textual's key names, separated by commas."""
    action: str
    label: str
    """Label in the footer; empty for keys that are listed only in the help."""
    help: str
    """Description in the help; empty for keys that share the entry of another one."""
    shown_as: str = ""
    """The key as displayed in the footer and the help, by default Textual's form."""


@dataclass(frozen=True, slots=True)
class ViewKey:
    """A view, the digit that opens it and its title in the tab bar."""

    digit: str
    mode: str
    title: str
    short: str
    """Abbreviated title for narrow tab bars."""


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
        Key("space", "pause", "pause", "pause or resume the training, or the run that is being followed"),
        Key("s", "stop", "stop", "stop the training and save it"),
        Key("n", "view('setup')", "", "set up a new run"),
        Key(
            "o",
            "screen.open_newest",
            "open",
            "open the newest run, or follow the one in training, if no run is open",
        ),
        Key(
            "e",
            "screen.export_view",
            "export",
            "export this view (PNG, SVG or PDF), optionally with its data",
        ),
        Key("E", "export_all", "", "export all views with the latest options; cancel a running export", "E"),
        Key("L", "screen.log", "", "show the log", "L"),
        Key("question_mark", "screen.help", "help", "show this help", "?"),
        Key("escape", "screen.step_back", "", "go back one step", "esc"),
        Key("ctrl+l", "repaint", "", "repaint the screen, over which another program has written", "ctrl+l"),
        Key("ctrl+z", "suspend_process", "", "suspend mnist-tui; fg in the shell resumes it", "ctrl+z"),
        Key("q", "leave", "quit", "quit; asks for confirmation during training"),
    ),
    "setup": (
        Key("enter", "start", "start", "start the training, on Start; esc returns there", "enter"),
        Key("left", "step_recipe(-1)", "recipe", "previous or next recipe, on Start", "← →"),
        Key("right", "step_recipe(1)", "", "", ""),
        Key("down,ctrl+n", "app.focus_next", "field", "next or previous field", "↑ ↓"),
        Key("up", "app.focus_previous", "", "", ""),
        Key("r", "survey", "rescan", "rescan data sets and devices"),
        Key("g", "resume_newest", "resume", "resume the newest run, to its end or for more epochs"),
    ),
    "field": (
        Key("enter", "edit", "edit", "edit the text field; until then, every key keeps its meaning", "enter"),
        Key("enter,escape", "finish", "done", "end editing and keep the text", "enter esc"),
    ),
    "filter": (
        Key("enter", "submit", "done", "keep the filter and return to the list", "enter"),
        Key("escape", "screen.step_back", "clear", "clear and close the filter", "esc"),
    ),
    "choice": (
        Key("left", "step(-1)", "choose", "previous or next choice, in a field with ‹ ›", "← →"),
        Key("right", "step(1)", "", "", ""),
        Key("enter", "next", "next", "next choice, or the first one again", "enter"),
    ),
    "data": (
        Key("r", "draw", "redraw", "redraw the augmentations with new random values"),
        Key("v", "split", "split", "next split: training, validation, test"),
        Key(
            "left_square_bracket",
            "step_epoch(-1)",
            "epoch",
            "previous or next epoch of an augmentation that fades",
            "[ ]",
        ),
        Key("right_square_bracket", "step_epoch(1)", "", "", ""),
        Key("f", "follow", "follow", "the augmentation of the current epoch"),
        Key("right,pagedown", "page(1)", "more", "next images", "→"),
        Key("left,pageup", "page(-1)", "", "previous images", "←"),
        Key("i", "style", "style", "half blocks, braille or ASCII"),
        Key("b", "size", "size", "larger or smaller images"),
        Key("d", "load", "download", "download the data set if it is missing"),
        Key("enter", "images", "images", "go to the images; enter shows one enlarged, esc leaves", "enter"),
    ),
    "subject": (
        Key("left_square_bracket", "step_epoch(-1)", "epoch", "previous or next epoch", "[ ]"),
        Key("right_square_bracket", "step_epoch(1)", "", "", ""),
        Key("f", "follow", "follow", "follow the newest epoch during training, then show the best one"),
        Key("v", "next_split", "split", "next split: test, validation, training"),
    ),
    "training": (
        Key("y", "log_scale", "log", "logarithmic loss axis"),
        Key("m", "smooth", "smooth", "smoothing: none, weak or strong"),
        Key("z", "zoom", "zoom", "show all, the last ten or the last three epochs"),
        Key("a", "chart", "loss/acc", "loss or accuracy, if only one chart fits"),
        Key("f", "follow", "follow", "return to the run that is training"),
        Key("g", "resume_shown", "resume", "resume the run shown, to its end or for more epochs"),
    ),
    "list": (
        Key("enter", "open", "open", "open the item under the cursor, while its list has the focus", "enter"),
        Key("up", "move(-1,0)", "", "move the cursor in the list", "↑ ↓ ← →"),
        Key("down", "move(1,0)", "", "", ""),
        Key("left", "move(0,-1)", "", "", ""),
        Key("right", "move(0,1)", "", "", ""),
        Key("escape", "screen.step_back", "back", "leave the list", "esc"),
    ),
    "epoch table": (
        Key("enter", "open", "epoch", "select an epoch; enter again shows it in Confusion, esc leaves", "enter"),
        Key("escape", "leave_rows", "back", "stop selecting an epoch", "esc"),
    ),
    "run table": (Key("enter", "select_cursor", "open", "show the curves of the run", "enter"),),
    "confusion": (
        Key("up", "move(-1,0)", "", "move the cursor", "↑ ↓ ← →"),
        Key("down", "move(1,0)", "", "", ""),
        Key("left", "move(0,-1)", "", "", ""),
        Key("right", "move(0,1)", "", "", ""),
        Key("enter", "open_cell", "open", "show the images of the cell, or of the pair, in Mistakes", "enter"),
        Key("tab", "enter_pairs", "list", "go to the most confused pairs; enter shows the images of a pair", "tab"),
        Key("p", "shares", "%", "counts or percentages of the row"),
        Key("u", "unordered", "pairs", "count confused pairs by direction or in both directions together"),
    ),
    "mistakes": (
        Key("up", "move(-1,0)", "", "move the cursor, also across pages", "↑ ↓ ← →"),
        Key("down", "move(1,0)", "", "", ""),
        Key("left", "move(0,-1)", "", "", ""),
        Key("right", "move(0,1)", "", "", ""),
        Key("pagedown", "page(1)", "", "next or previous page", "page ↓ ↑"),
        Key("pageup", "page(-1)", "", "", ""),
        Key("home", "end(False)", "", "first or last image", "home end"),
        Key("end", "end(True)", "", "", ""),
        Key("enter", "open_detail", "open", "show the image with its nearest neighbours and its history", "enter"),
        Key("enter", "neighbours", "neighbours", "in an image: go to its neighbours; enter opens one", "enter"),
        Key("escape", "close", "back", "back to the grid or the view before; clear and close the filter", "esc"),
        Key("w", "which", "show", "show wrong images, correct ones by ascending confidence, or all"),
        Key("slash", "filter", "filter", "filter, such as true:3 pred:5 conf>0.9 index:947; esc clears it", "/"),
        Key("o", "sort", "sort", "sort by confidence, loss, margin or index"),
        Key("O", "turn", "", "reverse the order", "O"),
        Key("i", "style", "style", "half blocks, braille or ASCII"),
        Key("b", "size", "size", "larger or smaller images"),
    ),
    "projection": (
        Key("up", "step(0,1)", "", "move to the nearest point in that direction", "↑ ↓ ← →"),
        Key("down", "step(0,-1)", "", "", ""),
        Key("left", "step(-1,0)", "", "", ""),
        Key("right", "step(1,0)", "", "", ""),
        Key("enter", "open_image", "open", "show the image under the cursor in Mistakes", "enter"),
        Key("t", "method", "t-SNE", "PCA or t-SNE"),
        Key("l", "layer", "layer", "hidden layer or output"),
        Key("r", "run", "run", "start the t-SNE, or stop it and keep the result"),
        Key("w", "wrong", "wrong", "highlight wrong predictions; the arrow keys then skip all others"),
        Key("c", "classes", "classes", "focus the legend: enter shows or hides a class, o isolates it, esc leaves"),
        Key("z", "zoom(1)", "zoom", "zoom in around the cursor"),
        Key("Z", "zoom(-1)", "", "zoom out", "Z"),
        Key("0", "whole", "", "reset the zoom"),
        Key("shift+up", "pan(0,1)", "", "pan", "shift+↑ ↓ ← →"),
        Key("shift+down", "pan(0,-1)", "", "", ""),
        Key("shift+left", "pan(-1,0)", "", "", ""),
        Key("shift+right", "pan(1,0)", "", "", ""),
        Key("plus,equals_sign", "points(1)", "points", "more points: 1,000, 5,000, 10,000, all", "+ -"),
        Key("minus", "points(-1)", "", "fewer points", "-"),
        Key("i", "style", "style", "dots or class digits"),
    ),
    "legend": (
        Key("enter", "toggle_class", "hide", "show or hide the class", "enter"),
        Key("o", "isolate", "only", "show only this class, or all again"),
        Key("up", "move(-1)", "", "select a class", "↑ ↓ ← →"),
        Key("down", "move(1)", "", "", ""),
        Key("left", "move_column(-1)", "", "", ""),
        Key("right", "move_column(1)", "", "", ""),
    ),
    "imagine": (
        Key("left", "digit(-1)", "digit", "previous or next digit", "← →"),
        Key("right", "digit(1)", "", ""),
        Key("up", "method(-1)", "", "method to show for all classes: noise, ascent or smooth", "↑ ↓"),
        Key("down", "method(1)", "", ""),
        Key(
            "enter",
            "open_nearest",
            "nearest",
            "show the training image nearest to the imagined one",
            "enter",
        ),
        Key("r", "search", "run", "imagine this digit by all three methods; stop a search, keeping its best"),
        Key("a", "search_all", "all", "imagine all digits"),
        Key("plus", "budget(1)", "noise", "more noise samples", "+"),
        Key("minus", "budget(-1)", "", "fewer noise samples", "-"),
        Key("i", "style", "style", "half blocks, braille or ASCII"),
    ),
    "weights": (
        Key("enter", "open_unit", "open", "show a unit: its most activating images and its outgoing weights", "enter"),
        Key("enter", "images", "images", "in a unit: go to the images that activate it; enter opens one", "enter"),
        Key("o", "sort", "sort", "sort by index, norm or structure (Moran's I)"),
        Key("O", "reverse", "", "reverse the order", "O"),
        Key("d", "layers", "layers", "next layer; deeper layers are shown as matrices"),
        Key("g", "scale", "scale", "colour scale per page or per picture"),
        Key("i", "style", "style", "half blocks or characters"),
        Key("b", "size", "size", "larger or smaller images"),
        Key("up", "move(-1,0)", "", "move the cursor; in a unit: previous or next unit", "↑ ↓ ← →"),
        Key("down", "move(1,0)", "", "", ""),
        Key("left", "move(0,-1)", "", "", ""),
        Key("right", "move(0,1)", "", "", ""),
        Key("pageup", "page(-1)", "", "previous or next page", "pgup pgdn"),
        Key("pagedown", "page(1)", "", "", ""),
    ),
    "runs": (
        Key("m", "mark", "mark", "mark or unmark the run"),
        Key("c", "compare", "compare", "compare the curves of the marked runs"),
        Key("slash", "filter", "filter", "show only runs that contain all words", "/"),
        Key("o", "sort", "sort", "sort by the next column"),
        Key("O", "reverse", "", "reverse the order", "O"),
        Key("g", "resume", "resume", "resume the run, to its end or for more epochs"),
        Key("d,delete", "delete", "delete", "move the run to the trash in the runs folder; asks for confirmation", "d"),
        Key("u", "undelete", "undelete", "take back the run that was deleted last"),
        Key("r", "reload", "", "reload the runs folder"),
    ),
    "compare": (
        Key("y", "log_scale", "log", "logarithmic loss axis"),
        Key("z", "zoom", "zoom", "show all, the last ten or the last three epochs"),
        Key("tab", "app.focus_next", "runs", "go to the list of the runs; enter opens one", "tab"),
        Key("escape", "step_back", "back", "back to the runs", "esc"),
    ),
}


def bindings(scope: str) -> list[BindingType]:
    """Return the Textual bindings of a scope of the table."""
    return [
        Binding(key.keys, key.action, key.label, show=bool(key.label), key_display=key.shown_as or None)
        for key in TABLE[scope]
    ]


def help_lines(scopes: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Return scope, key and description of each documented key of the scopes."""
    return [
        (scope, key.shown_as or key.keys.replace(",", " "), key.help)
        for scope in scopes
        for key in TABLE.get(scope, ())
        if key.help
    ]
