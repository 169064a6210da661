"""Tells from a photo whether an object is what its 3D model says it should be."""

__version__ = "0.1.0"
