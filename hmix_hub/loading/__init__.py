"""One road to judgments, whatever their origin: "h-mix", a study, the Hub, or several of these."""
