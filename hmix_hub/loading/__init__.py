"""Loading of judgments from any origin: "h-mix", a study, the Hub, or several of these."""
