"""Reading of judgment files, which anybody may have written: by pieces, within bounds, every fault a finding."""
