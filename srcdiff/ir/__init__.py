"""The intermediate language: structured programs as frozen dataclasses. Imports nothing else of srcdiff."""
