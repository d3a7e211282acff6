"""What every rule stands on: time, errors, files that survive a crash, programs, tables; imports nothing of ours."""
