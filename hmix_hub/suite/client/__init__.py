"""The pages that a person sees: plain ES modules and CSS, sent as they are."""
