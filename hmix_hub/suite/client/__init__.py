"""The pages that participants see: plain ES modules and CSS, served unchanged."""
