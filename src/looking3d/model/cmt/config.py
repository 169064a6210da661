"""Settings of CMT, and its presets by name."""

from __future__ import annotations

from dataclasses import dataclass, replace

from looking3d.errors import ConfigError, unknown_name
from looking3d.model.encoder import STRIDE
from looking3d.model.setting_checks import check_at_least, check_heads, check_image_px


@dataclass(frozen=True)
class CmtConfig:
    """Settings of the correspondence matching transformer; the defaults are the paper's.

    The first switches are the components that the paper takes away (table 2).
    """

    cga: bool = True
    """Each patch attends to the `top_k` reference patches that match it best; off, it attends to all."""

    vlfa: bool = True
    """Training aligns local features across views. The model is the same, but without `cga` too it has no
    correspondence head."""

    position_3d: bool = True
    """Reference features are joined by an encoding of the 3D points that they show."""

    image_px: int = 256
    """Side of photos and views, a multiple of 32."""

    encoder_width: int = 64
    """Channels of the first stage of the ResNet."""

    feature_width: int = 128
    """Channels of a local feature, the paper's d."""

    projector_hidden: int = 1024
    """Channels of the hidden layers of the correspondence head."""

    projector_width: int = 128
    """Channels in which patches are compared."""

    top_k: int = 100
    """Reference patches that a patch attends to."""

    train_views: int = 10
    """Reference views in training, drawn from all."""

    test_views: int = 20
    """Reference views in testing."""

    blocks: int = 3
    """Transformer blocks, the paper's B."""

    heads: int = 8
    """Heads of each attention; they share `width`."""

    width: int = 128
    """Channels inside the blocks; projected to and fro where they are not `feature_width`."""

    norm: str = "before"
    """`before`: residual steps on normalised inputs, as in the published network. `after`: equations 3 to 9
    to the letter, with which patches become all alike (`docs/LOG.md`)."""

    self_attention_residual: bool = False
    """With norm `after`, add to the answer of self-attention what it was asked; equation 3 does not. Without
    it a patch's own features reach the next step only as far as it attends to itself."""

    feed_forward: str = "gelu"
    """Kind of the feed-forward networks, `gelu` or `geglu`."""

    reduce_context: bool = True
    """Each block brings reference features and their 3D encoding to `width` before keys and values
    (equation 2)."""

    position_layers: int = 2
    """Linear layers of the 3D encoding's MLP."""

    position_frequencies: int = 10
    """Octaves of the Fourier encoding."""

    box_layers: int = 4
    """Linear layers of the box head."""

    foreground: str = "reference"
    """`reference`: reference patches that show no object are no candidates. `both`: and patches of the
    photo that show none have no candidates. `luma`: all are candidates, and patches are compared by their
    features times how dark they are, as the published network does."""

    key_momentum: float | None = None
    """A second encoder and correspondence head, which training follows slowly with this momentum, make the
    keys of alignment; none: the same ones do."""

    ranking: str = "similarity"
    """What makes candidates: `similarity` of features, or `geometry`, being near in the photo once the
    reference is projected there."""

    radius: float = 7 / 128
    """How near candidates by geometry are at most, as a fraction of the image's side."""

    empty_token: bool = False
    """One candidate more for every patch, learned: nothing of the reference belongs here."""

    fusion: str = "add"
    """`add` what attention finds to the query, or `concatenate` both, their difference, product and the
    best similarity, for an MLP."""

    local_convolution: bool = False
    """Each block looks at neighbouring patches, too."""

    query_position: bool = False
    """The photo's patches know where they are."""

    patch_head: bool = False
    """A logit for each patch, to be trained by the anomaly's mask, and told to the verdict."""

    def __post_init__(self) -> None:
        """Refuse what no model can be built of."""
        check_at_least(self, 1, "encoder_width", "feature_width", "projector_hidden", "projector_width")
        check_at_least(self, 1, "top_k", "train_views", "test_views", "blocks", "heads", "width")
        check_at_least(self, 1, "position_layers", "position_frequencies")
        check_at_least(self, 2, "box_layers")
        check_image_px(self.image_px)
        check_heads(self.width, self.heads)
        if self.key_momentum is not None and not 0 <= self.key_momentum < 1:
            raise ConfigError(f"key_momentum: expected 0 to below 1, got {self.key_momentum}")
        if not self.radius > 0:
            raise ConfigError(f"radius: expected more than 0, got {self.radius}")
        self._one_of("norm", ("after", "before"))
        self._one_of("feed_forward", ("gelu", "geglu"))
        self._one_of("foreground", ("reference", "both", "luma"))
        self._one_of("ranking", ("similarity", "geometry"))
        self._one_of("fusion", ("add", "concatenate"))
        if not self.cga and self.ranking == "geometry":
            raise ConfigError("ranking: geometry ranks candidates, and without cga all are taken")
        if not self.projects and self.key_momentum is not None:
            raise ConfigError("key_momentum: without cga and vlfa nothing is compared that needs keys")

    def _one_of(self, name: str, legal: tuple[str, ...]) -> None:
        if getattr(self, name) not in legal:
            raise unknown_name(name, str(getattr(self, name)), legal)

    @property
    def projects(self) -> bool:
        """Whether the model has a correspondence head."""
        return self.cga or self.vlfa

    @property
    def grid(self) -> int:
        """Patches along a side of the image."""
        return self.image_px // STRIDE


_PAPER = CmtConfig()

_PLUS = replace(
    _PAPER,
    top_k=16,
    ranking="geometry",
    empty_token=True,
    fusion="concatenate",
    local_convolution=True,
    query_position=True,
    patch_head=True,
)


def small(config: CmtConfig) -> CmtConfig:
    """The same model at the size of a laptop."""
    return replace(
        config,
        image_px=128,
        encoder_width=24,
        feature_width=96,
        projector_hidden=192,
        projector_width=64,
        train_views=8,
        test_views=12,
        blocks=2,
        heads=4,
        width=96,
        top_k=max(config.top_k // 4, 1),
    )


_FULL = {
    "cmt": _PAPER,
    "cmt-a": replace(_PAPER, cga=False, vlfa=False, position_3d=False),
    "cmt-b": replace(_PAPER, vlfa=False, position_3d=False),
    "cmt-c": replace(_PAPER, cga=False, position_3d=False),
    "cmt-d": replace(_PAPER, position_3d=False),
    "cmt-letter": replace(_PAPER, norm="after"),
    "cmt-plus": _PLUS,
}

PRESETS = {
    "paper": _PAPER,
    "small": small(_PAPER),
    "released": replace(
        _PAPER,
        projector_width=256,
        width=512,
        feed_forward="geglu",
        reduce_context=False,
        position_layers=1,
        box_layers=3,
        foreground="luma",
        key_momentum=0.999,
    ),
    **_FULL,
    **{f"{name}-small": small(config) for name, config in _FULL.items()},
}
"""Settings by name: `paper`, the same as `cmt`, is the paper's model, `cmt-a` to `cmt-d` are its ablations
(table 2), `cmt-letter` has its equations to the letter, `released` is the published network, and `cmt-plus`
sums up what was found to help. `-small` is each of them at the size of a laptop; `small` is the same as
`cmt-small`."""


def preset(name: str) -> CmtConfig:
    """The settings of this name.

    Raises:
        ConfigError: There is no such preset.
    """
    if name not in PRESETS:
        raise unknown_name("preset", name, PRESETS)
    return PRESETS[name]
