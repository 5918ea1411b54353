"""gunicorn's settings; in a file, since there those are ignored that an older gunicorn lacks."""

graceful_timeout = 1
# It would be one file in the home directory, for all that run at the same time.
control_socket_disable = True
