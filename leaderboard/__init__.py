"""The leaderboard: the static site that will be built from the submissions; nothing yet."""
