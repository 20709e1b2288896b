"""The leaderboard: submissions in, a static site out."""
