"""Tests of the eager runtime, a file for each theme."""
