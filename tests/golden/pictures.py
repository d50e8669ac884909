#!/usr/bin/python3
"""Small picture files in pictures/, and in pictures/expected what Pillow makes of them: python3 pictures.py

A line of expected: file, then the spec (channels, height, width, background), then height, width, channels and the FNV-1a
hash of the pixels. Where Pillow cannot read a file (or drops bits), the pixels come from what was written into it."""
import ctypes
import io
import os
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pictures")
H, W = 9, 13
rng = np.random.RandomState(1)
y, x = np.mgrid[0:H, 0:W]
RGB = np.stack([x * 19 % 256, y * 27 % 256, (x + y) * 11 % 256], -1).astype(np.uint8) ^ rng.randint(0, 24, (H, W, 3)).astype(np.uint8)
GREY = RGB[..., 0]
ALPHA = ((x * 37 + y * 11) % 256).astype(np.uint8)
lines = []


def fnv(b):
    h = 0xcbf29ce484222325
    for v in b:
        h = (h ^ v) * 0x100000001b3 & (1 << 64) - 1
    return h


def write(name, data):
    with open(os.path.join(HERE, name), "wb") as f:
        f.write(data)


def flat(im, background):
    """RGB or L of 8 bits, alpha over the background."""
    if im.mode in ("RGBA", "LA", "PA") or "transparency" in im.info:
        im = im.convert("RGBA")
        out = Image.new("RGB", im.size, (background,) * 3)
        out.paste(im, mask=im.getchannel("A"))
        return out
    return im if im.mode in ("L", "RGB") else im.convert("L") if im.mode == "1" else im.convert("RGB")


def wanted(h, w, spec):
    if spec[1] == 0:
        return h, w
    if spec[2]:
        return spec[1], spec[2]
    return (spec[1] * h // w, spec[1]) if h > w else (spec[1], spec[1] * w // h)


def expect(name, spec, source=None):
    """source: pixels where Pillow is not asked."""
    c, _, _, background = spec
    im = Image.open(os.path.join(HERE, name)) if source is None else Image.fromarray(source)
    turned = source is None and im.getexif().get(0x0112, 1) >= 5
    h, w = wanted(*(im.size if turned else im.size[::-1]), spec)
    if name.endswith(".jpg"):
        im.draft("L" if c == 1 and im.mode != "CMYK" else None, (h, w) if turned else (w, h))
    im = ImageOps.exif_transpose(im) if source is None else im
    im = flat(im, background).convert("L" if c == 1 else "RGB")
    if im.size != (w, h):
        im = im.resize((w, h), Image.BILINEAR)
    px = np.asarray(im)
    lines.append("%s %d %d %d %d %d %d %d %016x" % (name, *spec, h, w, c, fnv(px.tobytes())))


def file(name, data, source=None, specs=((3, 0, 0, 0), (1, 0, 0, 0)), loose=False):
    write(name, data)
    if source is not None and not loose:    # what was written and what Pillow reads agree within a level
        im = flat(Image.open(os.path.join(HERE, name)), 0).convert("RGB")
        ours = flat(Image.fromarray(source), 0).convert("RGB")
        assert np.abs(np.asarray(im).astype(int) - np.asarray(ours)).max() <= 1, name
    for s in specs:
        expect(name, s, source)


# ---- JPEG ----

def jpeg(im, **kw):
    b = io.BytesIO()
    im.save(b, "jpeg", optimize=True, **kw)
    return b.getvalue()


def turbo(px, pixel_format, sampling, **env):
    """What Pillow cannot write: YCCK, odd samplings, restart markers, arithmetic coding."""
    lib = ctypes.CDLL("libturbojpeg.so.0")
    libc = ctypes.CDLL(None)
    for k, v in env.items():
        libc.setenv(k.encode(), v.encode(), 1)
    lib.tjInitCompress.restype = ctypes.c_void_p
    buf, n = ctypes.c_void_p(), ctypes.c_ulong()
    px = np.ascontiguousarray(px)
    assert lib.tjCompress2(ctypes.c_void_p(lib.tjInitCompress()), px.ctypes.data_as(ctypes.c_void_p), px.shape[1], 0, px.shape[0],
                           pixel_format, ctypes.byref(buf), ctypes.byref(n), sampling, 80, 0) == 0
    for k in env:
        libc.unsetenv(k.encode())
    return ctypes.string_at(buf, n.value)


def exif(orientation, order="<"):
    tiff = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, 2)
    tiff += struct.pack(order + "HHII", 0x100, 4, 1, 99) + struct.pack(order + "HHIHHI", 0x112, 3, 1, orientation, 0, 0)
    return b"Exif\0\0" + tiff


def jpegs():
    rgb = Image.fromarray(RGB)
    both = ((3, 0, 0, 0), (1, 0, 0, 0))
    file("grey.jpg", jpeg(Image.fromarray(GREY), quality=80))
    file("444.jpg", jpeg(rgb, quality=90, subsampling=0))
    file("422.jpg", jpeg(rgb, quality=80, subsampling=1))
    file("420.jpg", jpeg(rgb, quality=80, subsampling=2), specs=both + ((3, 4, 5, 0), (3, 9, 6, 0), (3, 30, 0, 0)))
    file("progressive.jpg", jpeg(rgb, quality=80, progressive=True))
    file("cmyk.jpg", jpeg(Image.fromarray(np.dstack([RGB, ALPHA // 2]), "CMYK"), quality=90))
    file("ycck.jpg", turbo(np.dstack([RGB, 255 - ALPHA // 2]), 11, 0))
    file("440.jpg", turbo(RGB, 0, 4))
    file("411.jpg", turbo(RGB, 0, 5))
    file("restart.jpg", turbo(RGB, 0, 2, TJ_RESTART="1B"))
    file("arithmetic.jpg", turbo(RGB, 0, 2, TJ_ARITHMETIC="1"), specs=both)
    plain = jpeg(rgb, quality=90, subsampling=0)
    file("rgb.jpg", plain[:2] + b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0" + plain[20:], specs=((3, 0, 0, 0),))
    file("jfif2.jpg", plain[:11] + b"\2" + plain[12:])
    file("extra.jpg", plain[:-2] + b"abc" + plain[-2:])
    small = jpeg(Image.fromarray(GREY[:3, :5]), quality=60)
    for i in range(1, 9):
        e = exif(i, "<>"[i % 2])
        file("turn%d.jpg" % i, small[:2] + b"\xff\xe1" + struct.pack(">H", len(e) + 2) + e + small[20:], specs=((1, 0, 0, 0), (1, 2, 0, 0)))
    yy, xx = np.mgrid[0:50, 0:70]
    large = np.stack([xx * 3, yy * 4, 255 - xx - yy], -1).astype(np.uint8)
    e = exif(6)
    large = jpeg(Image.fromarray(large), quality=70)
    for name, data in (("large.jpg", large), ("large6.jpg", large[:2] + b"\xff\xe1" + struct.pack(">H", len(e) + 2) + e + large[20:])):
        file(name, data, specs=[(c, h, w, 0) for c in (1, 3) for h, w in ((25, 35), (35, 25), (24, 0), (26, 36), (12, 17), (6, 8), (5, 70), (3, 0))])


# ---- PNG ----

def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def packed(px, depth):
    """Rows of values of `depth` bits as bytes, each row filled up."""
    if depth == 16:
        return [r.astype(">u2").tobytes() for r in px.reshape(len(px), -1)]
    bits = np.unpackbits(px.reshape(len(px), -1, 1).astype(np.uint8), axis=2)[..., 8 - depth:]
    return [np.packbits(r.reshape(-1)).tobytes() for r in bits]


def png(px, depth, kind, interlaced=False, before=(), after=()):
    """px (h, w, channels)"""
    h, w = px.shape[:2]
    passes = [(0, 8, 0, 8), (0, 8, 4, 8), (4, 8, 0, 4), (0, 4, 2, 4), (2, 4, 0, 2), (0, 2, 1, 2), (1, 2, 0, 1)] if interlaced else [(0, 1, 0, 1)]
    raw = b""
    for y0, dy, x0, dx in passes:
        part = px[y0::dy, x0::dx]
        if part.size:
            raw += b"".join(b"\0" + r for r in packed(part, depth))
    z = zlib.compress(raw, 9)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, kind, 0, 0, interlaced)) + b"".join(before)
            + chunk(b"IDAT", z[:20]) + chunk(b"IDAT", z[20:]) + b"".join(after) + chunk(b"IEND", b""))


def scaled(px, most):
    return ((px.astype(np.int64) * 255 + most // 2) // most).astype(np.uint8)


def pngs():
    backs = ((3, 0, 0, 0), (1, 0, 0, 0), (3, 0, 0, 200), (3, 5, 7, 128))
    wide = rng.randint(0, 65536, (H, W, 4))
    palette = chunk(b"PLTE", bytes(rng.randint(0, 256, 48).tolist()))
    for interlaced in (False, True):
        i = "i" if interlaced else ""
        for depth in (1, 2, 4, 8):
            v = GREY[..., None] >> (8 - depth)
            file("grey%d%s.png" % (depth, i), png(v, depth, 0, interlaced), scaled(v[..., 0], (1 << depth) - 1))
            v = np.minimum(v, 15)
            file("palette%d%s.png" % (depth, i), png(v, depth, 3, interlaced, [palette if depth > 2 else chunk(b"PLTE", palette[8:8 + 3 * 2 ** depth])]))
        file("rgb%s.png" % i, png(RGB, 8, 2, interlaced))
        file("rgba%s.png" % i, png(np.dstack([RGB, ALPHA]), 8, 6, interlaced), specs=backs)
        file("grey16%s.png" % i, png(wide[..., :1], 16, 0, interlaced), scaled(wide[..., 0], 65535), loose=True)
        file("rgba16%s.png" % i, png(wide, 16, 6, interlaced), scaled(wide, 65535), specs=backs, loose=True)
    file("greya.png", png(np.dstack([GREY, ALPHA]), 8, 4), specs=backs)
    file("greya16.png", png(wide[..., :2], 16, 4), scaled(np.dstack([wide[..., :1]] * 3 + [wide[..., 1:2]]), 65535), specs=backs, loose=True)
    file("rgb16.png", png(wide[..., :3], 16, 2), scaled(wide[..., :3], 65535), loose=True)
    file("palette_t.png", png(GREY[..., None] >> 4, 8, 3, False, [palette, chunk(b"tRNS", bytes(range(0, 250, 25)))]), specs=backs)
    file("grey_t.png", png(GREY[..., None] >> 6, 2, 0, False, [chunk(b"tRNS", b"\0\2")]), specs=backs,
         source=np.dstack([scaled(GREY >> 6, 3)] * 3 + [np.where(GREY >> 6 == 2, 0, 255).astype(np.uint8)]), loose=True)
    file("rgb_t.png", png(RGB, 8, 2, True, [chunk(b"tRNS", struct.pack(">3H", *map(int, RGB[2, 3])))]), specs=backs)
    # as Pillow compares 8 bits and we 16, the pixels are told here
    t = np.where((wide[..., :3] == wide[2, 3, :3]).all(-1), 0, 255).astype(np.uint8)
    file("rgb16_t.png", png(wide[..., :3], 16, 2, False, [chunk(b"tRNS", struct.pack(">3H", *map(int, wide[2, 3, :3])))]),
         np.dstack([scaled(wide[..., :3], 65535), t]), specs=backs, loose=True)
    file("turn6.png", png(RGB, 8, 2, False, [chunk(b"eXIf", exif(6)[6:])]))
    file("turn5.png", png(RGB, 8, 2, False, [], [chunk(b"tEXt", b"Comment\0x"), chunk(b"eXIf", exif(5, ">")[6:])]))


# ---- BMP ----

def bmp(rows, w, h, depth, coding=0, palette=b"", masks=b"", header=40, colours=0):
    """rows from the lower one up (h < 0: from the upper one down), each filled up here, or bytes as they are."""
    if not isinstance(rows, bytes):
        rows = b"".join(r + bytes(-len(r) % 4) for r in rows)
    if header == 12:
        head = struct.pack("<IHHHH", 12, w, h, 1, depth)
    else:
        head = struct.pack("<IiiHHIIiiII", header, w, h, 1, depth, coding, len(rows), 0, 0, colours, 0)
        if header > 40:
            head += masks + bytes(header - 40 - len(masks))
            masks = b""
    at = 14 + len(head) + len(masks) + len(palette)
    return struct.pack("<2sIHHI", b"BM", at + len(rows), 0, 0, at) + head + masks + palette + rows


def bmps():
    colours = rng.randint(0, 256, (256, 3)).astype(np.uint8)
    four = lambda n: b"".join(bytes(c[::-1]) + b"\0" for c in colours[:n])
    for depth in (1, 4, 8):
        v, n = GREY >> (8 - depth), min(1 << depth, 64)
        v = np.minimum(v, n - 1)
        file("p%d.bmp" % depth, bmp(packed(v[::-1], depth), W, H, depth, palette=four(n), colours=n), colours[v])
        file("core%d.bmp" % depth, bmp(packed(v[::-1], depth), W, H, depth, palette=b"".join(bytes(c[::-1]) for c in colours[:n]), header=12), colours[v], loose=True)
    bgr = RGB[..., ::-1]
    file("rgb.bmp", bmp([r.tobytes() for r in bgr[::-1]], W, H, 24), RGB)
    file("down.bmp", bmp([r.tobytes() for r in bgr], W, -H, 24), RGB)
    file("core24.bmp", bmp([r.tobytes() for r in bgr[::-1]], W, H, 24, header=12), RGB)
    x32 = np.dstack([bgr, ALPHA])
    file("x32.bmp", bmp([r.tobytes() for r in x32[::-1]], W, H, 32), RGB)
    masks = struct.pack("<4I", 0xff0000, 0xff00, 0xff, 0xff000000)
    backs = ((3, 0, 0, 0), (1, 0, 0, 90), (3, 0, 0, 200))
    file("v4.bmp", bmp([r.tobytes() for r in x32[::-1]], W, H, 32, 3, masks=masks, header=108), np.dstack([RGB, ALPHA]), specs=backs)
    file("v5.bmp", bmp([r.tobytes() for r in x32], W, -H, 32, 3, masks=masks, header=124), np.dstack([RGB, ALPHA]), specs=backs)
    c5, c6 = (RGB >> 3).astype(int), (RGB >> 2).astype(int)
    r555 = (c5[..., 0] << 10 | c5[..., 1] << 5 | c5[..., 2]).astype("<u2")
    file("r555.bmp", bmp([r.tobytes() for r in r555[::-1]], W, H, 16), scaled(c5, 31))
    r565 = (c5[..., 0] << 11 | c6[..., 1] << 5 | c5[..., 2]).astype("<u2")
    file("r565.bmp", bmp([r.tobytes() for r in r565[::-1]], W, H, 16, 3, masks=struct.pack("<3I", 0xf800, 0x7e0, 0x1f)),
         np.dstack([scaled(c5[..., :1], 31), scaled(c6[..., 1:2], 63), scaled(c5[..., 2:], 31)]))
    ten = rng.randint(0, 1024, (H, W, 3))
    v = (ten[..., 0] << 20 | ten[..., 1] << 10 | ten[..., 2]).astype("<u4")
    file("r101010.bmp", bmp([r.tobytes() for r in v[::-1]], W, H, 32, 3, masks=struct.pack("<3I", 0x3ff00000, 0xffc00, 0x3ff)), scaled(ten, 1023), loose=True)
    # runs, literals (odd and even), a step (which Pillow 9 reads wrongly), a row left early
    v = np.zeros((4, 7), int)
    v[3] = [1, 1, 1, 1, 2, 3, 4]
    v[2, :2] = 5
    v[1, 3:6] = [6, 7, 6]
    v[0, 0:5] = [3, 9, 3, 9, 3]
    rle8 = bytes([4, 1, 0, 3, 2, 3, 4, 0, 0, 0, 2, 5, 0, 0, 0, 2, 3, 0, 0, 3, 6, 7, 6, 0, 0, 0, 1, 3, 1, 9, 1, 3, 1, 9, 1, 3, 0, 1])
    rle4 = bytes([4, 0x11, 0, 3, 0x23, 0x40, 0, 0, 2, 0x55, 0, 0, 0, 2, 3, 0, 0, 3, 0x67, 0x60, 0, 0, 5, 0x39, 0, 1])
    file("rle8.bmp", bmp(rle8, 7, 4, 8, 1, palette=four(16), colours=16), colours[v], loose=True)
    file("rle4.bmp", bmp(rle4, 7, 4, 4, 2, palette=four(16), colours=16), colours[v], loose=True)


# ---- PNM ----

def pnms():
    bits = (GREY < 100).astype(np.uint8)
    file("bits.pbm", b"P1 # bits\n13 9\n" + b"\n".join("".join(map(str, r)).encode() for r in bits), (1 - bits) * 255)
    file("raw.pbm", b"P4\n13\n#x\n9\n" + b"".join(packed(bits, 1)), (1 - bits) * 255)
    text = lambda v: b"\n".join(" ".join(map(str, r)).encode() for r in v.reshape(len(v), -1))
    wide = rng.randint(0, 65536, (H, W, 3))
    file("grey.pgm", b"P2\n13 9\n#max\n100\n" + text(GREY // 3), scaled(GREY // 3, 100))
    file("raw.pgm", b"P5 13 9 255\n" + GREY.tobytes(), GREY)
    file("raw16.pgm", b"P5 13 9 65535\n" + wide[..., 0].astype(">u2").tobytes(), scaled(wide[..., 0], 65535), loose=True)
    file("rgb.ppm", b"P3 13 9 255 " + text(RGB), RGB)
    file("raw.ppm", b"P6\n#c\n13 9 255\n" + RGB.tobytes(), RGB)
    file("raw10.ppm", b"P6 13 9 1000\n" + (wide % 1001).astype(">u2").tobytes(), scaled(wide % 1001, 1000))


# ---- resizing: pictures that the test makes too, by the same numbers ----

def noise(h, w, c):
    out, s = bytearray(), 12345
    for _ in range(h * w * c):
        s = (s * 1103515245 + 12345) & 0x7fffffff
        out.append(s >> 16 & 255)
    return np.frombuffer(bytes(out), np.uint8).reshape((h, w, c) if c > 1 else (h, w))


def resizes():
    for h, w, c in ((1, 1, 3), (2, 3, 1), (67, 131, 3), (67, 131, 1), (300, 40, 3), (33, 1, 1)):
        im = Image.fromarray(noise(h, w, c))
        for th, tw in ((1, 1), (5, 7), (33, 65), (66, 131), (67, 50), (67, 131), (100, 200), (224, 3), (16, 400)):
            lines.append("- %d %d %d 0 %d %d %d %016x" % (c, h, w, th, tw, c, fnv(np.asarray(im.resize((tw, th), Image.BILINEAR)).tobytes())))


os.makedirs(HERE, exist_ok=True)
for make in (jpegs, pngs, bmps, pnms, resizes):
    make()
with open(os.path.join(HERE, "expected"), "w") as f:
    f.write("\n".join(lines) + "\n")
