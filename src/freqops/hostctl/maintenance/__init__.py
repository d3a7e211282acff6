"""The maintenance of databases on a host."""
