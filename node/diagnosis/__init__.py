"""Why a node, or a network, moves or stands still: facts in, findings in plain words out."""
