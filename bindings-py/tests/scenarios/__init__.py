"""Plays the scenarios that all languages share, through the public API of this package."""
