"""A publication reaches its recipients.

In the order data passes through it: `definition` (who gets what, and `conditions`), `outbox` (a run
that ended becomes deliveries), `letter` (what a recipient reads), and the ways there: `mail`,
`chat`, `webhook`, `storage`. Nothing here reads the run log: `lastmile.jobs.deliver` does.
"""
