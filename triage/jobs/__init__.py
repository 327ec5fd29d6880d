"""Durable delivery: what is enqueued in a transaction is sent, whatever dies in between.

    engine.py     DBOS, behind the few calls that we need; nothing else imports it
    gate.py       how many of the claimed jobs run at once, and how fast
    outbox.py     enqueueing, in the caller's transaction
    courier.py    one attempt: what a job does
    settle.py     writing down how the attempt ended, and enqueueing what follows
    delivery.py   all of it, built and run together
    invitations.py   the survey module's messages and rounds, on the same engine
    child.py      that, in a process of its own
    upkeep.py     heartbeat, dead replicas, parked systems, reading back, tidying up

A job is one turn of one delivery. It ends by raising the delivery's turn, in the same
transaction that stores the attempt and enqueues the next turn; so a job that runs twice
(a process died, a replica was only paused) finds its turn gone and does nothing.
Delivery is at least once; exactly once comes from the key in the remote record.
"""

from triage.jobs.child import DeliveryProcess
from triage.jobs.delivery import Delivery, delivery_of, systems_of

__all__ = ["Delivery", "DeliveryProcess", "delivery_of", "systems_of"]
