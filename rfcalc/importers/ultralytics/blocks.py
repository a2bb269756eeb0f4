"""The modules of Ultralytics' files as blocks of the spec language, each written from what the module computes.

Parts are named as in the package, so that a layer of the graph is found in the model's state_dict: cv1.conv, m.0.cv2.conv.
A block is put into a spec only if a layer needs it. {act}, {heads}, {m} and {pools} are filled in.
"""

from __future__ import annotations

BLOCKS = {
    "Conv": """
params: {out: null, k: 1, s: 1, p: half, g: 1, d: 1, act: {act}}
- {name: conv, conv: {out: out, k: k, s: s, p: p, g: g, d: d, act: act}}""",
    "ConvTranspose": """
params: {out: null, k: 2, s: 2, p: 0, norm: bn, act: {act}, bias: false}
- {name: conv_transpose, upconv: {out: out, k: k, s: s, p: p, bias: bias, norm: norm, act: act}}""",
    "Focus": """
params: {out: null, k: 1, s: 1, p: half, g: 1, act: {act}}
- {name: blocks, rearrange: "c (y i:2) (x j:2) -> (j i c) y x"}
- {name: conv, Conv: {out: out, k: k, s: s, p: p, g: g, act: act}}""",
    "GhostConv": """
params: {out: null, k: 1, s: 1, p: half, g: 1, act: {act}}
- {name: cv1, Conv: {out: out//2, k: k, s: s, p: p, g: g, act: act}}
- {name: cv2, Conv: {out: out//2, k: 5, g: out//2, act: act}}
- {name: cat, concat: {}, from: [cv1, cv2]}""",
    "RepConv": """
params: {out: null, k: 3, s: 1, p: 1, p1: 0, g: 1, act: true, id: false}
- {name: conv1, Conv: {out: out, k: k, s: s, p: p, g: g, act: none}}
- {name: conv2, Conv: {out: out, k: 1, s: s, p: p1, g: g, act: none}, from: in}
- {name: bn, bn: {}, from: in, when: id}
- {name: add, add: {}, from: [conv1, conv2, bn], when: id}
- {name: add, add: {}, from: [conv1, conv2], when: not id}
- {name: act, {act_op}, when: act}""",
    "RepVGGDW": """
params: {out: null}
- {name: conv, Conv: {out: out, k: 7, g: out, act: none}}
- {name: conv1, Conv: {out: out, k: 3, g: out, act: none}, from: in}
- {name: add, add: {}, from: [conv, conv1]}
- {name: act, silu: {}}""",
    "Bottleneck": """
params: {out: null, shortcut: true, g: 1, k1: 3, k2: 3, e: 0.5}
- {name: cv1, Conv: {out: int(out*e), k: k1}}
- {name: cv2, Conv: {out: out, k: k2, g: g}}
- {name: add, add: {}, from: [in, cv2], when: shortcut}""",
    "RepBottleneck": """
params: {out: null, shortcut: true, g: 1}
- {name: cv1, RepConv: {out: out}}
- {name: cv2, Conv: {out: out, k: 3, g: g}}
- {name: add, add: {}, from: [in, cv2], when: shortcut}""",
    "BottleneckCSP": """
params: {out: null, n: 1, shortcut: true, g: 1, e: 0.5, c: int(out*e)}
- {name: cv1, Conv: c}
- {name: m, Bottleneck: {out: c, shortcut: shortcut, g: g, e: 1}, repeat: n}
- {name: cv3, conv: {out: c, k: 1, norm: none, act: none}}
- {name: cv2, conv: {out: c, k: 1, norm: none, act: none}, from: in}
- {name: cat, concat: {}, from: [cv3, cv2]}
- {name: bn, bn: {}}
- {name: act, silu: {}}
- {name: cv4, Conv: out}""",
    "C1": """
params: {out: null, n: 1}
- {name: cv1, Conv: out}
- {name: m, Conv: {out: out, k: 3}, repeat: n}
- {name: add, add: {}, from: [m, cv1]}""",
    "C2": """
params: {out: null, n: 1, shortcut: true, g: 1, e: 0.5, c: int(out*e)}
- {name: cv1, Conv: 2*c}
- {name: b, chunk: {parts: 2, index: 1}}
- {name: a, chunk: {parts: 2, index: 0}, from: cv1}
- {name: m, Bottleneck: {out: c, shortcut: shortcut, g: g, e: 1}, repeat: n}
- {name: cat, concat: {}, from: [m, b]}
- {name: cv2, Conv: out}""",
    "C3": """
params: {out: null, n: 1, shortcut: true, g: 1, e: 0.5, k1: 1, k2: 3, c: int(out*e)}
- {name: cv1, Conv: c}
- {name: m, Bottleneck: {out: c, shortcut: shortcut, g: g, k1: k1, k2: k2, e: 1}, repeat: n}
- {name: cv2, Conv: c, from: in}
- {name: cat, concat: {}, from: [m, cv2]}
- {name: cv3, Conv: out}""",
    "C3Ghost": """
params: {out: null, n: 1, e: 0.5, c: int(out*e)}
- {name: cv1, Conv: c}
- {name: m, GhostBottleneck: c, repeat: n}
- {name: cv2, Conv: c, from: in}
- {name: cat, concat: {}, from: [m, cv2]}
- {name: cv3, Conv: out}""",
    "RepC3": """
params: {out: null, n: 1, e: 1.0, c: int(out*e)}
- {name: cv1, Conv: c}
- {name: m, RepConv: c, repeat: n}
- {name: cv2, Conv: c, from: in}
- {name: add, add: {}, from: [m, cv2]}
- {name: cv3, Conv: out, when: c != out}""",
    "RepCSP": """
params: {out: null, n: 1, shortcut: true, g: 1, e: 0.5, c: int(out*e)}
- {name: cv1, Conv: c}
- {name: m, RepBottleneck: {out: c, shortcut: shortcut, g: g}, repeat: n}
- {name: cv2, Conv: c, from: in}
- {name: cat, concat: {}, from: [m, cv2]}
- {name: cv3, Conv: out}""",
    "C2f": """
params: {out: null, n: 1, shortcut: false, g: 1, e: 0.5, c: int(out*e)}
- {name: cv1, Conv: 2*c}
- {name: half, chunk: {parts: 2, index: 1}}
- {name: m, Bottleneck: {out: c, shortcut: shortcut, g: g, e: 1}, repeat: n}
- {name: cat, concat: {}, from: [cv1, {m}]}
- {name: cv2, Conv: out}""",
    "C3k2": """
params: {out: null, n: 1, c3k: false, e: 0.5, g: 1, shortcut: true, c: int(out*e)}
- {name: cv1, Conv: 2*c}
- {name: half, chunk: {parts: 2, index: 1}}
- {name: m, C3: {out: c, n: 2, shortcut: shortcut, g: g, k1: 3}, repeat: n, when: c3k}
- {name: m, Bottleneck: {out: c, shortcut: shortcut, g: g}, repeat: n, when: not c3k}
- {name: cat, concat: {}, from: [cv1, {m}]}
- {name: cv2, Conv: out}""",
    "CIB": """
params: {out: null, shortcut: true, e: 0.5, lk: false, c: int(out*e)}
- {name: cv1.0, Conv: {out: out, k: 3, g: out}}
- {name: cv1.1, Conv: 2*c}
- {name: cv1.2, RepVGGDW: 2*c, when: lk}
- {name: cv1.2, Conv: {out: 2*c, k: 3, g: 2*c}, when: not lk}
- {name: cv1.3, Conv: out}
- {name: cv1.4, Conv: {out: out, k: 3, g: out}}
- {name: add, add: {}, from: [in, cv1.4], when: shortcut}""",
    "C2fCIB": """
params: {out: null, n: 1, shortcut: false, lk: false, g: 1, e: 0.5, c: int(out*e)}
- {name: cv1, Conv: 2*c}
- {name: half, chunk: {parts: 2, index: 1}}
- {name: m, CIB: {out: c, shortcut: shortcut, e: 1, lk: lk}, repeat: n}
- {name: cat, concat: {}, from: [cv1, {m}]}
- {name: cv2, Conv: out}""",
    "Attention": """
params: {out: null, ratio: 0.5, depth: int(out//{heads}*ratio)*{heads}}
- {name: qkv, Conv: {out: out + 2*depth, act: none}}
- {name: mixed, channelshuffle: {heads}}
- {name: q, slice: {stop: depth}}
- {name: k, slice: {start: depth, stop: 2*depth}, from: mixed}
- {name: v, slice: {start: 2*depth}, from: mixed}
- {name: attend, attend: "(d h:{heads}) y x, (d h) u v, (e h) u v -> (h e) y x", from: [q, k, v]}
- {name: values, channelshuffle: out//{heads}, from: v}
- {name: pe, Conv: {out: out, k: 3, g: out, act: none}}
- {name: add, add: {}, from: [attend, pe]}
- {name: proj, Conv: {out: out, act: none}}""",
    "PSABlock": """
params: {out: null}
- {name: attn, Attention: out}
- {name: add1, add: {}, from: [in, attn]}
- {name: ffn.0, Conv: 2*out}
- {name: ffn.1, Conv: {out: out, act: none}}
- {name: add2, add: {}, from: [add1, ffn.1]}""",
    "PSA": """
params: {out: null, e: 0.5, c: int(out*e)}
- {name: cv1, Conv: 2*c}
- {name: a, chunk: {parts: 2, index: 0}}
- {name: b, chunk: {parts: 2, index: 1}, from: cv1}
- {name: attn, Attention: c}
- {name: add1, add: {}, from: [b, attn]}
- {name: ffn.0, Conv: 2*c}
- {name: ffn.1, Conv: {out: c, act: none}}
- {name: add2, add: {}, from: [add1, ffn.1]}
- {name: cat, concat: {}, from: [a, add2]}
- {name: cv2, Conv: out}""",
    "C2PSA": """
params: {out: null, n: 1, e: 0.5, c: int(out*e)}
- {name: cv1, Conv: 2*c}
- {name: a, chunk: {parts: 2, index: 0}}
- {name: b, chunk: {parts: 2, index: 1}, from: cv1}
- {name: m, PSABlock: c, repeat: n}
- {name: cat, concat: {}, from: [a, m]}
- {name: cv2, Conv: out}""",
    "C2fPSA": """
params: {out: null, n: 1, e: 0.5, c: int(out*e)}
- {name: cv1, Conv: 2*c}
- {name: half, chunk: {parts: 2, index: 1}}
- {name: m, PSABlock: c, repeat: n}
- {name: cat, concat: {}, from: [cv1, {m}]}
- {name: cv2, Conv: out}""",
    "AreaAttention": """
params: {out: null}
- {name: qkv, Conv: {out: 3*out, act: none}}
- {name: mixed, channelshuffle: {heads}}
- {name: q, slice: {stop: out}}
- {name: k, slice: {start: out, stop: 2*out}, from: mixed}
- {name: v, slice: {start: 2*out}, from: mixed}
- {name: attend, attend: "{areas}", from: [q, k, v]}
- {name: values, channelshuffle: out//{heads}, from: v}
- {name: pe, Conv: {out: out, k: 7, g: out, act: none}}
- {name: add, add: {}, from: [attend, pe]}
- {name: proj, Conv: {out: out, act: none}}""",
    "AreaBlock": """
params: {out: null, mlp_ratio: 2.0}
- {name: attn, AreaAttention: out}
- {name: add1, add: {}, from: [in, attn]}
- {name: mlp.0, Conv: int(out*mlp_ratio)}
- {name: mlp.1, Conv: {out: out, act: none}}
- {name: add2, add: {}, from: [add1, mlp.1]}""",
    "AreaBlocks": """
params: {out: null, mlp_ratio: 2.0}
- {name: "0", AreaBlock: {out: out, mlp_ratio: mlp_ratio}}
- {name: "1", AreaBlock: {out: out, mlp_ratio: mlp_ratio}}""",
    "A2C2f": """
params: {out: null, n: 1, a2: true, residual: false, mlp_ratio: 2.0, e: 0.5, g: 1, shortcut: true, c: int(out*e)}
- {name: cv1, Conv: c}
- {name: m, AreaBlocks: {out: c, mlp_ratio: mlp_ratio}, repeat: n, when: a2}
- {name: m, C3: {out: c, n: 2, shortcut: shortcut, g: g, k1: 3}, repeat: n, when: not a2}
- {name: cat, concat: {}, from: [cv1, {m}]}
- {name: cv2, Conv: out}
- {name: gamma, scale: {}, when: residual}
- {name: add, add: {}, from: [in, gamma], when: residual}""",
    "GhostBottleneck": """
params: {out: null, k: 3, s: 1, c1: out}
- {name: conv.0, GhostConv: out//2}
- {name: conv.1, Conv: {out: out//2, k: k, s: s, g: out//2, act: none}, when: s == 2}
- {name: conv.2, GhostConv: {out: out, act: none}}
- {name: shortcut.0, Conv: {out: c1, k: k, s: s, g: c1, act: none}, from: in, when: s == 2}
- {name: shortcut.1, Conv: {out: out, act: none}, when: s == 2}
- {name: add, add: {}, from: [conv.2, shortcut.1], when: s == 2}
- {name: add, add: {}, from: [conv.2, in], when: s != 2}""",
    "SPP": """
params: {out: null, c: null}
- {name: cv1, Conv: c}
{pools}
- {name: cat, concat: {}, from: [cv1, m.?]}
- {name: cv2, Conv: out}""",
    "SPPF": """
params: {out: null, c: null, k: 5}
- {name: cv1, Conv: c}
- {name: m, maxpool: {k: k, s: 1, p: half}, repeat: 3}
- {name: cat, concat: {}, from: [cv1, m.?]}
- {name: cv2, Conv: out}""",
    "SPPELAN": """
params: {out: null, c: null, k: 5}
- {name: cv1, Conv: c}
- {name: cv2, maxpool: {k: k, s: 1, p: half}}
- {name: cv3, maxpool: {k: k, s: 1, p: half}}
- {name: cv4, maxpool: {k: k, s: 1, p: half}}
- {name: cat, concat: {}, from: [cv1, cv2, cv3, cv4]}
- {name: cv5, Conv: out}""",
    "SCDown": """
params: {out: null, k: null, s: null, p: half}
- {name: cv1, Conv: out}
- {name: cv2, Conv: {out: out, k: k, s: s, p: p, g: out, act: none}}""",
    "AConv": """
params: {out: null}
- {name: pool, avgpool: {k: 2, s: 1}}
- {name: cv1, Conv: {out: out, k: 3, s: 2}}""",
    "ADown": """
params: {out: null}
- {name: pool, avgpool: {k: 2, s: 1}}
- {name: a, chunk: {parts: 2, index: 0}}
- {name: cv1, Conv: {out: out//2, k: 3, s: 2}}
- {name: b, chunk: {parts: 2, index: 1}, from: pool}
- {name: maxpool, maxpool: {k: 3, s: 2, p: 1}}
- {name: cv2, Conv: out//2}
- {name: cat, concat: {}, from: [cv1, cv2]}""",
    "ELAN1": """
params: {out: null, c3: null, c4: null}
- {name: cv1, Conv: c3}
- {name: half, chunk: {parts: 2, index: 1}}
- {name: cv2, Conv: {out: c4, k: 3}}
- {name: cv3, Conv: {out: c4, k: 3}}
- {name: cat, concat: {}, from: [cv1, cv2, cv3]}
- {name: cv4, Conv: out}""",
    "RepNCSPELAN4": """
params: {out: null, c3: null, c4: null, n: 1}
- {name: cv1, Conv: c3}
- {name: half, chunk: {parts: 2, index: 1}}
- {name: cv2.0, RepCSP: {out: c4, n: n}}
- {name: cv2.1, Conv: {out: c4, k: 3}}
- {name: cv3.0, RepCSP: {out: c4, n: n}}
- {name: cv3.1, Conv: {out: c4, k: 3}}
- {name: cat, concat: {}, from: [cv1, cv2.1, cv3.1]}
- {name: cv4, Conv: out}""",
    "CBLinear": """
params: {out: null, k: 1, s: 1, p: half, g: 1}
- {name: conv, conv: {out: out, k: k, s: s, p: p, g: g, norm: none, act: none, bias: true}}""",
    "Classify": """
params: {out: null, k: 1, s: 1, p: half, g: 1}
- {name: conv, Conv: {out: 1280, k: k, s: s, p: p, g: g}}
- {name: pool, gap: {}}
- {name: linear, linear: out}""",
    "Proto": """
params: {mid: null, out: null}
- {name: cv1, Conv: {out: mid, k: 3}}
- {name: upsample, upconv: {out: mid, k: 2, s: 2}}
- {name: cv2, Conv: {out: mid, k: 3}}
- {name: cv3, Conv: out}""",
    "RepeatedProto": """
params: {mid: null, out: null}
- {name: cv1, Conv: {out: mid, k: 3}}
- {name: upsample, upsample: 2}
- {name: cv2, Conv: {out: mid, k: 3}}
- {name: cv3, Conv: out}""",
    "Branch": """
params: {mid: null, out: null}
- {name: "0", Conv: {out: mid, k: 3}}
- {name: "1", Conv: {out: mid, k: 3}}
- {name: "2", conv: {out: out, k: 1, norm: none, act: none, bias: true}}""",
    "LightBranch": """
params: {c1: null, mid: null, out: null}
- {name: "0.0", Conv: {out: c1, k: 3, g: c1}}
- {name: "0.1", Conv: mid}
- {name: "1.0", Conv: {out: mid, k: 3, g: mid}}
- {name: "1.1", Conv: mid}
- {name: "2", conv: {out: out, k: 1, norm: none, act: none, bias: true}}""",
}
