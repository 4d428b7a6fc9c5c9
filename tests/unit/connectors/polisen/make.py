from datetime import UTC, datetime

from hub.connector import SourceContext

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)


class Gazetteer:
    def area_code(self, name, at=None):
        self.asked = (name, at)
        return {"Norrköping": "0581"}.get(name, "elsewhere")


def make_context(observed=None):
    def observe(operation, status):
        if observed is not None:
            observed.append((operation, status))

    def secret(_name):
        raise AssertionError("the feed has no secret")

    return SourceContext(now=lambda: NOW, secret=secret, gazetteer=Gazetteer(), observe_request=observe)


def make_row(**changed):
    return {
        "id": 582447,
        "datetime": "2025-05-06 19:13:34 +02:00",
        "name": "06 maj 19.13, Misshandel, Norrköping",
        "summary": "Bråk mellan två personer.",
        "url": "/aktuellt/handelser/2025/maj/6/",
        "type": "Misshandel",
        "location": {"name": "Norrköping", "gps": "58.587745,16.192421"},
    } | changed
