"""The pages of orders without a person, and of those who ask to be reached."""
