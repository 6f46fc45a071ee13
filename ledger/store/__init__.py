"""Where the chain keeps its bytes: a narrow protocol, LevelDB, a dict, and the key grammar."""
