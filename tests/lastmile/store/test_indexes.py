"""What people ask often is answered from indexes, however many runs there are."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from lastmile.store.schedulers import SchedulerLog
from lastmile.values import SlotKey

AT = datetime(2026, 5, 4, tzinfo=UTC)

QUESTIONS = {
    "history": lambda log: log.history(),
    "history of a report": lambda log: log.history("r"),
    "runs of a slot": lambda log: log.runs_of(SlotKey("a", AT)),
    "orphans": lambda log: log.orphans(),
    "newest good runs": lambda log: log.newest_good(["a", "b"]),
    "states of runs": lambda log: log.states(["a", "b"]),
    "newest slots of a schedule": lambda log: log.with_runs(log.slots_of("a", limit=1)),
    "slots at work": lambda log: log.at_work(),
    "what a scheduler holds": lambda log: log.held(),
    "how many wait": lambda log: log.waiting(),
    "open alerts": lambda log: log.open_alerts(),
    "mend alerts": lambda log: log.resolve(AT),
    "claim": lambda log: log.claim({"a": "queue"}, {"p": 1}, 5, AT),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_question_reads_a_whole_table(url, question):
    with SchedulerLog(url) as log:
        asked = []

        def note(_connection, _cursor, statement, parameters, *_):
            if statement.startswith(("SELECT", "UPDATE")) and "advisory" not in statement:
                asked.append((statement, parameters))

        event.listen(log._engine, "before_cursor_execute", note)
        QUESTIONS[question](log)
        event.remove(log._engine, "before_cursor_execute", note)
        assert asked
        with log.reading() as connection:
            plan = []
            if connection.dialect.name == "postgresql":  # which reads small tables whole
                connection.exec_driver_sql("SET enable_seqscan = off")
            way = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
            for statement, parameters in asked:
                rows = connection.exec_driver_sql(f"{way} {statement}", parameters).all()
                plan += [str(row[-1]).strip() for row in rows]

    whole = [
        step
        for step in plan
        if ("Seq Scan" in step or (step.startswith("SCAN") and "INDEX" not in step))
        and any(table in step for table in ("runs", "slots", "alerts"))
    ]
    assert plan
    assert whole == [], plan
