from tests.behaviour.conftest import community, folder, open_world, set_up_template  # noqa: F401
