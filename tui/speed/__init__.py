"""What makes the console quick: every override of Textual."""
