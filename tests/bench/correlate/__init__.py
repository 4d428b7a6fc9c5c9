"""The same stateful jobs on the hub and on other engines, one after another on one machine, checked before they are timed."""
