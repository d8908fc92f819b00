"""The pages that people read, and the app that serves them together with the JSON API."""
