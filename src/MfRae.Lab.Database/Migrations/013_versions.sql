-- Schema 13. All plans of an experiment, current or not: when their runs began, and views of their outcomes. The times are ISO 8601, and NULL
-- for plans of before they were kept.
ALTER TABLE experiment ADD COLUMN first_run TEXT;
ALTER TABLE experiment ADD COLUMN last_run TEXT;

-- What reports call an arm; NULL: its name.
ALTER TABLE arm ADD COLUMN title TEXT;

-- For the question whether a stage belongs to one run only.
CREATE INDEX run_stage_of_stage ON run_stage (stage, run);

CREATE VIEW versions AS
SELECT e.name AS experiment,
  row_number() OVER (PARTITION BY e.name ORDER BY coalesce(e.first_run, ''), e.id) AS version,
  e.planned = max(e.planned) OVER (PARTITION BY e.name) AS current,
  e.first_run, e.last_run,
  (SELECT count(*) FROM arm a WHERE a.experiment = e.id) AS arms,
  (SELECT count(DISTINCT r.seed) FROM run r WHERE r.experiment = e.id) AS seeds,
  (SELECT count(*) FROM run r WHERE r.experiment = e.id) AS runs,
  e.question, e.expectation, e.primary_metric, e.evaluation, e.plan_hash, e.id AS plan
FROM experiment e
ORDER BY e.name, version;

CREATE VIEW version_runs AS
SELECT v.experiment, v.version, v.current, r.id AS run, r.arm, a.title AS arm_title, a.baseline, r.seed,
  (
    SELECT t.name
    FROM run_stage m
    JOIN stage_total s ON s.stage = m.stage
    JOIN status t ON t.severity = s.severity
    WHERE m.experiment = r.experiment AND m.run = r.id
    ORDER BY s.severity DESC
    LIMIT 1
  ) AS status
FROM versions v
JOIN run r ON r.experiment = v.plan
JOIN arm a ON a.experiment = r.experiment AND a.name = r.arm
ORDER BY v.experiment, v.version, r.position;

CREATE VIEW version_attempts AS
SELECT v.experiment, v.version, v.current, a.stage, s.kind, p.label,
  row_number() OVER (PARTITION BY v.plan, a.stage ORDER BY a.generation, a.number) AS attempt,
  a.status, a.started, a.resumed_from, a.wall_seconds, a.error, a.superseded
FROM versions v
JOIN plan_stage p ON p.experiment = v.plan
JOIN stage s ON s.key = p.stage
JOIN attempt a ON a.stage = s.key
ORDER BY v.experiment, v.version, p.position, a.generation, a.number;

CREATE VIEW version_evaluations AS
SELECT v.experiment, v.version, v.current, r.id AS run, r.arm, r.seed, t.role, m.stage,
  m.metric || CASE WHEN m.steps > 0 THEN '@' || m.steps ELSE '' END AS metric,
  m.value, m.low, m.high, m.samples, m.guidance, m.labels, m.extractor, m.preprocessing, m.reference,
  m.device, m.noise, m.setting
FROM versions v
JOIN run r ON r.experiment = v.plan
JOIN run_stage t ON t.experiment = r.experiment AND t.run = r.id
JOIN plan_stage p ON p.experiment = t.experiment AND p.stage = t.stage
JOIN measurement m ON m.stage = t.stage
WHERE m.superseded = 0
ORDER BY v.experiment, v.version, r.position, p.position, t.role, m.metric, m.steps;
