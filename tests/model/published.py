"""The published network, written plainly from its description; it shares no line with the package."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

State = dict[str, Tensor]


def encoder_shapes() -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}

    def conv(name: str, outputs: int, inputs: int, size: int, bias: bool = False) -> None:
        shapes[f"{name}.weight"] = (outputs, inputs, size, size)
        if bias:
            shapes[f"{name}.bias"] = (outputs,)

    def norm(name: str, width: int) -> None:
        shapes.update({f"{name}.{k}": (width,) for k in ("weight", "bias", "running_mean", "running_var")})
        shapes[f"{name}.num_batches_tracked"] = ()

    conv("backbone.conv1", 64, 3, 7)
    norm("backbone.bn1", 64)
    inputs = 64
    for layer, width in ((1, 64), (2, 128), (3, 256), (4, 512)):
        for block in (0, 1):
            name = f"backbone.layer{layer}.{block}"
            conv(f"{name}.conv1", width, inputs, 3)
            norm(f"{name}.bn1", width)
            conv(f"{name}.conv2", width, width, 3)
            norm(f"{name}.bn2", width)
            if block == 0 and layer > 1:
                conv(f"{name}.downsample.0", width, inputs, 1)
                norm(f"{name}.downsample.1", width)
            inputs = width
    for i, width in enumerate((64, 128, 256, 512)):
        conv(f"fpn.inner_blocks.{i}.0", 128, width, 1, bias=True)
        conv(f"fpn.layer_blocks.{i}.0", 128, 128, 3, bias=True)
    for name, places in (("panoptic_1", (0, 3, 6)), ("panoptic_2", (0,)), ("panoptic_3", (0, 4))):
        for place in places:
            conv(f"{name}.{place}", 128, 128, 3, bias=True)
            norm(f"{name}.{place + 1}", 128)
    conv("conv1x1_mask", 1, 128, 1)
    return shapes


def projector_shapes() -> dict[str, tuple[int, ...]]:
    widths = (128, 1024, 1024, 1024, 256)
    shapes: dict[str, tuple[int, ...]] = {}
    for i in range(4):
        shapes[f"mlp.{2 * i}.weight"] = (widths[i + 1], widths[i], 1, 1)
        if i < 3:
            shapes[f"mlp.{2 * i}.bias"] = (widths[i + 1],)
    return shapes


def decoder_shapes() -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        "token.weight": (1, 128),
        "q_pos_emb.weight": (1024, 128),
        "kv_spatial_pos_emb.weight": (1024, 128),
        "crossatten.norm.weight": (128,),
        "crossatten.norm.bias": (128,),
    }

    def linear(name: str, outputs: int, inputs: int, bias: bool = True) -> None:
        shapes[f"{name}.weight"] = (outputs, inputs)
        if bias:
            shapes[f"{name}.bias"] = (outputs,)

    linear("pose_to_3d_emb", 128, 12)
    linear("crossatten.proj_in", 512, 128)
    linear("crossatten.proj_out", 128, 512)
    for b in range(3):
        block = f"crossatten.transformer_blocks.{b}"
        for name, context in (("attn1", 512), ("attn2", 256)):
            linear(f"{block}.{name}.to_q", 512, 512, bias=False)
            linear(f"{block}.{name}.to_k", 512, context, bias=False)
            linear(f"{block}.{name}.to_v", 512, context, bias=False)
            linear(f"{block}.{name}.to_out.0", 512, 512)
        linear(f"{block}.ff.net.0.proj", 4096, 512)
        linear(f"{block}.ff.net.2", 512, 2048)
        for i in (1, 2, 3):
            shapes[f"{block}.norm{i}.weight"] = shapes[f"{block}.norm{i}.bias"] = (512,)
    for name, widths in (("bbox_layer", (128, 256, 256, 4)), ("cls_layer", (128, 256, 1))):
        for i in range(len(widths) - 1):
            linear(f"{name}.layers.{i}", widths[i + 1], widths[i])
    linear("map_to_pos_enc", 128, 63)
    return shapes


SHAPES = {
    "encoder": encoder_shapes(),
    "encoder_ema": encoder_shapes(),
    "projector": projector_shapes(),
    "projector_ema": projector_shapes(),
    "attention_decoder": decoder_shapes(),
}


def random_checkpoint(seed: int = 0) -> dict[str, State]:
    """A checkpoint of the published names and shapes, whose numbers keep activations at order 1."""
    generator = torch.Generator().manual_seed(seed)

    def fill(name: str, shape: tuple[int, ...]) -> Tensor:
        if name.endswith("num_batches_tracked"):
            return torch.tensor(7)
        if name.endswith("running_var"):
            return 0.5 + torch.rand(shape, generator=generator)
        values = torch.randn(shape, generator=generator)
        if len(shape) == 1:  # norms and biases
            return 1 + 0.1 * values if name.endswith("weight") else 0.1 * values
        return values * math.sqrt(1.5 / math.prod(shape[1:]))

    return {
        entry: {name: fill(name, shape) for name, shape in shapes.items()} for entry, shapes in SHAPES.items()
    }


def hollow_checkpoint() -> dict[str, State]:
    """A checkpoint of the published names and shapes, all zeros, whose file is small."""
    return {
        entry: {
            name: torch.zeros((), dtype=torch.int64 if name.endswith("tracked") else torch.float32).expand(
                shape
            )
            for name, shape in shapes.items()
        }
        for entry, shapes in SHAPES.items()
    }


def encode(state: State, images: Tensor) -> Tensor:
    """(batch, 3, height, width) -> (batch, 128, height / 8, width / 8)."""

    def conv(name: str, x: Tensor, stride: int = 1) -> Tensor:
        weight = state[f"{name}.weight"]
        return F.conv2d(x, weight, state.get(f"{name}.bias"), stride, weight.shape[-1] // 2)

    def norm(name: str, x: Tensor) -> Tensor:
        mean, var, weight, bias = (
            state[f"{name}.{k}"][:, None, None] for k in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / (var + 1e-5).sqrt() * weight + bias

    x = F.max_pool2d(norm("backbone.bn1", conv("backbone.conv1", images, 2)).relu(), 3, 2, 1)
    levels = []
    for layer in (1, 2, 3, 4):
        for block in (0, 1):
            name = f"backbone.layer{layer}.{block}"
            stride = 2 if layer > 1 and block == 0 else 1
            y = norm(f"{name}.bn1", conv(f"{name}.conv1", x, stride)).relu()
            y = norm(f"{name}.bn2", conv(f"{name}.conv2", y))
            if stride == 2:
                x = norm(f"{name}.downsample.1", conv(f"{name}.downsample.0", x, 2))
            x = (x + y).relu()
        levels.append(x)
    inner = conv("fpn.inner_blocks.3.0", levels[3])
    outputs = [conv("fpn.layer_blocks.3.0", inner)]
    for i in (2, 1):
        inner = conv(f"fpn.inner_blocks.{i}.0", levels[i]) + F.interpolate(
            inner, scale_factor=2, mode="nearest"
        )
        outputs.insert(0, conv(f"fpn.layer_blocks.{i}.0", inner))

    def step(name: str, place: int, x: Tensor) -> Tensor:
        return norm(f"{name}.{place + 1}", conv(f"{name}.{place}", x)).relu()

    def larger(x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)

    fine = outputs[0]
    for place in (0, 3, 6):
        fine = step("panoptic_1", place, fine)
    middle = larger(step("panoptic_2", 0, outputs[1]))
    coarse = larger(step("panoptic_3", 4, larger(step("panoptic_3", 0, outputs[2]))))
    return fine + middle + coarse


def project(state: State, features: Tensor) -> Tensor:
    """beta: (batch, 128, rows, columns) -> (batch, 256, rows, columns), unit vectors."""
    x = features
    for i in (0, 2, 4):
        x = F.conv2d(x, state[f"mlp.{i}.weight"], state[f"mlp.{i}.bias"]).relu()
    x = F.conv2d(x, state["mlp.6.weight"])
    return x / x.square().sum(1, keepdim=True).sqrt()


def darkness(images: Tensor) -> Tensor:
    """(batch, 1, rows, columns), the foreground that multiplies projected features."""
    red, green, blue = images.unbind(1)
    mask = (0.2989 * red + 0.587 * green + 0.114 * blue < 0.8).float()[:, None]
    for _ in range(2):
        padded = F.pad(mask, (1, 1, 1, 1))
        mask = F.unfold(padded, 3).amax(1).reshape(mask.shape)
    size = (images.shape[-2] // 8, images.shape[-1] // 8)
    return F.interpolate(mask, size, mode="bilinear", align_corners=False)


def encode_points(state: State, points: Tensor) -> Tensor:
    """(..., 3) -> (..., 128)."""
    parts = [points]
    for i in range(10):
        parts += [torch.sin(2**i * points), torch.cos(2**i * points)]
    return torch.cat(parts, -1) @ state["map_to_pos_enc.weight"].T + state["map_to_pos_enc.bias"]


def attend(state: State, name: str, x: Tensor, context: Tensor, mask: Tensor | None) -> Tensor:
    """8 heads of 64 over everything, -inf where the mask is false."""
    q, k, v = (
        (y @ state[f"{name}.to_{letter}.weight"].T).unflatten(-1, (8, 64)).transpose(1, 2)
        for letter, y in (("q", x), ("k", context), ("v", context))
    )
    logits = q @ k.transpose(2, 3) / 8
    if mask is not None:
        logits = logits.masked_fill(~mask[:, None], -math.inf)
    found = (logits.softmax(-1) @ v).transpose(1, 2).flatten(2)
    return found @ state[f"{name}.to_out.0.weight"].T + state[f"{name}.to_out.0.bias"]


def blocks(state: State, features: Tensor, context: Tensor, mask: Tensor) -> list[Tensor]:
    """The tokens after each block.

    Args:
        state: Of the decoder.
        features: (batch, patches, 128) of the photo.
        context: (batch, tokens, 256) features and 3D encodings of the views.
        mask: (batch, 1 + patches, tokens), who may attend to what.
    """

    def norm(name: str, x: Tensor) -> Tensor:
        return F.layer_norm(x, (512,), state[f"{name}.weight"], state[f"{name}.bias"])

    token = state["token.weight"].expand(len(features), 1, 128)
    x = torch.cat([token, features], 1)
    x = x @ state["crossatten.proj_in.weight"].T + state["crossatten.proj_in.bias"]
    after = []
    for b in range(3):
        block = f"crossatten.transformer_blocks.{b}"
        normed = norm(f"{block}.norm1", x)
        x = x + attend(state, f"{block}.attn1", normed, normed, None)
        x = x + attend(state, f"{block}.attn2", norm(f"{block}.norm2", x), context, mask)
        inner = norm(f"{block}.norm3", x) @ state[f"{block}.ff.net.0.proj.weight"].T
        value, gate = (inner + state[f"{block}.ff.net.0.proj.bias"]).split(2048, -1)
        exact_gelu = gate * 0.5 * (1 + torch.erf(gate / math.sqrt(2)))
        x = x + (value * exact_gelu) @ state[f"{block}.ff.net.2.weight"].T + state[f"{block}.ff.net.2.bias"]
        after.append(x)
    return after


def heads(state: State, x: Tensor) -> tuple[Tensor, Tensor]:
    """Logit and box from the tokens after the last block."""
    token = (x @ state["crossatten.proj_out.weight"].T + state["crossatten.proj_out.bias"])[:, 0]

    def mlp(name: str, x: Tensor, layers: int) -> Tensor:
        for i in range(layers):
            x = x @ state[f"{name}.layers.{i}.weight"].T + state[f"{name}.layers.{i}.bias"]
            x = x.relu() if i < layers - 1 else x
        return x

    return mlp("cls_layer", token, 2)[:, 0], mlp("bbox_layer", token, 3).sigmoid()
