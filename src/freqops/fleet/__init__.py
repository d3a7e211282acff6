"""The work of the control node without Ansible."""
