-- Schema 9. What an attempt was computed with, and what was asked for. `environment` has each combination once; `packages` is a JSON
-- object, `accelerators` a JSON list. All of it is NULL where the journal is of before it told.
CREATE TABLE environment (
  id INTEGER PRIMARY KEY,
  tool TEXT NOT NULL,
  system TEXT NOT NULL,
  runtime TEXT NOT NULL,
  numerics TEXT NOT NULL,
  processor TEXT NOT NULL,
  accelerators TEXT NOT NULL,
  packages TEXT NOT NULL,
  UNIQUE (tool, system, runtime, numerics, processor, accelerators, packages)
) STRICT;

-- `flops`: of the whole stage, estimated. `files`: JSON, path in the options to SHA-256.
ALTER TABLE attempt ADD COLUMN environment INTEGER REFERENCES environment (id);
ALTER TABLE attempt ADD COLUMN command TEXT;
ALTER TABLE attempt ADD COLUMN source_commit TEXT;
ALTER TABLE attempt ADD COLUMN source_patch TEXT;
ALTER TABLE attempt ADD COLUMN files TEXT;
ALTER TABLE attempt ADD COLUMN devices INTEGER NOT NULL DEFAULT 1;
ALTER TABLE attempt ADD COLUMN flops REAL;

DROP VIEW attempts;
DROP VIEW costs;

CREATE VIEW attempts AS
SELECT e.experiment, a.stage, s.kind, p.label,
  row_number() OVER (PARTITION BY e.plan, a.stage ORDER BY a.generation, a.number) AS attempt,
  a.status, a.host, a.pid, a.device, a.threads, a.started, a.resumed_from, a.wall_seconds, a.cpu_seconds, a.peak_bytes,
  a.error, a.superseded, a.command, n.tool, a.source_commit, a.source_patch, a.files, n.system, n.runtime, n.numerics, n.processor,
  n.accelerators, n.packages, a.wall_seconds * a.devices AS device_seconds, a.flops
FROM experiments e
JOIN plan_stage p ON p.experiment = e.plan
JOIN stage s ON s.key = p.stage
JOIN attempt a ON a.stage = s.key
LEFT JOIN environment n ON n.id = a.environment
ORDER BY e.experiment, p.position, a.generation, a.number;

-- Of the estimates of two versions of the program, the last.
CREATE VIEW costs AS
SELECT e.experiment, s.key AS stage, s.kind, p.label, count(a.id) AS attempts, total(a.wall_seconds) AS wall_seconds,
  total(a.cpu_seconds) AS cpu_seconds, coalesce(max(a.peak_bytes), 0) AS peak_bytes,
  total(a.wall_seconds * a.devices) AS device_seconds,
  (SELECT f.flops FROM attempt f WHERE f.stage = s.key AND f.flops IS NOT NULL ORDER BY f.generation DESC, f.number DESC LIMIT 1) AS flops
FROM experiments e
JOIN plan_stage p ON p.experiment = e.plan
JOIN stage s ON s.key = p.stage
LEFT JOIN attempt a ON a.stage = s.key
GROUP BY e.plan, s.key
ORDER BY e.experiment, p.position;
