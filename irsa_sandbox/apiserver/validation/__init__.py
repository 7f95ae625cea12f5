"""What is wrong with the parts of objects that several kinds have: metadata, selectors, Pods."""
