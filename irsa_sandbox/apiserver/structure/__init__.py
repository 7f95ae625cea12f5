"""What an object is made of: its fields, who set them, how it is patched and written out."""
