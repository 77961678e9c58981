from hypothesis import settings

# The same examples on every machine, and no clock: a busy machine must not fail a right test.
settings.register_profile("course", deadline=None, derandomize=True, database=None)
settings.load_profile("course")
