"""Socket.IO's server: namespaces, sockets, events, rooms. It knows no WSGI and no Flask."""
