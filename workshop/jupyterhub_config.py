"""The room's hub. `make workshop` runs it; what differs between rooms is in the room's own file."""

import sys

from irsa_course.jupyter import FIRST_NOTEBOOK
from irsa_workshop.room import hub, services
from irsa_workshop.room.setting import VARIABLE, Room

room = Room.from_environment()
c = get_config()  # noqa: F821  (JupyterHub gives it)

c.JupyterHub.bind_url = f"{room.scheme}://{room.host}:{room.port}/"
c.JupyterHub.ssl_cert, c.JupyterHub.ssl_key = room.certificate, room.key
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{room.ports['hub']}"
c.JupyterHub.db_url = f"sqlite:///{room.hub_folder / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(room.hub_folder / "cookie-secret")
c.JupyterHub.log_level = "WARN"

c.ConfigurableHTTPProxy.command = [services.node(), str(services.proxy_program(room.project))]
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{room.ports['proxy']}"
c.ConfigurableHTTPProxy.pid_file = str(room.hub_folder / "proxy.pid")
c.ConfigurableHTTPProxy.log_level = "error"

c.JupyterHub.authenticator_class = hub.RoomAuthenticator
c.Authenticator.allow_all = True  # who has the room's word
c.Authenticator.admin_users = {hub.INSTRUCTOR}
c.JupyterHub.template_vars = {"announcement": ""}

c.JupyterHub.spawner_class = hub.SeatSpawner
c.Spawner.default_url = f"/lab/tree/{FIRST_NOTEBOOK}"
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120
c.Spawner.poll_interval = 5
c.SeatSpawner.interrupt_timeout = 60  # a seat that is killed leaves its sandbox behind
c.SeatSpawner.term_timeout = 20
c.LocalProcessSpawner.interrupt_timeout = 1  # of the services
c.LocalProcessSpawner.term_timeout = 2
c.JupyterHub.concurrent_spawn_limit = room.seats
c.JupyterHub.active_server_limit = 0
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0}

c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [
            *(sys.executable, "-m", "jupyterhub_idle_culler"),
            f"--timeout={room.idle_minutes * 60}",
            f"--cull-every={min(60, room.idle_minutes * 15)}",
        ],
    },
    {
        "name": "board",
        "url": f"http://127.0.0.1:{room.ports['board']}",
        "command": [sys.executable, "-P", "-m", "irsa_workshop.room.board"],
        "environment": {VARIABLE: str(room.file)},
        "oauth_no_confirm": True,
        "display": False,
    },
]
c.JupyterHub.load_roles = [
    # A learner reaches the board, from the browser and from the seat's kernels.
    {"name": "user", "scopes": ["self", "access:services!service=board"]},
    {
        "name": "server",
        "scopes": ["users:activity!user", "access:servers!server", "access:services!service=board"],
    },
    {
        "name": "board",
        "services": ["board"],
        "scopes": ["read:users", "admin:servers", "delete:servers"],
    },
    {
        "name": "idle-culler",
        "services": ["idle-culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    },
]
