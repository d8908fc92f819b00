"""Turn a folder of reports into one published, immutable generation, and read it back."""
