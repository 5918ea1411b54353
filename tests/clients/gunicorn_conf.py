"""gunicorn's settings; in a file, since there those are ignored that an older gunicorn lacks."""

# A worker looks once a second whether it is to end: after one second it is killed now and then
# before it has told its clients.
graceful_timeout = 2
# It would be one file in the home directory, for all that run at the same time.
control_socket_disable = True
