-- Schema 18. The last way in which the steps of a training computed their gradient: the most samples at once, NULL for the whole batch, and
-- whether activations were computed again in the backward pass.
ALTER TABLE attempt ADD COLUMN micro_batch INTEGER;
ALTER TABLE attempt ADD COLUMN recompute INTEGER NOT NULL DEFAULT 0;

DROP VIEW attempts;

CREATE VIEW attempts AS
SELECT e.experiment, a.stage, s.kind, p.label,
  row_number() OVER (PARTITION BY e.plan, a.stage ORDER BY a.generation, a.number) AS attempt,
  a.status, a.host, a.pid, a.device, a.threads, a.started, a.resumed_from, a.wall_seconds, a.cpu_seconds, a.peak_bytes,
  a.error, a.superseded, a.command, n.tool, a.source_commit, a.source_patch, a.files, n.system, n.runtime, n.numerics, n.processor,
  n.accelerators, n.packages, a.wall_seconds * a.devices AS device_seconds, a.flops, a.log, a.micro_batch, a.recompute
FROM experiments e
JOIN plan_stage p ON p.experiment = e.plan
JOIN stage s ON s.key = p.stage
JOIN attempt a ON a.stage = s.key
LEFT JOIN environment n ON n.id = a.environment
ORDER BY e.experiment, p.position, a.generation, a.number;
