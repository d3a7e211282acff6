"""The maintenance of databases: what a database is measured by, and when it may be vacuumed in full."""
