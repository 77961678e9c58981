from hypothesis import settings

# The same examples on every machine, and no deadline: a right test must not fail on a busy machine.
settings.register_profile("course", deadline=None, derandomize=True, database=None)
settings.load_profile("course")
