-- Schema 8. The same views for databases of very many runs: a condition on the experiment reaches the tables, and what stages add up to is
-- kept beside them.

-- What a stage came to: how bad its state is, and its attempts together. Triggers keep it. The rows of `stage` hold long definitions; a run
-- adds up a dozen of these instead.
CREATE TABLE stage_total (
  stage TEXT PRIMARY KEY REFERENCES stage (key) ON DELETE CASCADE,
  severity INTEGER NOT NULL,
  started TEXT,
  wall_seconds REAL NOT NULL DEFAULT 0.0,
  cpu_seconds REAL NOT NULL DEFAULT 0.0,
  peak_bytes INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

INSERT INTO stage_total (stage, severity)
SELECT s.key, t.severity FROM stage s JOIN status t ON t.name = s.status;

UPDATE stage_total SET (started, wall_seconds, cpu_seconds, peak_bytes) = (
  SELECT min(started), total(wall_seconds), total(cpu_seconds), coalesce(max(peak_bytes), 0)
  FROM attempt
  WHERE attempt.stage = stage_total.stage);

CREATE TRIGGER stage_begins AFTER INSERT ON stage BEGIN
  INSERT INTO stage_total (stage, severity) SELECT new.key, severity FROM status WHERE name = new.status;
END;

CREATE TRIGGER stage_changes AFTER UPDATE OF status ON stage BEGIN
  UPDATE stage_total SET severity = (SELECT severity FROM status WHERE name = new.status) WHERE stage = new.key;
END;

CREATE TRIGGER attempt_begins AFTER INSERT ON attempt BEGIN
  UPDATE stage_total SET (started, wall_seconds, cpu_seconds, peak_bytes) = (
    SELECT min(started), total(wall_seconds), total(cpu_seconds), coalesce(max(peak_bytes), 0) FROM attempt WHERE stage = new.stage)
  WHERE stage = new.stage;
END;

CREATE TRIGGER attempt_changes AFTER UPDATE OF started, wall_seconds, cpu_seconds, peak_bytes ON attempt BEGIN
  UPDATE stage_total SET (started, wall_seconds, cpu_seconds, peak_bytes) = (
    SELECT min(started), total(wall_seconds), total(cpu_seconds), coalesce(max(peak_bytes), 0) FROM attempt WHERE stage = new.stage)
  WHERE stage = new.stage;
END;

CREATE TRIGGER attempt_goes AFTER DELETE ON attempt BEGIN
  UPDATE stage_total SET (started, wall_seconds, cpu_seconds, peak_bytes) = (
    SELECT min(started), total(wall_seconds), total(cpu_seconds), coalesce(max(peak_bytes), 0) FROM attempt WHERE stage = old.stage)
  WHERE stage = old.stage;
END;

-- One stage may play two roles in a run; it counts once, for the first of them. The others are 1 here.
ALTER TABLE run_stage ADD COLUMN again INTEGER NOT NULL DEFAULT 0;

UPDATE run_stage SET again = EXISTS (
  SELECT 1 FROM run_stage other
  WHERE other.experiment = run_stage.experiment AND other.run = run_stage.run AND other.stage = run_stage.stage
    AND other.role < run_stage.role);

DROP VIEW runs;

-- CROSS JOIN keeps the order of the tables: everything is then found in the order of the groups, and nothing is sorted.
CREATE VIEW runs AS
WITH whole AS (
  SELECT e.name AS experiment, r.experiment AS plan, r.id AS run, r.arm, r.seed, r.position, max(s.severity) AS severity,
    count(*) AS stages, sum(s.severity = 0) AS completed, min(s.started) AS started, total(s.wall_seconds) AS wall_seconds,
    total(s.cpu_seconds) AS cpu_seconds, max(s.peak_bytes) AS peak_bytes
  FROM experiment e
  CROSS JOIN run r ON r.experiment = e.id
  CROSS JOIN run_stage m ON m.experiment = r.experiment AND m.run = r.id AND m.again = 0
  CROSS JOIN stage_total s ON s.stage = m.stage
  WHERE +e.planned IN (SELECT max(planned) FROM experiment GROUP BY name)
  GROUP BY e.id, e.name, r.id
)
SELECT w.experiment, w.run, w.arm, a.baseline, w.seed, status.name AS status, w.stages, w.completed, w.started, w.wall_seconds,
  w.cpu_seconds, w.peak_bytes
FROM whole w
JOIN arm a ON a.experiment = w.plan AND a.name = w.arm
JOIN status ON status.severity = w.severity
ORDER BY w.experiment, w.position;

DROP VIEW arms;

-- The whole identity of a value is in the partitions: numbers that may not be compared are never averaged.
-- Seeds that share one evaluation stage have measured once, so they count once.
-- Windows instead of groups, since SQLite takes a condition on the experiment through a window down to the tables, and not through a group.
CREATE VIEW arms AS
WITH measured AS (
  SELECT e.experiment, e.plan, a.name AS arm, a.position, a.baseline, m.metric, m.steps, m.samples, m.guidance, m.labels, m.extractor,
    m.preprocessing, m.reference, m.higher_is_better, m.value, avg(m.value) OVER same AS mean, count(m.value) OVER same AS n,
    row_number() OVER same AS place
  FROM experiments e
  JOIN run r ON r.experiment = e.plan
  JOIN arm a ON a.experiment = r.experiment AND a.name = r.arm
  JOIN run_stage t ON t.experiment = r.experiment AND t.run = r.id AND t.role IN ('evaluation', 'derivativeError')
  JOIN measurement m ON m.stage = t.stage
  WHERE m.superseded = 0 AND NOT EXISTS (
    SELECT 1
    FROM run_stage other
    JOIN run o ON o.experiment = other.experiment AND o.id = other.run
    WHERE other.experiment = t.experiment AND other.stage = t.stage AND other.role IN ('evaluation', 'derivativeError')
      AND o.arm = r.arm AND (o.position, other.role) < (r.position, t.role))
  WINDOW same AS (
    PARTITION BY e.experiment, a.name, m.metric, m.steps, m.samples, m.guidance, m.labels, m.extractor, m.preprocessing, m.reference,
      m.higher_is_better)
), spread AS (
  SELECT *, sum((value - mean) * (value - mean)) OVER (
    PARTITION BY experiment, arm, metric, steps, samples, guidance, labels, extractor, preprocessing, reference, higher_is_better
  ) AS squares
  FROM measured
)
SELECT c.experiment, c.arm, c.baseline,
  c.metric || CASE WHEN c.steps > 0 THEN '@' || c.steps ELSE '' END AS metric,
  c.mean,
  CASE WHEN c.n > 1 THEN sqrt(c.squares / (c.n - 1)) END AS sd,
  c.n,
  (SELECT count(*) FROM run WHERE run.experiment = c.plan AND run.arm = c.arm) AS seeds,
  c.higher_is_better, c.metric AS name, c.steps, c.samples, c.guidance, c.labels, c.extractor, c.preprocessing, c.reference
FROM spread c
WHERE c.place = 1
ORDER BY c.experiment, c.position, c.metric, c.steps;
