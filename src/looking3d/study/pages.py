"""What a study's pages show."""

from __future__ import annotations

from fastapi.responses import HTMLResponse

from looking3d.pages import page_template
from looking3d.study.answers import Answers, Standing
from looking3d.study.draws import Draws
from looking3d.study.pictures import Pictures
from looking3d.study.words import DIFFERS

PACKAGE = "looking3d.study"


class Study:
    """The pages of a study, with what they show and where answers go."""

    def __init__(
        self, pictures: Pictures, draws: Draws, answers: Answers, consent: str, is_shared: bool
    ) -> None:
        """Prepare.

        Args:
            pictures: Of the subset.
            draws: Who judges what.
            answers: Where they go.
            consent: What participants agree to.
            is_shared: Whether the next person may begin on the same device.
        """
        self.pictures, self.draws, self.answers = pictures, draws, answers
        self.consent, self.is_shared = consent, is_shared
        self.subset = draws.subset
        self._templates = {
            name: page_template(PACKAGE, f"page/{name}.html.jinja")
            for name in ("welcome", "pair", "thanks", "message")
        }

    def welcome(self) -> HTMLResponse:
        """Consent and instructions."""
        return self._page(
            "welcome",
            consent=self.consent,
            total=self.draws.count,
            examples=self.pictures.examples(),
            differs=DIFFERS,
        )

    def next(self, standing: Standing) -> HTMLResponse:
        """The pair that is next, or thanks."""
        if standing.pair is None:
            return self._page("thanks", total=standing.total, is_shared=self.is_shared)
        return self._page("pair", standing=standing, views=len(self.pictures.views(standing.pair)))

    def message(self, status: int, text: str) -> HTMLResponse:
        """Something that went wrong, and the way on."""
        return self._page("message", status, text=text)

    def _page(self, name: str, status: int = 200, **shown: object) -> HTMLResponse:
        html = self._templates[name].render(digest=self.subset.digest, **shown)
        # Never from a cache: the same address shows the next pair, also when someone goes back.
        return HTMLResponse(html, status, {"Cache-Control": "no-store"})
