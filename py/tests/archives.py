"""Reads archives as bundles are read."""

from remotemedia._zip import Archive, Limits, Source


def read_zip(archive, limits=Limits()):  # noqa: B008
    """All files of an archive; raises PackageError."""
    opened = Archive(Source(archive), limits)
    opened.digests()
    return dict(opened)
