"""Speed, printed with machine and versions; never passes or fails."""
