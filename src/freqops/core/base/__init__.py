"""The base of every rule: time, errors, files that survive a crash, programs, tables; imports nothing of ours."""
