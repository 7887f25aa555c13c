"""What all tests share: the suite's plugin, and how many examples hypothesis draws."""

from hypothesis import settings

# pytester is for the tests of the plugin.
pytest_plugins = ["tests.suite.plugin", "pytester"]

# A real BIRD, and a machine with much else to do, take what time they take: no deadline.
# Every day some examples, to be quick; "all" of `make test-all` draws hypothesis' own number, and "deep" of
# `make deep` is for a change of BIRD's templates.
settings.register_profile("default", settings.get_profile("default"), deadline=None, max_examples=30)
settings.register_profile("all", settings.get_profile("default"), max_examples=100)
settings.register_profile("deep", settings.get_profile("default"), max_examples=10_000)
