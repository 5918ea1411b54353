"""Rooms and broadcast, behind an interface that other nodes can stand behind."""
