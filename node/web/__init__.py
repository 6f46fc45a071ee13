"""The pages a person opens in a browser: the explorer at `/`, and the API's documentation."""
