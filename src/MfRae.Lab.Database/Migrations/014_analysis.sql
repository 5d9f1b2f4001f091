-- Schema 14. The analysis that an experiment declares before its runs: the smallest relevant effect of the primary metric (NULL: none), the
-- contrasts as JSON, and the seeds that only explore. Earlier plans declare nothing, and all their seeds confirm.
ALTER TABLE experiment ADD COLUMN smallest_relevant_effect REAL;
ALTER TABLE experiment ADD COLUMN contrasts TEXT NOT NULL DEFAULT '[]';
ALTER TABLE run ADD COLUMN pilot INTEGER NOT NULL DEFAULT 0;

DROP VIEW experiments;
DROP VIEW runs;
DROP VIEW evaluations;

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
