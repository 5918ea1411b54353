"""What Socket.IO had in its older versions only, and is here for every client."""
