"""The ten kernels as C++ programs, differentiated by Enzyme: `python -m benchmarks.enzyme`."""
