"""Count the parameters and operations of the catalogue's models from their published architecture.

Run it to see every count beside the one that was counted independently, from the configurations, and
the blocks as the profiles hold them. An operation is a multiply or an add: 2 for each
multiply-accumulate. Only products of matrices are counted; biases, norms, softmax and activations
are not (below 1 % together). Attention is counted over all pairs of tokens, masked or not, and the
vocabulary's scores for every token of a forward pass, as the published implementations compute
them; after the prefill the keys and values are kept, so each further token costs one token.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

#: Counted from the configurations Salesforce/blip2-opt-2.7b and microsoft/git-base.
GIVEN = {
    "blip2.vision_model": 985952256,
    "blip2.qformer": 105137664,
    "blip2.language_projection": 1968640,
    "blip2.language_model": 2651596800,
    "blip2.total": 3744679936,
    "blip2.vision_flops": 520719260160,
    "blip2.vit_block_flops": 13340907008,
    "blip2.qformer_flops": 12747866112,
    "blip2.opt_prefill_32": 169633382400,
    "blip2.opt_prefill_33": 174945239040,
    "blip2.opt_prefill_36": 190884741120,
    "git.total": 176619066,
    "git.embeddings": 24228864,
    "git.image_encoder": 85799424,
    "git.encoder": 42527232,
    "git.visual_projection": 592128,
    "git.vision_flops": 35126120448,
    "git.full_1": 62180775936,
    "git.full_12": 63713276928,
}

#: Generated tokens of a caption, both models.
CAPTION = 12


def linear(tokens: int, width_in: int, width_out: int) -> int:
    """Return the operations of one matrix applied to some tokens."""
    return 2 * tokens * width_in * width_out


def attention(queries: int, keys: int, width: int) -> int:
    """Return the operations of scores and weighted sums, all heads together."""
    return 2 * 2 * queries * keys * width


@dataclass(frozen=True)
class Transformer:
    """Layers of self-attention and a feed-forward network of two matrices."""

    layers: int
    width: int
    hidden: int

    def flops(self, tokens: int, keys: int | None = None) -> int:
        """Return the operations of all layers; ``keys`` counts what was there before too."""
        return self.layers * self.layer_flops(tokens, keys)

    def layer_flops(self, tokens: int, keys: int | None = None) -> int:
        """Return the operations of one layer."""
        projections = 4 * linear(tokens, self.width, self.width)
        network = 2 * linear(tokens, self.width, self.hidden)
        return projections + attention(tokens, keys or tokens, self.width) + network

    def layer_parameters(self, biases: int) -> int:
        """Return the parameters of one layer: 4 + 2 matrices, their biases and two norms."""
        matrices = 4 * self.width**2 + 2 * self.width * self.hidden
        return matrices + biases + 4 * self.width


@dataclass(frozen=True)
class Vision:
    """A vision transformer on square patches of a square image."""

    transformer: Transformer
    image: int
    patch: int

    @property
    def patches(self) -> int:
        return (self.image // self.patch) ** 2

    @property
    def tokens(self) -> int:
        """Patches and the class token."""
        return self.patches + 1

    @property
    def elements(self) -> int:
        """Size of what every block hands on."""
        return self.tokens * self.transformer.width

    def patch_flops(self) -> int:
        return linear(self.patches, 3 * self.patch**2, self.transformer.width)

    def flops(self) -> int:
        return self.patch_flops() + self.transformer.flops(self.tokens)


# ---------------------------------------------------------------------------------------- BLIP-2
VIT_G = Vision(Transformer(39, 1408, 6144), 224, 14)
Q_FORMER = Transformer(12, 768, 3072)
QUERIES = 32
CROSS_LAYERS = 6  # every second layer looks at the image
OPT = Transformer(32, 2560, 10240)
OPT_VOCABULARY, OPT_POSITIONS = 50272, 2050


def vit_g_parameters() -> tuple[int, int]:
    """Return the parameters of one block, and of all that is not a block."""
    width, hidden = VIT_G.transformer.width, VIT_G.transformer.hidden
    # Biases of the joint query-key-value matrix, of the output, and of the two feed-forward ones.
    block = VIT_G.transformer.layer_parameters(3 * width + width + hidden + width)
    patches = 3 * VIT_G.patch**2 * width + width
    return block, patches + width + VIT_G.tokens * width + 2 * width


def q_former_parameters() -> int:
    """Return the parameters: BERT layers, and cross-attention with its norm in every second one."""
    width = Q_FORMER.width
    layer = Q_FORMER.layer_parameters(4 * width + Q_FORMER.hidden + width)
    keys_values = 2 * (VIT_G.transformer.width * width + width)
    cross = 2 * (width**2 + width) + keys_values + 2 * width
    return Q_FORMER.layers * layer + CROSS_LAYERS * cross + 2 * width


def q_former_flops() -> int:
    width = Q_FORMER.width
    cross = (
        2 * linear(QUERIES, width, width)
        + 2 * linear(VIT_G.tokens, VIT_G.transformer.width, width)
        + attention(QUERIES, VIT_G.tokens, width)
    )
    return Q_FORMER.flops(QUERIES) + CROSS_LAYERS * cross


def opt_parameters() -> int:
    """Return the parameters; the scores of the vocabulary share the embedding's matrix."""
    layer = OPT.layer_parameters(4 * OPT.width + OPT.hidden + OPT.width)
    embeddings = (OPT_VOCABULARY + OPT_POSITIONS) * OPT.width
    return embeddings + OPT.layers * layer + 2 * OPT.width


def opt_flops(tokens: int, keys: int | None = None) -> int:
    return OPT.flops(tokens, keys) + linear(tokens, OPT.width, OPT_VOCABULARY)


def opt_caption_flops() -> int:
    """Return a prefill of the image's tokens and the start token, then one token at a time.

    The prefill's last score is the caption's first token, so a caption of n tokens takes n − 1
    steps more.
    """
    prefix = QUERIES + 1
    return opt_flops(prefix) + sum(opt_flops(1, prefix + step) for step in range(1, CAPTION))


# ------------------------------------------------------------------------------------------- GIT
VIT_B = Vision(Transformer(12, 768, 3072), 224, 16)
GIT = Transformer(6, 768, 3072)
GIT_VOCABULARY, GIT_POSITIONS = 30522, 1024


def bert_layer_parameters(transformer: Transformer) -> int:
    biases = 4 * transformer.width + transformer.hidden + transformer.width
    return transformer.layer_parameters(biases)


def vit_b_parameters() -> tuple[int, int]:
    """Return the parameters of one block, and of all that is not a block (two norms, no bias)."""
    width = VIT_B.transformer.width
    patches = 3 * VIT_B.patch**2 * width
    rest = patches + width + VIT_B.tokens * width + 4 * width
    return bert_layer_parameters(VIT_B.transformer), rest


def git_parts() -> dict[str, int]:
    width = GIT.width
    return {
        "embeddings": (GIT_VOCABULARY + GIT_POSITIONS) * width + 2 * width,
        "encoder": GIT.layers * bert_layer_parameters(GIT),
        "visual_projection": width**2 + width + 2 * width,
        "output": GIT_VOCABULARY * (width + 1),
    }


def git_decoder_parameters() -> int:
    return sum(git_parts().values())


def git_forward(frames: int, text: int) -> int:
    """Return one pass over all image tokens and some text tokens, without the image encoder."""
    tokens = VIT_B.tokens * frames + text
    projection = linear(VIT_B.tokens * frames, VIT_B.transformer.width, GIT.width)
    return projection + GIT.flops(tokens) + linear(tokens, GIT.width, GIT_VOCABULARY)


def git_caption_flops(frames: int) -> int:
    """Return a prefill of the frames' tokens and the start token, then one token at a time."""
    prefix = VIT_B.tokens * frames + 1
    steps = sum(GIT.flops(1, prefix + step) for step in range(1, CAPTION))
    scores = (CAPTION - 1) * linear(1, GIT.width, GIT_VOCABULARY)
    return git_forward(frames, 1) + steps + scores


def git_polynomial() -> tuple[int, int, int]:
    """Return the decoder's operations as (base, per frame, per frame squared), exactly."""
    one, two, three = (git_caption_flops(frames) for frames in (1, 2, 3))
    squared = (three - 2 * two + one) // 2
    per_frame = two - one - 3 * squared
    return one - per_frame - squared, per_frame, squared


# ---------------------------------------------------------------------------------------- output
def derived() -> dict[str, int]:
    """Return every count of :data:`GIVEN`, from the architecture."""
    block, rest = vit_g_parameters()
    vision = VIT_G.transformer.layers * block + rest
    projection = Q_FORMER.width * OPT.width + OPT.width
    queries = QUERIES * Q_FORMER.width
    git_block, git_rest = vit_b_parameters()
    image = VIT_B.transformer.layers * git_block + git_rest
    parts = git_parts()
    return {
        "blip2.vision_model": vision,
        "blip2.qformer": q_former_parameters(),
        "blip2.language_projection": projection,
        "blip2.language_model": opt_parameters(),
        "blip2.total": vision + q_former_parameters() + projection + opt_parameters() + queries,
        "blip2.vision_flops": VIT_G.flops(),
        "blip2.vit_block_flops": VIT_G.transformer.layer_flops(VIT_G.tokens),
        "blip2.qformer_flops": q_former_flops(),
        "blip2.opt_prefill_32": opt_flops(32),
        "blip2.opt_prefill_33": opt_flops(33),
        "blip2.opt_prefill_36": opt_flops(36),
        "git.total": image + sum(parts.values()),
        "git.embeddings": parts["embeddings"],
        "git.image_encoder": image,
        "git.encoder": parts["encoder"],
        "git.visual_projection": parts["visual_projection"],
        "git.vision_flops": VIT_B.flops(),
        "git.full_1": VIT_B.flops() + git_forward(1, 1),
        "git.full_12": VIT_B.flops() + git_forward(1, 12),
    }


@dataclass(frozen=True)
class Row:
    """One block as a profile holds it; ``flops`` of a block over all frames is a polynomial."""

    name: str
    flops: int | tuple[int, int, int]
    parameters: int
    elements: int | None


def _vision_rows(name: str, vision: Vision, block: int, rest: int) -> list[Row]:
    flops = vision.transformer.layer_flops(vision.tokens)
    first = Row(f"{name}/1", flops + vision.patch_flops(), block + rest, vision.elements)
    depth = range(2, vision.transformer.layers + 1)
    return [first, *(Row(f"{name}/{k}", flops, block, vision.elements) for k in depth)]


def blip2_rows() -> list[Row]:
    """Return the chain of BLIP-2; the first block holds what belongs to no block too."""
    projection = Q_FORMER.width * OPT.width + OPT.width
    return [
        *_vision_rows("vision-encoder", VIT_G, *vit_g_parameters()),
        Row("q-former", q_former_flops(), q_former_parameters(), QUERIES * Q_FORMER.width),
        Row(
            "projection",
            linear(QUERIES, Q_FORMER.width, OPT.width),
            projection,
            QUERIES * OPT.width,
        ),
        Row("language-model", opt_caption_flops(), opt_parameters(), None),
    ]


def git_rows() -> list[Row]:
    """Return the chain of GIT-base; the first block holds what belongs to no block too."""
    return [
        *_vision_rows("image-encoder", VIT_B, *vit_b_parameters()),
        Row("decoder", git_polynomial(), git_decoder_parameters(), None),
    ]


def main() -> int:
    """Print the counts beside the given ones, and the blocks; fail if any differ."""
    counts = derived()
    for name, given in GIVEN.items():
        verdict = "same" if counts[name] == given else "DIFFERENT"
        print(f"{name:28} {given:>16,} {counts[name]:>16,}  {verdict}")
    for title, rows in (("blip2-opt-2.7b", blip2_rows()), ("git-base", git_rows())):
        print(f"\n{title}")
        for row in rows:
            print(f"  {row.name:20} {row.flops!s:>42} {row.parameters:>12} {row.elements}")
    for frames in (1, 4, 6):
        tokens = VIT_B.tokens * frames
        whole = git_caption_flops(frames)
        prefill = git_forward(frames, 1)
        print(
            f"GIT decoder, {frames} frames, {tokens} image tokens: prefill {prefill:,}, all {whole:,}"
        )
    return 0 if counts == GIVEN else 1


if __name__ == "__main__":
    sys.exit(main())
