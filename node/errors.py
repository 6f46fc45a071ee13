"""The error tree of the node package.

Each error has a `reason`, stable and machine-readable, and can say what to do next.
"""


class NodeError(Exception):
    """Root of the package's errors.

    `reason` is a stable kebab-case string, `advice` (perhaps empty) tells what to do next.
    """

    reason = "node-error"

    def __init__(self, detail: str, *, reason: str | None = None, advice: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.advice = advice
        if reason is not None:
            self.reason = reason
