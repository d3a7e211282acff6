"""What a trading strategy imports."""
