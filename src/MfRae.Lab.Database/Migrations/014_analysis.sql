-- Schema 14. The analysis that an experiment declares before its runs: the smallest relevant effect of the primary metric (NULL: none), the
-- contrasts as JSON, and the seeds that only explore. Earlier plans declare nothing, and all their seeds confirm.
ALTER TABLE experiment ADD COLUMN smallest_relevant_effect REAL;
ALTER TABLE experiment ADD COLUMN contrasts TEXT NOT NULL DEFAULT '[]';
ALTER TABLE run ADD COLUMN pilot INTEGER NOT NULL DEFAULT 0;

DROP VIEW experiments;
DROP VIEW runs;
DROP VIEW evaluations;
DROP VIEW arms;

CREATE VIEW experiments AS
SELECT name AS experiment, path, question, expectation, primary_metric, overrides, evaluation, plan_hash, id AS plan, title,
  name IN (SELECT experiment FROM archived) AS archived, smallest_relevant_effect, contrasts
FROM experiment
WHERE planned IN (SELECT max(planned) FROM experiment GROUP BY name)
ORDER BY name;

-- CROSS JOIN keeps the order of the tables: everything is then found in the order of the groups, and nothing is sorted.
CREATE VIEW runs AS
WITH whole AS (
  SELECT e.name AS experiment, r.experiment AS plan, r.id AS run, r.arm, r.seed, r.position, r.pilot, max(s.severity) AS severity,
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
  w.cpu_seconds, w.peak_bytes, w.pilot
FROM whole w
JOIN arm a ON a.experiment = w.plan AND a.name = w.arm
JOIN status ON status.severity = w.severity
ORDER BY w.experiment, w.position;

CREATE VIEW evaluations AS
SELECT e.experiment, r.id AS run, r.arm, r.seed, t.role, m.stage,
  m.metric || CASE WHEN m.steps > 0 THEN '@' || m.steps ELSE '' END AS metric,
  m.value, m.low, m.high, m.metric AS name, m.steps, m.samples, m.guidance, m.labels, m.extractor, m.preprocessing, m.reference,
  m.higher_is_better, m.device, m.noise, m.setting, r.pilot
FROM experiments e
JOIN run r ON r.experiment = e.plan
JOIN run_stage t ON t.experiment = r.experiment AND t.run = r.id
JOIN plan_stage p ON p.experiment = t.experiment AND p.stage = t.stage
JOIN measurement m ON m.stage = t.stage
WHERE m.superseded = 0
ORDER BY e.experiment, r.position, p.position, t.role, m.metric, m.steps;

-- The whole identity of a value is in the partitions: numbers that may not be compared are never averaged.
-- Seeds that share one evaluation stage have measured once, so they count once. Pilot seeds are in no mean.
-- Windows instead of groups, since SQLite takes a condition on the experiment through a window down to the tables, and not through a group.
CREATE VIEW arms AS
WITH measured AS (
  SELECT e.experiment, e.plan, a.name AS arm, a.position, a.baseline, m.metric, m.steps, m.samples, m.guidance, m.labels, m.extractor,
    m.preprocessing, m.reference, m.higher_is_better, m.device, m.noise, m.setting, m.value,
    avg(m.value) OVER same AS mean, count(m.value) OVER same AS n, row_number() OVER same AS place
  FROM experiments e
  JOIN run r ON r.experiment = e.plan AND r.pilot = 0
  JOIN arm a ON a.experiment = r.experiment AND a.name = r.arm
  JOIN run_stage t ON t.experiment = r.experiment AND t.run = r.id AND t.role IN ('evaluation', 'derivativeError')
  JOIN measurement m ON m.stage = t.stage
  WHERE m.superseded = 0 AND NOT EXISTS (
    SELECT 1
    FROM run_stage other
    JOIN run o ON o.experiment = other.experiment AND o.id = other.run
    WHERE other.experiment = t.experiment AND other.stage = t.stage AND other.role IN ('evaluation', 'derivativeError')
      AND o.arm = r.arm AND o.pilot = 0 AND (o.position, other.role) < (r.position, t.role))
  WINDOW same AS (
    PARTITION BY e.experiment, a.name, m.metric, m.steps, m.samples, m.guidance, m.labels, m.extractor, m.preprocessing, m.reference,
      m.higher_is_better, m.device, m.noise, m.setting)
), spread AS (
  SELECT *, sum((value - mean) * (value - mean)) OVER (
    PARTITION BY experiment, arm, metric, steps, samples, guidance, labels, extractor, preprocessing, reference, higher_is_better, device,
      noise, setting
  ) AS squares
  FROM measured
)
SELECT c.experiment, c.arm, c.baseline,
  c.metric || CASE WHEN c.steps > 0 THEN '@' || c.steps ELSE '' END AS metric,
  c.mean,
  CASE WHEN c.n > 1 THEN sqrt(c.squares / (c.n - 1)) END AS sd,
  c.n,
  (SELECT count(*) FROM run WHERE run.experiment = c.plan AND run.arm = c.arm AND run.pilot = 0) AS seeds,
  c.higher_is_better, c.metric AS name, c.steps, c.samples, c.guidance, c.labels, c.extractor, c.preprocessing, c.reference,
  c.device, c.noise, c.setting
FROM spread c
WHERE c.place = 1
ORDER BY c.experiment, c.position, c.metric, c.steps;
