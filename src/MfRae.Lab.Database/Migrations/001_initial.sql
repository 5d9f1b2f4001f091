-- Schema 1. Tables are named in the singular and belong to the program; views in the plural are for people who
-- query (docs/database.md) and stay as they are when the tables change.

-- How bad a state is: the worst stage gives a run its status.
CREATE TABLE status (
  name TEXT PRIMARY KEY,
  severity INTEGER NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

INSERT INTO status (name, severity) VALUES
  ('completed', 0), ('planned', 1), ('queued', 2), ('running', 3),
  ('interrupted', 4), ('skipped', 5), ('diverged', 6), ('failed', 7);

-- A plan of an experiment. Of the plans of one name, the one with the largest `planned` is current.
CREATE TABLE experiment (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  plan_hash TEXT NOT NULL,
  planned INTEGER NOT NULL UNIQUE,
  path TEXT NOT NULL,
  question TEXT NOT NULL,
  expectation TEXT NOT NULL,
  primary_metric TEXT NOT NULL,
  overrides TEXT NOT NULL,
  evaluation TEXT NOT NULL,
  UNIQUE (name, plan_hash)
) STRICT;

CREATE TABLE arm (
  experiment INTEGER NOT NULL REFERENCES experiment (id),
  name TEXT NOT NULL,
  position INTEGER NOT NULL,
  baseline INTEGER NOT NULL CHECK (baseline IN (0, 1)),
  differences TEXT NOT NULL,
  options TEXT NOT NULL,
  PRIMARY KEY (experiment, name)
) STRICT, WITHOUT ROWID;

-- The same arm under the same seed may be part of several plans: a run's id is unique within its plan only.
CREATE TABLE run (
  experiment INTEGER NOT NULL,
  id TEXT NOT NULL,
  position INTEGER NOT NULL,
  arm TEXT NOT NULL,
  seed INTEGER NOT NULL,
  PRIMARY KEY (experiment, id),
  FOREIGN KEY (experiment, arm) REFERENCES arm (experiment, name)
) STRICT, WITHOUT ROWID;

-- A stage belongs to no plan: it is what it computes, and whoever has the same key shares it.
CREATE TABLE stage (
  key TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  definition TEXT NOT NULL,
  seed INTEGER,
  status TEXT NOT NULL REFERENCES status (name),
  reason TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE stage_input (
  stage TEXT NOT NULL REFERENCES stage (key),
  name TEXT NOT NULL,
  input TEXT NOT NULL REFERENCES stage (key),
  PRIMARY KEY (stage, name)
) STRICT, WITHOUT ROWID;

-- The label is the plan's: another experiment may call the same stage something else.
CREATE TABLE plan_stage (
  experiment INTEGER NOT NULL REFERENCES experiment (id),
  stage TEXT NOT NULL REFERENCES stage (key),
  position INTEGER NOT NULL,
  label TEXT NOT NULL,
  PRIMARY KEY (experiment, stage)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_stage (
  experiment INTEGER NOT NULL,
  run TEXT NOT NULL,
  role TEXT NOT NULL,
  stage TEXT NOT NULL,
  PRIMARY KEY (experiment, run, role),
  FOREIGN KEY (experiment, run) REFERENCES run (experiment, id),
  FOREIGN KEY (experiment, stage) REFERENCES plan_stage (experiment, stage)
) STRICT, WITHOUT ROWID;

CREATE INDEX run_stage_by_stage ON run_stage (experiment, stage);

-- One start of a stage. `generation` grows when the store was emptied and attempts count from 1 again.
-- `keeps_through`: what earlier attempts reported up to this step stays valid; -1 where this one began anew; NULL as long as
-- it has shown neither. `last_seq` is the last journal line that was taken in.
CREATE TABLE attempt (
  id INTEGER PRIMARY KEY,
  stage TEXT NOT NULL REFERENCES stage (key),
  generation INTEGER NOT NULL,
  number INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  status TEXT NOT NULL REFERENCES status (name),
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  boot_id TEXT NOT NULL,
  device TEXT NOT NULL,
  threads INTEGER NOT NULL,
  started TEXT NOT NULL,
  resumed_from INTEGER,
  keeps_through INTEGER,
  wall_seconds REAL NOT NULL,
  cpu_seconds REAL NOT NULL,
  peak_bytes INTEGER NOT NULL,
  error TEXT,
  superseded INTEGER NOT NULL CHECK (superseded IN (0, 1)),
  UNIQUE (stage, generation, number)
) STRICT;

CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  stage TEXT NOT NULL REFERENCES stage (key),
  name TEXT NOT NULL,
  UNIQUE (stage, name)
) STRICT;

-- `wall` is the time of writing in seconds since 1970.
CREATE TABLE point (
  series INTEGER NOT NULL REFERENCES series (id),
  step INTEGER NOT NULL,
  attempt INTEGER NOT NULL REFERENCES attempt (id),
  value REAL,
  wall REAL NOT NULL,
  superseded INTEGER NOT NULL CHECK (superseded IN (0, 1)),
  PRIMARY KEY (series, step, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE measurement (
  stage TEXT NOT NULL REFERENCES stage (key),
  attempt INTEGER NOT NULL REFERENCES attempt (id),
  seq INTEGER NOT NULL,
  superseded INTEGER NOT NULL CHECK (superseded IN (0, 1)),
  metric TEXT NOT NULL,
  value REAL,
  low REAL,
  high REAL,
  samples INTEGER NOT NULL,
  steps INTEGER NOT NULL,
  guidance REAL NOT NULL,
  labels TEXT NOT NULL,
  extractor TEXT NOT NULL,
  preprocessing TEXT NOT NULL,
  reference TEXT NOT NULL,
  higher_is_better INTEGER CHECK (higher_is_better IN (0, 1)),
  PRIMARY KEY (attempt, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX measurement_by_stage ON measurement (stage);

CREATE TABLE image (
  id INTEGER PRIMARY KEY,
  stage TEXT NOT NULL REFERENCES stage (key),
  name TEXT NOT NULL,
  attempt INTEGER NOT NULL REFERENCES attempt (id),
  seq INTEGER NOT NULL,
  caption TEXT NOT NULL,
  png BLOB NOT NULL,
  UNIQUE (stage, name)
) STRICT;

CREATE VIEW experiments AS
SELECT name AS experiment, path, question, expectation, primary_metric, overrides, evaluation, plan_hash, id AS plan
FROM experiment
WHERE planned IN (SELECT max(planned) FROM experiment GROUP BY name)
ORDER BY name;

CREATE VIEW stages AS
SELECT e.experiment, s.key AS stage, s.kind, p.label, s.seed, s.status, s.reason,
  (SELECT count(DISTINCT r.run) FROM run_stage r WHERE r.experiment = e.plan AND r.stage = s.key) AS runs,
  p.position, s.definition
FROM experiments e
JOIN plan_stage p ON p.experiment = e.plan
JOIN stage s ON s.key = p.stage
ORDER BY e.experiment, p.position;

CREATE VIEW attempts AS
SELECT e.experiment, a.stage, s.kind, p.label,
  row_number() OVER (PARTITION BY e.plan, a.stage ORDER BY a.generation, a.number) AS attempt,
  a.status, a.host, a.pid, a.device, a.threads, a.started, a.resumed_from, a.wall_seconds, a.cpu_seconds, a.peak_bytes,
  a.error, a.superseded
FROM experiments e
JOIN plan_stage p ON p.experiment = e.plan
JOIN stage s ON s.key = p.stage
JOIN attempt a ON a.stage = s.key
ORDER BY e.experiment, p.position, a.generation, a.number;

CREATE VIEW costs AS
SELECT e.experiment, s.key AS stage, s.kind, p.label, count(a.id) AS attempts, total(a.wall_seconds) AS wall_seconds,
  total(a.cpu_seconds) AS cpu_seconds, coalesce(max(a.peak_bytes), 0) AS peak_bytes
FROM experiments e
JOIN plan_stage p ON p.experiment = e.plan
JOIN stage s ON s.key = p.stage
LEFT JOIN attempt a ON a.stage = s.key
GROUP BY e.plan, s.key
ORDER BY e.experiment, p.position;

CREATE VIEW run_stages AS
SELECT e.experiment, r.id AS run, r.arm, r.seed, m.role, m.stage
FROM experiments e
JOIN run r ON r.experiment = e.plan
JOIN run_stage m ON m.experiment = r.experiment AND m.run = r.id
JOIN plan_stage p ON p.experiment = m.experiment AND p.stage = m.stage
ORDER BY e.experiment, r.position, p.position, m.role;

CREATE VIEW runs AS
WITH spent AS (
  SELECT stage, min(started) AS started, sum(wall_seconds) AS wall_seconds, sum(cpu_seconds) AS cpu_seconds, max(peak_bytes) AS peak_bytes
  FROM attempt
  GROUP BY stage
), part AS (
  -- One stage may play two roles in a run; it still counts once.
  SELECT DISTINCT experiment, run, stage FROM run_stage
), whole AS (
  SELECT part.experiment, part.run, max(status.severity) AS severity, count(*) AS stages,
    sum(stage.status = 'completed') AS completed, min(spent.started) AS started, total(spent.wall_seconds) AS wall_seconds,
    total(spent.cpu_seconds) AS cpu_seconds, coalesce(max(spent.peak_bytes), 0) AS peak_bytes
  FROM part
  JOIN stage ON stage.key = part.stage
  JOIN status ON status.name = stage.status
  LEFT JOIN spent ON spent.stage = part.stage
  GROUP BY part.experiment, part.run
)
SELECT e.experiment, r.id AS run, r.arm, a.baseline, r.seed, status.name AS status, w.stages, w.completed, w.started, w.wall_seconds,
  w.cpu_seconds, w.peak_bytes
FROM experiments e
JOIN run r ON r.experiment = e.plan
JOIN arm a ON a.experiment = r.experiment AND a.name = r.arm
JOIN whole w ON w.experiment = r.experiment AND w.run = r.id
JOIN status ON status.severity = w.severity
ORDER BY e.experiment, r.position;

CREATE VIEW metrics AS
SELECT e.experiment, s.key AS stage, s.kind, p.label, s.seed, c.name, v.step, v.value, v.wall
FROM experiments e
JOIN plan_stage p ON p.experiment = e.plan
JOIN stage s ON s.key = p.stage
JOIN series c ON c.stage = s.key
JOIN point v ON v.series = c.id
WHERE v.superseded = 0
ORDER BY e.experiment, p.position, c.name, v.step;

CREATE VIEW evaluations AS
SELECT e.experiment, r.id AS run, r.arm, r.seed, t.role, m.stage,
  m.metric || CASE WHEN m.steps > 0 THEN '@' || m.steps ELSE '' END AS metric,
  m.value, m.low, m.high, m.metric AS name, m.steps, m.samples, m.guidance, m.labels, m.extractor, m.preprocessing, m.reference,
  m.higher_is_better
FROM experiments e
JOIN run r ON r.experiment = e.plan
JOIN run_stage t ON t.experiment = r.experiment AND t.run = r.id
JOIN plan_stage p ON p.experiment = t.experiment AND p.stage = t.stage
JOIN measurement m ON m.stage = t.stage
WHERE m.superseded = 0
ORDER BY e.experiment, r.position, p.position, t.role, m.metric, m.steps;

-- The whole identity of a value is in the partition: numbers that may not be compared are never averaged.
-- Seeds that share one evaluation stage have measured once, so they count once.
CREATE VIEW arms AS
WITH measured AS (
  SELECT DISTINCT experiment, arm, stage
  FROM (
    SELECT r.experiment, r.arm, t.stage
    FROM run r
    JOIN run_stage t ON t.experiment = r.experiment AND t.run = r.id
    WHERE t.role = 'evaluation'
  )
), centred AS (
  SELECT d.experiment, d.arm, m.*,
    avg(m.value) OVER (
      PARTITION BY d.experiment, d.arm, m.metric, m.steps, m.samples, m.guidance, m.labels, m.extractor, m.preprocessing, m.reference,
        m.higher_is_better
    ) AS mean
  FROM measured d
  JOIN measurement m ON m.stage = d.stage
  WHERE m.superseded = 0
)
SELECT e.experiment, c.arm, a.baseline,
  c.metric || CASE WHEN c.steps > 0 THEN '@' || c.steps ELSE '' END AS metric,
  c.mean,
  CASE WHEN count(c.value) > 1 THEN sqrt(sum((c.value - c.mean) * (c.value - c.mean)) / (count(c.value) - 1)) END AS sd,
  count(c.value) AS n,
  (SELECT count(*) FROM run WHERE run.experiment = e.plan AND run.arm = c.arm) AS seeds,
  c.higher_is_better, c.metric AS name, c.steps, c.samples, c.guidance, c.labels, c.extractor, c.preprocessing, c.reference
FROM experiments e
JOIN arm a ON a.experiment = e.plan
JOIN centred c ON c.experiment = a.experiment AND c.arm = a.name
GROUP BY e.plan, c.arm, c.metric, c.steps, c.samples, c.guidance, c.labels, c.extractor, c.preprocessing, c.reference, c.higher_is_better
ORDER BY e.experiment, a.position, c.metric, c.steps;

CREATE VIEW images AS
SELECT e.experiment, i.stage, s.kind, p.label, i.name, i.caption, i.png
FROM experiments e
JOIN plan_stage p ON p.experiment = e.plan
JOIN stage s ON s.key = p.stage
JOIN image i ON i.stage = s.key
JOIN attempt a ON a.id = i.attempt
WHERE a.superseded = 0
ORDER BY e.experiment, p.position, i.name;
