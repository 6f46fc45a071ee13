"""Parts of the space-time diagram: what happened, where it goes on the page, and how it looks."""
