"""What pages are about: rendered once where it changed, handed to all who look."""
