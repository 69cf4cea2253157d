"""MNIST in its IDX files: checked reading, samples, augmentation."""

import gzip
import hashlib
import math
import pathlib
import struct

import numpy as np
import torch
import torch.nn.functional as F

# SHA-256 of the files train.py reads. train10k is the first 10,000 images of
# MNIST's training set; t10k is MNIST's test set as published.
SHA256 = {
    "train10k-images-idx3-ubyte.gz": "8d551838fb581003d4f038c33d8d052a3dedcbc154329f95e0fcb9eefddc3819",
    "train10k-labels-idx1-ubyte.gz": "f3bae815f00c58b96a05ff628c21688da13b12a78d300b16d286e3621d68b536",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def read_idx(path):
    """Reads one gzipped IDX file of bytes whose SHA-256 is known."""
    path = pathlib.Path(path)
    if sha256(path) != SHA256[path.name]:
        raise SystemExit(f"{path}: not the file these models were trained on (SHA-256 differs)")
    data = gzip.decompress(path.read_bytes())
    rank = data[3]
    dims = struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(dims)


def idx_bytes(array):
    """array (uint8) in the IDX format."""
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


def first_of_each(labels, n):
    """Positions of the first n items of each class, in the order of labels."""
    return np.sort(np.concatenate([np.flatnonzero(labels == c)[:n] for c in range(10)]))


def to_torch(images):
    """uint8[N,28,28] -> float32[N,1,28,28], pixels in [0, 1]."""
    t = torch.frombuffer(bytearray(images.tobytes()), dtype=torch.uint8)
    return t.reshape(-1, 1, 28, 28).float() / 255


def augment(x, degrees=12.0, scale=0.12, shear=0.15, shift=2.0, elastic=1.2):
    """Random affine and elastic deformation of float32[N,1,28,28].

    shift and elastic are in pixels. The elastic field is noise on a 6 x 6 grid,
    interpolated to 28 x 28.
    """
    n = len(x)

    def uniform(limit):
        return (2 * torch.rand(n) - 1) * limit

    angle, sx, sy = uniform(math.radians(degrees)), 1 + uniform(scale), 1 + uniform(scale)
    slant, cos, sin = uniform(shear), angle.cos(), angle.sin()
    theta = torch.stack(
        [
            torch.stack([cos * sx, slant - sin * sy, uniform(shift / 14)], 1),
            torch.stack([sin * sx, cos * sy, uniform(shift / 14)], 1),
        ],
        1,
    )
    grid = F.affine_grid(theta, x.shape, align_corners=False)
    noise = (2 * torch.rand(n, 2, 6, 6) - 1) * (elastic / 14)
    field = F.interpolate(noise, size=(28, 28), mode="bicubic", align_corners=True)
    return F.grid_sample(x, grid + field.permute(0, 2, 3, 1), align_corners=False)
