"""Small segments and pipelines for tests."""

from itertools import pairwise

from remotemedia._effects import Batch, drive
from remotemedia._engine import Engine
from remotemedia._registry import Registry


def chain(specs, **options):
    """Return the manifest of a chain; `specs` are (type, params) or (type, params, node fields)."""
    nodes = [
        {"id": f"n{i}", "node_type": kind, "params": params, **(more[0] if more else {})}
        for i, (kind, params, *more) in enumerate(specs)
    ]
    connections = [{"from": a["id"], "to": b["id"]} for a, b in pairwise(nodes)]
    return {"version": "v1", "nodes": nodes, "connections": connections, **options}


def run_chain(specs, items, **options):
    """Run a chain in Python; returns the list of its sink."""
    from remotemedia import Pipeline  # tests of the engine do not need it

    pipeline = Pipeline.from_manifest(chain(specs), runtime_hint="python", **options)
    return next(iter(pipeline.run_sync(items, by_sink=True).values()))


def segment(nodes, connections, inputs, outputs, **more):
    """Return a segment. `inputs`: edge → endpoint, `outputs`: edge → (endpoint, to)."""
    specs = [
        *({"id": f"__in_{k}", "node_type": "__In", "params": {"edge": k}} for k in inputs),
        *(
            {"id": name, "node_type": kind, "params": params, "order": i, **fields}
            for i, (name, kind, params, *rest) in enumerate(nodes)
            for fields in [rest[0] if rest else {}]
        ),
        *(
            {"id": f"__out_{k}", "node_type": "__Out", "params": {"edge": k, "to": to}}
            for k, (_, to) in outputs.items()
        ),
    ]
    joins = [
        *({"from": f"__in_{k}.out", "to": end} for k, end in inputs.items()),
        *({"from": start, "to": end} for start, end in connections),
        *({"from": start, "to": f"__out_{k}.in"} for k, (start, _) in outputs.items()),
    ]
    return {"nodes": specs, "connections": joins, **more}


def opened(spec, nodes=(), **options):
    """Return an engine with the nodes initialised; `nodes` are classes beside the built-in ones."""
    engine = Engine(spec, Registry(nodes).find, **options)
    engine.open()
    return engine


def run(engine, *batches, **options):
    """Run batches (edge, rounds, values); returns {edge: (rounds, values)} and the error."""
    return finish(engine.run([Batch(None, *batch) for batch in batches], **options))


def flush(engine, *batches, **options):
    """The same for the flush round."""
    return finish(engine.flush([Batch(None, *batch) for batch in batches], **options))


def finish(effects):
    result = drive(effects)
    return {b.edge: (b.rounds, b.values) for b in result.outputs}, result.error
