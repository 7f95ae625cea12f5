"""What the fuzz run sends, to which sandbox, and what counts as a finding."""
