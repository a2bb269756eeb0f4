"""Operators of ONNX that are not followed, and why: their outputs are bounds with `--unknown bound`, errors without."""

from __future__ import annotations

ANYWHERE = "where it reads depends on values"
HOW_MANY = "how much it gives depends on values"
ORDER = "each number depends on all before it"
RANDOM = "it draws numbers"
TEXT = "it works on text"
LOSS = "it is a loss, for training"
SEQUENCE = "sequences whose length the network sets are not followed"
SPECTRUM = "each frequency depends on the whole signal"

REASONS: dict[str, str] = {
    **dict.fromkeys(
        ("AffineGrid", "GridSample", "DeformConv", "MaxUnpool", "ReverseSequence", "RoiAlign", "MaxRoiPool"), ANYWHERE
    ),
    **dict.fromkeys(("GatherElements", "GatherND", "Scatter", "ScatterElements", "ScatterND", "TensorScatter"), ANYWHERE),
    **dict.fromkeys(("Compress", "NonZero", "Unique"), HOW_MANY),
    **dict.fromkeys(("CumProd", "CumSum", "GRU", "LSTM", "RNN", "LinearAttention", "CausalConvWithState"), ORDER),
    **dict.fromkeys(("Bernoulli", "Multinomial", "RandomNormal", "RandomUniform"), RANDOM),
    **dict.fromkeys(("RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit", "TfIdfVectorizer"), TEXT),
    **dict.fromkeys(("NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"), LOSS),
    **dict.fromkeys(("Optional", "OptionalGetElement", "OptionalHasElement"), SEQUENCE),
    **dict.fromkeys(("SequenceEmpty", "SequenceErase", "SequenceInsert", "SequenceLength", "SequenceMap"), SEQUENCE),
    **dict.fromkeys(("DFT", "STFT"), SPECTRUM),
    **dict.fromkeys(("Loop", "Scan"), "how often its body runs is not followed"),
    "BitCast": "it takes the bits of numbers for other numbers",
    "BitShift": "it shifts the bits of numbers",
    "BitwiseXor": "it combines the bits of numbers",
    "Det": "the determinant of a matrix reads all of it",
    "DynamicQuantizeLinear": "its scale is that of the whole input",
    "ImageDecoder": "it reads a file format",
    "RotaryEmbedding": "numbers of a channel pair are mixed",
    "SwiGLU": "halves of the channels are multiplied",
    "TopK": "which numbers it gives depends on values",
}
# Made from sizes and stored numbers, never from the network's input.
CONSTANTS = frozenset(
    ("BlackmanWindow", "Constant", "ConstantOfShape", "HammingWindow", "HannWindow", "MelWeightMatrix", "Range")
)
# Followed by the walk itself.
CONTROL = {"If": "the branch of a condition that is known before the network runs"}
