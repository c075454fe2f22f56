"""Makes protected calls from the text of the standards. Shares nothing with the plugin it judges."""
