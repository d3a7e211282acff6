"""What the control node does without Ansible."""
