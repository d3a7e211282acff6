"""The parts that work inside Ansible: the fleet of a play, its hosts asked at once, its refusals and reports."""
