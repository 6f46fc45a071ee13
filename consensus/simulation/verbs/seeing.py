"""What is printed."""

from consensus.simulation.verbs.board import Board, heads_of


def show(board: Board, words: list[str]) -> None:
    """Print these from here on."""
    board.shown.update(words)
    board.hidden.difference_update(words)


def hide(board: Board, words: list[str]) -> None:
    """Do not print these any more."""
    board.shown.difference_update(words)
    board.hidden.update(words)


def heads(board: Board, _words: list[str]) -> None:
    """Print the heights of all heads."""
    board.printed.append(f"heads {heads_of(board.cluster)}")


def account(board: Board, words: list[str]) -> None:
    """Print an engine's view of itboard."""
    for host in board.hosts(words):
        if host.engine is None:
            board.printed.append(f"{host.place}: down")
            continue
        account = board.cluster.spec.account(host.engine)
        heard = ", ".join(map(str, account.heard)) or "nobody"
        board.printed.append(
            f"{host.place}: {account.phase} in view {account.view}, height {account.height}, "
            f"waiting for {account.waiting_for} ({account.needed} needed, heard {heard})"
        )
