"""How this node stands: what it may promise, and whom it has heard from."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from reservations.clock import local
from reservations.queries import ledger, memory
from reservations.web.api import answers, openapi
from reservations.web.api.schemas import NodeView, Query
from reservations.web.auth import Who, guard
from reservations.web.services import mode, services, session, today

blueprint = APIBlueprint("api_node", __name__, url_prefix="/api/v1", tag="Node")
guard(blueprint, Who.ANYBODY)


@blueprint.get("/node")
@blueprint.input(Query, location="query")
@blueprint.output(NodeView, example=openapi.NODE)
@blueprint.doc(operation_id="node", **openapi.refusals(400, anybody=True))
def node(query_data: Query) -> Response:
    """Mode, and which sheets this node holds

    An answer also means that the database can be read and the catalogue is at hand.
    """
    memory.current(session())
    desk = services().desk
    found = ledger.standing(session(), desk, today=today())
    held = len(found.held_elsewhere if desk.is_home else found.held_here)
    last = ledger.contact(desk).last
    return answers.stamped(
        mode=mode().value,
        holds={"sheets": "some" if held else "all" if desk.is_home else "none"},
        last_contact=last and local(last),
        waiting_slips=found.waiting,
    )
