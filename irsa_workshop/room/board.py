"""`python -m irsa_workshop.room.board`: the instructor's board, a service of the room's hub.

Only the instructor sees it. A learner sees, at `me`, all that it has of their own seat.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import time
import uuid
from functools import cached_property
from typing import Any

from jupyterhub.services.auth import HubOAuthCallbackHandler, HubOAuthenticated
from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.iostream import StreamClosedError
from tornado.web import Application, HTTPError, RequestHandler, StaticFileHandler, authenticated

from irsa_workshop.room.board_store import Reports, median_place, plan_of, standing, wrong_answers
from irsa_workshop.room.hub import INSTRUCTOR
from irsa_workshop.room.registry import Registry, seat_number, user_name
from irsa_workshop.room.setting import Room

PREFIX = "/services/board"
AGAIN_SECONDS = 10
LONGEST_MESSAGE = 500


class Board:
    """The room's store and names, and whoever watches them."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.registry = Registry(room.registry)
        self.store = Reports(room.board_folder / "board.sqlite3")
        self.plan = plan_of(room.project)
        notebooks = (room.project / "notebooks").glob("[0-9]*.ipynb")
        self.notebooks = sorted(notebook.stem for notebook in notebooks)
        self.pages = room.project / "workshop" / "board"
        self.changed = asyncio.Event()

    def tell(self) -> None:
        """Wake whoever watches."""
        self.changed.set()
        self.changed = asyncio.Event()

    def shown(self, *, names: bool) -> dict[str, Any]:
        """What the page draws; without names for a projector."""
        reports, seats = self.store.reports(), self.registry.seats()
        rows = standing(reports, self.plan, time.time())
        if names:
            by_number = {row["seat"]: row for row in rows}
            rows = [by_number.get(number, {"seat": number}) for number in sorted(seats)]
            for row in rows:
                seat = seats[row["seat"]]
                row |= {"name": seat.name, "shares": seat.shares}
        else:
            rows = [{**row, "question": "", "handshake": None} for row in rows]
        return {
            "rows": rows,
            "seats": len(seats),
            "median": median_place(rows),
            "wrong": wrong_answers(reports),
            "notebooks": self.notebooks,
        }


class _Handler(HubOAuthenticated, RequestHandler):  # type: ignore[misc]
    @property
    def board(self) -> Board:
        board: Board = self.settings["board"]
        return board

    @property
    def seat(self) -> int:
        """The learner's seat. Raises HTTPError for who has none."""
        number = seat_number(self.current_user["name"])
        if number is None:
            raise HTTPError(403, "this is for a seat's learner")
        return number

    @cached_property
    def sent(self) -> dict[str, Any]:
        """The JSON object in the request. Raises HTTPError for anything else."""
        try:
            sent = json.loads(self.request.body or b"{}")
        except ValueError as error:
            raise HTTPError(400, "the body is no JSON") from error
        if not isinstance(sent, dict):
            raise HTTPError(400, "the body is no JSON object")
        return sent

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")

    def page(self, name: str) -> None:
        self.xsrf_token  # noqa: B018  (sets the cookie that the page's requests send back)
        self.finish((self.board.pages / name).read_text(encoding="utf-8"))


class _Instructors(_Handler):
    def prepare(self) -> None:
        """Nobody else gets further."""
        if self.current_user is None:
            self.redirect(self.get_login_url())
        elif self.current_user["name"] != INSTRUCTOR:
            raise HTTPError(403, "the board is the instructor's; yours is /services/board/me")


class BoardPage(_Instructors):
    def get(self) -> None:
        """The page, with or without names."""
        self.page("board.html")


class Events(_Instructors):
    async def get(self) -> None:
        """The board, again whenever it changes, as server-sent events."""
        self.set_header("Content-Type", "text/event-stream")
        names = self.get_query_argument("names", "") == "yes"
        while True:
            changed = self.board.changed
            self.write(f"data: {json.dumps(self.board.shown(names=names))}\n\n")
            try:
                await self.flush()
                await asyncio.wait_for(changed.wait(), AGAIN_SECONDS)
                await asyncio.sleep(0.3)  # several reports at once are one picture
            except TimeoutError:
                continue
            except StreamClosedError:
                return


class Push(_Instructors):
    def post(self) -> None:
        """A hint, or a notebook to open, for one seat or for all."""
        text = str(self.sent.get("text", ""))[:LONGEST_MESSAGE]
        notebook = str(self.sent.get("notebook", ""))
        if notebook and notebook not in self.board.plan:
            raise HTTPError(400, f"there is no notebook {notebook!r}")
        link = f"/hub/user-redirect/lab/tree/notebooks/{notebook}.ipynb" if notebook else ""
        seat = self.sent.get("seat")
        self.board.store.push(int(seat) if seat else None, text or f"Now: {notebook}", link)
        self.finish({})


class Seat(_Instructors):
    async def post(self, number: str, what: str) -> None:
        """Let a learner back in, or give the seat a fresh world."""
        seat = int(number)
        if seat not in self.board.registry.seats():
            raise HTTPError(404, f"nobody has seat {seat}")
        if what == "back":
            self.board.registry.let_back(seat)
        else:
            await self._renew(user_name(seat))
        self.finish({})

    async def _renew(self, user: str) -> None:
        """Its server stops, and starts on a fresh copy of the course."""
        path = f"users/{user}/server"
        await self._hub("DELETE", path)
        for _ in range(120):
            known = await self._hub("GET", f"users/{user}")
            if not known.get("servers"):
                break
            await asyncio.sleep(0.5)
        await self._hub("POST", path, {"renew": uuid.uuid4().hex})

    async def _hub(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        auth = self.hub_auth
        try:
            answer = await AsyncHTTPClient().fetch(
                f"{auth.api_url}/{path}",
                method=method,
                headers={"Authorization": f"token {auth.api_token}"},
                body=json.dumps(body) if body is not None else None,
                allow_nonstandard_methods=True,
            )
        except HTTPClientError as error:
            if method == "DELETE" and error.code == 404:
                return {}  # it was not running
            raise HTTPError(502, f"the hub says {error.code} to {method} {path}") from error
        told: dict[str, Any] = json.loads(answer.body) if answer.body else {}
        return told


class Export(_Instructors):
    def get(self) -> None:
        """All reports as CSV, by seat's number."""
        rows = io.StringIO()
        writer = csv.writer(rows)
        writer.writerow(["seat", "at", "kind", "facts"])
        for report in self.board.store.reports():
            facts = json.dumps(report["facts"], ensure_ascii=False)
            writer.writerow([report["seat"], f"{report['at']:.0f}", report["kind"], facts])
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        self.set_header("Content-Disposition", 'attachment; filename="room.csv"')
        self.finish(rows.getvalue())


class Wipe(_Instructors):
    def post(self) -> None:
        """Every report and message is gone."""
        self.board.store.forget()
        self.board.tell()
        self.finish({})


class Report(_Handler):
    def check_xsrf_cookie(self) -> None:
        """A kernel comes with a token, which no page of another site can send."""
        if "Authorization" not in self.request.headers:
            super().check_xsrf_cookie()

    @authenticated
    def post(self) -> None:
        """Keep what a seat tells, if its learner said yes; answer what the instructor says."""
        seat = self.seat
        shares = self.board.registry.seats()[seat].shares
        if shares:
            try:
                self.board.store.report(seat, str(self.sent["kind"]), self.sent["facts"])
            except (KeyError, ValueError, TypeError) as error:
                raise HTTPError(400, f"that is no report: {error}") from error
            self.board.tell()
        heard = int(self.sent.get("heard", 0))
        self.finish({"shares": shares, "messages": self.board.store.messages(seat, heard)})


class MyPage(_Handler):
    @authenticated
    def get(self) -> None:
        """The page on which a learner sees what the board has of them."""
        self.page("me.html")


class Mine(_Handler):
    @authenticated
    def get(self) -> None:
        """All that the board has of this seat."""
        seat, store = self.seat, self.board.store
        taken = self.board.registry.seats()[seat]
        kept = {"seat": seat, "name": taken.name, "shares": taken.shares}
        self.finish(kept | {"reports": store.reports(seat), "messages": store.messages(seat)})

    @authenticated
    def post(self) -> None:
        """Share or not; hand up or down. Whoever says no is forgotten."""
        seat = self.seat
        if "shares" in self.sent:
            self.board.registry.share(seat, bool(self.sent["shares"]))
            if not self.sent["shares"]:
                self.board.store.forget(seat)
        if "hand" in self.sent and self.board.registry.seats()[seat].shares:
            question = str(self.sent.get("question", ""))[:LONGEST_MESSAGE]
            facts = {"up": bool(self.sent["hand"]), "question": question}
            self.board.store.report(seat, "hand", facts)
        self.board.tell()
        self.finish({})


def application(board: Board) -> Application:
    """The service's pages."""
    pages = [
        ("/?", BoardPage),
        ("/events", Events),
        ("/push", Push),
        (r"/seats/(\d+)/(back|renew)", Seat),
        ("/export.csv", Export),
        ("/wipe", Wipe),
        ("/report", Report),
        ("/me", MyPage),
        ("/mine", Mine),
        ("/oauth_callback", HubOAuthCallbackHandler),
    ]
    looks = (rf"{PREFIX}/([a-z]+\.(?:css|js))", StaticFileHandler, {"path": board.pages})
    return Application(
        [looks, *((f"{PREFIX}{path}", handler) for path, handler in pages)],
        board=board,
        cookie_secret=os.urandom(32),
        xsrf_cookies=True,
    )


def become(user: int) -> None:
    """What root starts goes on as that user."""
    if os.geteuid() == 0 and user != 0:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)


async def main() -> None:
    """Serve until the hub ends it."""
    room = Room.from_environment()
    become(room.board_user)
    application(Board(room)).listen(room.ports["board"], "127.0.0.1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
