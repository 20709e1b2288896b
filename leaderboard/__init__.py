"""The leaderboard: the static site built from the submissions."""
