"""Complex numbers between real arguments and real results: recursions, waves, spectra, matrices, writes in place."""

import cmath

import numpy as np

from .registry import case, draw, positive

NO_FFT = "Numba has no np.fft"
WEIGHTS = np.exp(1j * np.linspace(0.0, 2.0, 5))
SHIFT = 0.5 - 0.25j
PHASES = np.exp(1j * np.linspace(0.0, 1.0, 4)).astype(np.complex64)


@case(args=(0.3, 0.2, 5), wrt=(0, 1), second=True, also=((0.3, 0.2, 0),))
def mandelbrot(re, im, n):
    c = re + 1j * im
    z = 0.0
    for _ in range(n):
        z = z * z + c
    return np.abs(z) ** 2


@case(args=(-0.9, 0.4), also=((0.1, 0.1), (2.0, 1.0)), jit=True)
def escape(re, im):
    z = complex(re, im)
    c = z
    k = 0
    while abs(z) < 2.0 and k < 8:
        z = z**2 + c
        k += 1
    return abs(z) + 0.1 * k


@case(args=(draw(6), 0.7, 0.3), second=True)
def damped_oscillator(t, omega, gamma):
    z = np.exp((1j * omega - gamma) * t)
    return np.sum(z.real * t)


@case(args=(positive(5), draw(5)), second=True)
def polar_coordinates(r, phi):
    z = r * np.exp(1j * phi)
    return np.sum(np.angle(z * z) * np.abs(z) ** 3)


@case(args=(draw(8), draw(8, seed=1), 0.05, 3), wrt=(0, 1, 2), second=True, jit=False, reason=NO_FFT)
def schroedinger(psi0, v, dt, steps):
    n = len(psi0)
    k = 2.0 * np.pi * np.fft.fftfreq(n, 0.5)
    half = np.exp(-0.5j * dt * v)
    kinetic = np.exp(-0.5j * dt * k**2)
    psi = psi0.astype(complex)
    for _ in range(steps):
        psi = half * np.fft.ifft(kinetic * np.fft.fft(half * psi))
    return np.sum(np.linspace(-1.0, 1.0, n) * np.abs(psi) ** 2)


@case(args=(draw(6), 0.4), second=True)
def written_element_by_element(x, w):
    z = np.zeros(len(x), dtype=np.complex128)
    for i in range(len(x)):
        z[i] = x[i] * np.exp(1j * w * i)
        if i > 0:
            z[i] += 0.5 * z[i - 1] * np.conj(z[i])
    z[1:] *= 1j
    weights = z.real**2
    return np.sum(weights * np.imag(z)) + abs(z[0])


@case(args=(draw(5), draw(5, seed=1)))
def parts_written_through_views(x, y):
    z = np.zeros(5, np.complex128)
    re = z.real
    re[:] = x
    z.imag[1:] = y[1:] * x[:-1]
    return np.abs(z * z + 1.0)


@case(args=(draw(7), draw(3)), second=True, jit=False, reason=NO_FFT)
def circular_convolution(x, h):
    n = len(x)
    return np.sum(np.fft.ifft(np.fft.fft(x) * np.fft.fft(h, n)).real ** 3)


@case(args=(draw(6), draw(4)), jit=False, reason=NO_FFT)
def linear_convolution(x, h):
    n = len(x) + len(h) - 1
    return np.fft.irfft(np.fft.rfft(x, n) * np.fft.rfft(h, n), n)


@case(args=(draw(9),), second=True, jit=False, reason=NO_FFT)
def periodogram(x):
    spectrum = np.fft.rfft((x - np.mean(x)) * np.hanning(9))
    power = np.abs(spectrum) ** 2 / len(x)
    return np.sum(power * np.log(1.0 + power))


@case(args=(draw(16), 8, 4), wrt=0, second=True, jit=False, reason=NO_FFT)
def welch(x, width, hop):
    total = np.zeros(width // 2 + 1)
    count = 0
    for start in range(0, len(x) - width + 1, hop):
        segment = x[start : start + width] * np.hanning(width)
        total = total + np.abs(np.fft.rfft(segment)) ** 2
        count += 1
    return np.sum(np.sqrt(total / count + 0.1))


@case(args=(draw(8), 1.3), second=True, jit=False, reason=NO_FFT)
def spectral_filter(x, cutoff):
    f = np.fft.rfftfreq(len(x))
    gain = 1.0 / (1.0 + (f * cutoff * 8.0) ** 2)
    return np.sum(np.fft.irfft(gain * np.fft.rfft(x), len(x)) ** 2 * x)


@case(args=(draw(8),), jit=False, reason=NO_FFT)
def spectral_derivative(u):
    k = 2j * np.pi * np.fft.fftfreq(len(u))
    return np.real(np.fft.ifft(k * np.fft.fft(u)))


@case(args=(draw(6), 0.3), second=True, jit=False, reason=NO_FFT)
def frequencies_of_a_spacing(x, d):
    return np.sum(np.fft.fftfreq(len(x), d) * np.abs(np.fft.fft(x)) ** 2)


@case(args=(draw(4, 6),), second=True, jit=False, reason=NO_FFT)
def blurred_image(image):
    spectrum = np.fft.fft2(image)
    fy = np.fft.fftfreq(4)[:, None]
    fx = np.fft.fftfreq(6)[None, :]
    smooth = np.fft.ifft2(spectrum * np.exp(-3.0 * (fx**2 + fy**2)))
    return np.sum(smooth.real**2 * image)


@case(args=(draw(4, 5),), jit=False, reason=NO_FFT)
def half_plane(image):
    spectrum = np.fft.rfft2(image, norm="ortho")
    spectrum[0, 0] = 0.0
    return np.fft.irfft2(spectrum * np.abs(spectrum), s=(4, 5), norm="ortho")


@case(args=(draw(7),), second=True, jit=False, reason=NO_FFT)
def analytic_signal(x):
    spectrum = np.fft.fft(x)
    spectrum[1:4] *= 2.0
    spectrum[4:] = 0.0
    return np.sum(np.abs(np.fft.ifft(spectrum)))


@case(args=(draw(6),), jit=False, reason=NO_FFT)
def cepstrum(x):
    return np.fft.irfft(np.log(np.abs(np.fft.rfft(x)) + 1.0), len(x))


@case(args=(draw(3, 3), draw(3, 3, seed=1), draw(3)), second=True)
def complex_matrices(a, b, x):
    m = a + 1j * b
    v = m @ (m.T @ x)
    return np.sum(np.abs(v) ** 2) + np.real(v @ v)


@case(args=(draw(2, 3), draw(3, 2)), second=True, jit=False, reason="Numba has no np.einsum")
def contractions(a, b):
    z = np.exp(1j * a)
    w = np.einsum("ij,jk->ik", z, b + 0.5j) + np.tensordot(z, b, 1)
    return np.sum(np.abs(np.outer(w[0], w[1])) ** 2) + np.vdot(z, 1j * z * a).imag


@case(args=(draw(3, 3) + 3.0 * np.eye(3), draw(3, 3, seed=1), draw(3)), second=True, jit=False, reason="complex solve")
def impedance(a, b, x):
    return np.sum(np.abs(np.linalg.solve(a + 1j * b, x)) ** 2)


@case(args=(draw(5), 0.8), second=True)
def constants_from_outside(x, a):
    z = WEIGHTS * x * SHIFT + a
    return np.sum(np.imag(z * z) * x)


@case(args=(draw(5), WEIGHTS * SHIFT, 1.0 - 2.0j), wrt=0, second=True)
def complex_arguments_held_fixed(x, w, k):
    return np.sum(np.abs(w * x + k) ** 2 * x)


@case(args=(draw(4), draw(4, seed=1)), second=True)
def functions_of_complex_numbers(x, y):
    z = x + 1j * y
    s = np.sin(z) * np.cosh(0.3 * z) + np.sqrt(z + 4.0) - np.tanh(0.2 * z) / (z * z + 5.0)
    return np.sum(np.real(s * np.conj(z)) + np.imag(np.log(s + 7.0)) ** 2)


@case(args=(0.4, 0.9), second=True, also=((-0.4, 0.9),))
def cmath_functions(x, y):
    z = cmath.exp(x + 1j * y) * cmath.sqrt(2.0 + 1j * x)
    return cmath.sin(z).real + cmath.log(z).imag * z.conjugate().imag + cmath.phase(z)


@case(args=(draw(6), draw(6, seed=1)), second=True)
def chosen_and_stacked(x, y):
    z = np.where(x > 0.0, x, 1j * y)
    w = np.stack([z, np.conj(z) * y])
    joined = np.concatenate([w[0], x, w[1][::-1]])
    return np.sum(np.abs(joined) ** 2 * np.linspace(1.0, 2.0, 18))


@case(args=(draw(5), 1.2), also=((draw(5, seed=2), -0.3),), second=True)
def on_one_branch_only(x, a):
    total = 0.0
    for i in range(len(x)):
        if x[i] > 0.0:
            z = x[i] * np.exp(1j * a * i)
            total += (z * z).real
        else:
            total += x[i] * a
    return total


@case(args=(draw(6),), jit=False, reason=NO_FFT)
def shifted_spectrum(x):
    spectrum = np.fft.fftshift(np.fft.fft(x))
    return np.abs(np.fft.ifft(np.fft.ifftshift(spectrum * np.arange(6)))) ** 2


@case(args=(draw(4).astype(np.float32), draw(4, seed=1).astype(np.float32)), jit=False, reason=NO_FFT)
def single_precision_spectrum(x, y):
    return np.abs(np.fft.fft(x + PHASES * y)) ** 2


@case(args=(draw(5), 0.5), second=True)
def powers(x, p):
    z = 2.0 + x * 1j
    return np.sum(np.real(z**3 + z**p + 1.5**z) + np.abs(z) ** p)


@case(args=(0.7, 3), wrt=0, second=True)
def phase_factors(theta, n):
    total = 0.0 + 0.0j
    for k in range(1, n + 1):
        total += np.exp(1j * k * theta) / k
    return total.real * total.imag


@case(args=(draw(5), draw(5, seed=1)), second=True)
def swapped_in_a_loop(x, y):
    a = x + 1j * y
    b = np.conj(a)
    for _ in range(3):
        a, b = b, 1j * a + 0.1 * b * np.abs(a)
    return np.sum(np.real(a * a) + np.imag(b))
