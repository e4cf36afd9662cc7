"""The server of PRR-FL in NumPy, the way the authors' code works, timed: the counterpart of the bench
"PRR-FL communication of 4 clients, width 1". Prints one JSON line as the benches do.

    python3 bench/numpy_aggregation.py [--repetitions 5]
"""

import argparse
import json
import platform
import time

import numpy as np

NAME = "PRR-FL communication of 4 clients, width 1"
CLIENTS = 4
RATE = 0.825  # the middle of the official schedule

# Weights of vgg_nb that are aggregated: output and input channels.
CONVOLUTIONS = [(32, 3), (32, 32), (64, 32), (64, 64), (128, 64)] + [(128, 128)] * 5 + [
    (256, 128), (256, 256), (256, 256)]
SHAPES = [(*channels, 3, 3) for channels in CONVOLUTIONS] + [(64, 256), (3, 64)]


def matrix_of(weight):
    """A convolution's weight [O, C, kh, kw] as a matrix [C·kh, kw·O]; a linear one as it is."""
    if weight.ndim == 2:
        return weight
    outputs, inputs, height, width = weight.shape
    return weight.transpose(1, 2, 3, 0).reshape(inputs * height, width * outputs)


def weight_of(matrix, shape):
    """The inverse of matrix_of."""
    if len(shape) == 2:
        return matrix
    outputs, inputs, height, width = shape
    return matrix.reshape(inputs, height, width, outputs).transpose(3, 0, 1, 2)


def aggregate(weights, rate):
    """Progressive Fourier Aggregation of one weight of every client: a list like `weights`, in float32."""
    spectra = [np.fft.fft2(matrix_of(weight.astype(np.float64))) for weight in weights]
    amplitudes = [np.fft.fftshift(np.abs(spectrum)) for spectrum in spectra]
    phases = [np.angle(spectrum) for spectrum in spectra]
    window = tuple(
        slice(n // 2 - int(np.floor(n * rate / 2)), n // 2 + int(np.floor(n * rate / 2)))
        for n in amplitudes[0].shape)
    mean = sum(amplitude[window] for amplitude in amplitudes) / len(weights)
    results = []
    for weight, amplitude, phase in zip(weights, amplitudes, phases):
        amplitude[window] = mean
        mixed = np.fft.ifftshift(amplitude) * np.exp(1j * phase)
        result = np.real(np.fft.ifft2(mixed))
        results.append(weight_of(result, weight.shape).astype(np.float32))
    return results


def check():
    """Clients that agree keep what they have; the mean over others is kept."""
    random = np.random.default_rng(0)
    one, other = random.standard_normal((2, 6, 5, 3, 3)).astype(np.float32)
    assert np.allclose(aggregate([one, one], RATE)[1], one, atol=1e-6)
    assert np.allclose(aggregate([one, other], 0)[0], one, atol=1e-6)
    assert not np.allclose(aggregate([one, other], RATE)[0], one, atol=1e-2)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--repetitions", type=int, default=5)
    repetitions = parser.parse_args().repetitions
    check()
    random = np.random.default_rng(1)
    clients = [random.standard_normal((CLIENTS, *shape)).astype(np.float32) for shape in SHAPES]
    times = []
    for _ in range(repetitions + 1):
        start = time.perf_counter()
        for weights in clients:
            aggregate(list(weights), RATE)
        times.append(1000 * (time.perf_counter() - start))
    median = float(np.median(times[1:]))  # without the first, which warms up
    print(json.dumps({
        "name": NAME,
        "ms": round(median, 2),
        "adapter": platform.machine(),
        "runtime": f"NumPy {np.__version__}",
    }, ensure_ascii=False))


if __name__ == "__main__":
    main()
