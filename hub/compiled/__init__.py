"""The compiled form of the modules that every event goes through: `hub compile` makes it; without it they run as Python."""
