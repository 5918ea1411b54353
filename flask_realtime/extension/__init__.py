"""The Flask extension: the only folder that imports Flask."""
