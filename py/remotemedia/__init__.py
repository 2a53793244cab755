"""RemoteMedia."""
