"""Where Piccolo finds the engine and the one migration stream. The process decides the role, see `programmes.cli`."""

import os

from piccolo.conf.apps import AppRegistry

from programmes.core.db import Engine

DB = Engine(config={"dsn": os.environ.get("DATABASE_URL", "")})
APP_REGISTRY = AppRegistry(apps=["programmes.piccolo_app"])
