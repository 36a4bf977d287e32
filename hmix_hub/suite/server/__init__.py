"""The server: routes, limits and headers over the store."""
