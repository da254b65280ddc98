"""A member's API server as its clients meet it: requests, watches, admission, the network."""
