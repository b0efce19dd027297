"""What a rubric's judge is asked, how, and what its votes come to."""
