"""Small darknet files for the tests, put together from tables: the public architectures."""

from __future__ import annotations


def net(size: int) -> str:
    return f"[net]\nbatch=1\nwidth={size}\nheight={size}\nchannels=3\n"


def conv(filters: int, size: int = 3, stride: int = 1, act: str = "leaky") -> str:
    norm = "batch_normalize=1\n" if act != "linear" else ""
    return f"[convolutional]\n{norm}filters={filters}\nsize={size}\nstride={stride}\npad=1\nactivation={act}\n"


def pool(size: int = 2, stride: int = 2) -> str:
    return f"[maxpool]\nsize={size}\nstride={stride}\n"


def route(*layers: int, more: str = "") -> str:
    return f"[route]\nlayers={', '.join(map(str, layers))}\n{more}"


def add(back: int = -3) -> str:
    return f"[shortcut]\nfrom={back}\nactivation=linear\n"


def yolo(classes: int = 80, anchors: int = 3) -> str:
    mask = ",".join(map(str, range(anchors)))
    return conv(anchors * (classes + 5), 1, act="linear") + f"[yolo]\nmask={mask}\nclasses={classes}\nnum=9\n"


UP = "[upsample]\nstride=2\n"


def darknet53() -> str:
    text = conv(32)
    for width, count in ((64, 1), (128, 2), (256, 8), (512, 8), (1024, 4)):
        text += conv(width, 3, 2) + (conv(width // 2, 1) + conv(width) + add()) * count
    return text


def yolov3() -> str:
    text = darknet53() + (conv(512, 1) + conv(1024)) * 3 + yolo()
    for width, skip in ((256, 61), (128, 36)):
        text += route(-4) + conv(width, 1) + UP + route(-1, skip) + (conv(width, 1) + conv(2 * width)) * 3 + yolo()
    return net(416) + text


def yolov3_tiny() -> str:
    text = "".join(conv(width) + pool() for width in (16, 32, 64, 128, 256)) + conv(512) + pool(2, 1)
    text += conv(1024) + conv(256, 1) + conv(512) + yolo()
    return net(416) + text + route(-4) + conv(128, 1) + UP + route(-1, 8) + conv(256) + yolo()


def darknet19() -> str:
    text = conv(32) + pool() + conv(64) + pool()
    for width, count in ((128, 1), (256, 1), (512, 2)):
        text += conv(width) + (conv(width // 2, 1) + conv(width)) * count + pool()
    return text + conv(1024) + (conv(512, 1) + conv(1024)) * 2


def yolov2() -> str:
    text = darknet19() + conv(1024) * 2 + route(-9) + conv(64, 1) + "[reorg]\nstride=2\n" + route(-1, -4) + conv(1024)
    return net(608) + text + conv(425, 1, act="linear") + "[region]\nclasses=80\ncoords=4\nnum=5\nsoftmax=1\n"


def csp(width: int, half: int, inner: int, count: int) -> str:
    """A stage of CSPDarknet-53: two halves, residual blocks in one of them."""
    text = conv(width, 3, 2, "mish") + conv(half, 1, act="mish") + route(-2) + conv(half, 1, act="mish")
    text += (conv(inner, 1, act="mish") + conv(half, 3, act="mish") + add()) * count
    return text + conv(half, 1, act="mish") + route(-1, -(3 * count + 4)) + conv(width, 1, act="mish")


def yolov4() -> str:
    text = conv(32, act="mish") + csp(64, 64, 32, 1) + csp(128, 64, 64, 2)
    text += csp(256, 128, 128, 8) + csp(512, 256, 256, 8) + csp(1024, 512, 512, 4)
    text += conv(512, 1) + conv(1024) + conv(512, 1)
    text += pool(5, 1) + route(-2) + pool(9, 1) + route(-4) + pool(13, 1) + route(-1, -3, -5, -6)
    text += conv(512, 1) + conv(1024) + conv(512, 1)
    for width, skip in ((256, 85), (128, 54)):
        text += conv(width, 1) + UP + route(skip) + conv(width, 1) + route(-1, -3)
        text += (conv(width, 1) + conv(2 * width)) * 2 + conv(width, 1)
    text += conv(256) + yolo()
    for width, skip in ((256, -16), (512, -37)):
        text += route(-4) + conv(width, 3, 2) + route(-1, skip) + (conv(width, 1) + conv(2 * width)) * 3 + yolo()
    return net(608) + text


def yolov4_tiny() -> str:
    text, second = conv(32, 3, 2) + conv(64, 3, 2), route(-1, more="groups=2\ngroup_id=1\n")
    for width in (64, 128, 256):
        half = conv(width // 2)
        text += conv(width) + second + half * 2 + route(-1, -2) + conv(width, 1) + route(-6, -1) + pool()
    text += conv(512) + conv(256, 1) + conv(512) + yolo() + route(-4) + conv(128, 1) + UP + route(-1, 23)
    return net(416) + text + conv(256) + yolo()


TOP = conv(1000, 1, act="linear")


def yolov1() -> str:
    """The first one: behind its convolutions a layer whose positions have weights of their own, and a vector of boxes."""
    layers = (
        net(448) + conv(64, 7, 2) + pool() + conv(192) + pool() + conv(128, 1) + conv(256) + conv(256, 1) + conv(512) + pool()
    )
    layers += (conv(256, 1) + conv(512)) * 4 + conv(512, 1) + conv(1024) + pool() + (conv(512, 1) + conv(1024)) * 2
    layers += conv(1024) + conv(1024, 3, 2) + conv(1024) * 2
    layers += "[local]\nsize=3\nstride=1\npad=1\nfilters=256\nactivation=leaky\n"
    return f"{layers}[dropout]\nprobability=.5\n[connected]\noutput=1715\nactivation=linear\n[detection]\n"


FILES: dict[str, str] = {
    "yolov1": yolov1(),
    "yolov2": yolov2(),
    "yolov3": yolov3(),
    "yolov3-tiny": yolov3_tiny(),
    "yolov4": yolov4(),
    "yolov4-tiny": yolov4_tiny(),
    "darknet19": net(224) + darknet19() + TOP + "[avgpool]\n[softmax]\ngroups=1\n",
    "darknet53": net(256) + darknet53() + "[avgpool]\n" + TOP + "[softmax]\ngroups=1\n",
}
