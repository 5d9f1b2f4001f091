-- Schema 11. The last lines that the worker of a failed attempt printed. NULL where it printed none, or was of before they were kept.
ALTER TABLE attempt ADD COLUMN log TEXT;

DROP VIEW attempts;

CREATE VIEW attempts AS
SELECT e.experiment, a.stage, s.kind, p.label,
  row_number() OVER (PARTITION BY e.plan, a.stage ORDER BY a.generation, a.number) AS attempt,
  a.status, a.host, a.pid, a.device, a.threads, a.started, a.resumed_from, a.wall_seconds, a.cpu_seconds, a.peak_bytes,
  a.error, a.superseded, a.command, n.tool, a.source_commit, a.source_patch, a.files, n.system, n.runtime, n.numerics, n.processor,
  n.accelerators, n.packages, a.wall_seconds * a.devices AS device_seconds, a.flops, a.log
FROM experiments e
JOIN plan_stage p ON p.experiment = e.plan
JOIN stage s ON s.key = p.stage
JOIN attempt a ON a.stage = s.key
LEFT JOIN environment n ON n.id = a.environment
ORDER BY e.experiment, p.position, a.generation, a.number;
