"""The stage: a rehearsed story in a terminal, whose commands are typed and really run."""
