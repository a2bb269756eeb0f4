"""What `rfcalc` alone prints: the commands by what they are for, a line each, on one screen."""

from __future__ import annotations

from collections.abc import Iterator

# what for: {command: what it does, in one line}
GROUPS: dict[str, dict[str, str]] = {
    "Look": {
        "analyze": "each layer: shape, receptive field, stride, MACs, params",
        "report": "a page to look at: graph, costs, the field of any unit",
        "sizes": "input sizes that fit, growth with size, seamless tiles",
        "paths": "how many paths there are, how long, what each one sees",
        "explain-cost": "why tools disagree about the FLOPs of a network",
    },
    "Compare": {
        "compare": "many networks side by side, and which ones no other beats",
        "diff": "what changed between two specs, or since a revision",
    },
    "Design": {
        "design": "new designs with a receptive field of the size you need",
        "resize": "the cheapest changes to a spec that reach such a field",
        "sweep": "a space of designs: every figure, and which none beats",
        "transform": "fully convolutional, output stride, separable and more",
        "convert": "a torch, ONNX, Ultralytics or Darknet model as a spec",
    },
    "Gate": {
        "check": "lint rules and budgets, for people and for CI",
        "init": "a starter spec, a copy of a shipped one, or a CI job",
        "explain": "what a code, or a word of the spec language, means",
        "layers": "the words of the spec language, a line each",
    },
    "Measure": {
        "verify": "every figure against the network, built in torch",
        "time": "latency, throughput and memory, on the GPU or the CPU",
        "profile": "each layer against what the device can do at best",
        "erf": "how much each pixel influences a unit, by gradients",
        "max-batch": "the largest batch that fits into memory",
    },
    "Files": {
        "lesson": "what the shipped lessons teach, each claim worked out",
        "configs": "the networks that ship with rfcalc, and the text of each",
        "show": "a spec with every layer written out: export --to yaml",
        "export": "torch source, ONNX, Graphviz, Mermaid or YAML",
        "schema": "the JSON Schema of specs, or of what a command prints",
    },
}


def overview() -> str:
    """The whole screen: at most 32 lines of 80 columns."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "Usage: rfcalc COMMAND [ARGS]..."
    yield "Exact receptive fields, MACs, parameters and memory of convolutional networks,"
    yield "from a spec, in milliseconds, without running the network."
    yield ""
    for group, commands in GROUPS.items():
        for i, (name, line) in enumerate(commands.items()):
            yield f"{group if i == 0 else '':<9}{name:<14}{line}"
    yield ""
    yield "Start with: rfcalc analyze resnet50.yaml. More: rfcalc COMMAND --help, --version"
