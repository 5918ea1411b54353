"""Ways to carry messages, one small file each. They know their session as a ``Listener`` only."""
