"""The last mile from a notebook to production.

Two flows, top to bottom in the order data passes through them::

    report   definition + parameters -> Plan -> supervised run -> executed notebook
             -> HTML, PDF -> publication
    export   estimator + sample -> Signature -> ONNX graph -> Core ML package
             -> Evidence -> Bundle

    cli/        front door: parse, call one job, print, exit code
    jobs/       where steps meet the outside world: produce a report, export an estimator
    reporting/  a notebook becomes pages
    scheduling/ when a report is due
    exporting/  a fitted estimator becomes a bundle: a compiler
    store/      the run log
    workspace, definitions, atomic, values, clock, errors   the ground

Two functions need no workspace: :func:`run_report` and :func:`export_estimator`.
"""
