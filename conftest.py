"""For all tests, wherever they lie."""

pytest_plugins = ["tests.support.reporting"]
