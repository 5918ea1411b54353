"""What ``socket.set`` and ``socket.get`` reach: values that belong to a session."""
