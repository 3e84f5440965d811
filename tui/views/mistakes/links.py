"""The way back from images that another view, or another image, has opened."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mnist_tui.engine.analysis.listing import ListSpec, MistakesData
from mnist_tui.engine.analysis.orders import Which
from mnist_tui.engine.analysis.subject import Split

MODE = "mistakes"


@dataclass(frozen=True, slots=True)
class Origin:
    """What was shown before a link was followed."""

    query: str
    """Filter that the link has set."""
    mode: str
    """View that the link is in."""
    split: Split
    spec: ListSpec
    index: int | None
    """Index in the data set's file of the image under the cursor."""
    was_open: bool
    """Whether the image was open."""


class Links:
    """The links that were followed, the last one first to be left."""

    def __init__(self) -> None:
        self._origins: list[Origin] = []
        self._wanted: int | None = None
        """Index in the file of the image that the cursor returns to."""

    def follow(self, origin: Origin) -> ListSpec:
        """Remember what was shown, and return what the link shows.

        A link in another view replaces those that were followed before, because `esc` leads to that view.
        """
        if origin.mode != MODE and self.are_left(origin.spec, is_open=False):
            first = self._origins[0]
            self._origins.clear()
            origin = replace(origin, spec=first.spec, index=first.index, was_open=first.was_open)
        self._origins.append(origin)
        return replace(origin.spec, filter=origin.query, which="all")

    def are_left(self, spec: ListSpec, *, is_open: bool) -> bool:
        """Return whether going back leaves a link, because its filter is unchanged and no image in its list is open."""
        if not self._origins or spec.filter != self._origins[-1].query:
            return False
        return not is_open or leads_to_image(spec.filter)

    def leave(self) -> Origin:
        """Forget the last link, and return what was shown before it."""
        origin = self._origins.pop()
        self._wanted = origin.index
        return origin

    def clear(self, which: Which) -> Which:
        """Forget all links; return which images were listed before the first one, `which` if there was none."""
        first = self._origins[0].spec.which if self._origins else which
        self._origins.clear()
        return first

    def place(self, data: MistakesData, spec: ListSpec) -> int | None:
        """Return the place that the cursor returns to in the list, once the list is that of `spec`."""
        if self._wanted is None or data.spec != spec:
            return None
        listed, self._wanted, wanted = data.scores.indices[data.positions].tolist(), None, self._wanted
        return listed.index(wanted) if wanted in listed else None


def leads_to_image(query: str) -> bool:
    """Return whether the filter of a link selects one image, which is then opened."""
    return query.startswith("index:")
