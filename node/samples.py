"""Reading Prometheus's text: what a node has measured, as plain numbers."""

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families


class Samples:
    """One scrape; what is absent is 0."""

    def __init__(self, text: str) -> None:
        self._values: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                self._values[sample.name, frozenset(sample.labels.items())] = sample.value

    def value(self, name: str, **labels: str) -> float:
        """The sample of that full name with exactly these labels."""
        return self._values.get((name, frozenset(labels.items())), 0.0)

    def by_label(self, name: str, label: str, **others: str) -> Mapping[str, float]:
        """The samples of that name with this label and exactly these others, by its value."""
        found: dict[str, float] = {}
        for (known, labels), value in self._values.items():
            left = dict(labels)
            text = left.pop(label, None)
            if known == name and text is not None and left == others:
                found[text] = value
        return found
