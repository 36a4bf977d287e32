"""The explorer: judgments and stimuli as a page in the browser, a folder of static files."""
