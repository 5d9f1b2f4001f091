-- Schema 12. What else a value is a value of: the classes of the devices behind it, the rule of the sampling noise, and what defines the metric
-- (MfRae.Lab.Core/Identity). The program fills them for rows of before from the definitions and attempts of the stages behind each value, in the
-- same transaction; NULL only until then.
ALTER TABLE measurement ADD COLUMN device TEXT;
ALTER TABLE measurement ADD COLUMN noise TEXT;
ALTER TABLE measurement ADD COLUMN setting TEXT;

DROP VIEW evaluations;
DROP VIEW arms;

CREATE VIEW evaluations AS
SELECT e.experiment, r.id AS run, r.arm, r.seed, t.role, m.stage,
  m.metric || CASE WHEN m.steps > 0 THEN '@' || m.steps ELSE '' END AS metric,
  m.value, m.low, m.high, m.metric AS name, m.steps, m.samples, m.guidance, m.labels, m.extractor, m.preprocessing, m.reference,
  m.higher_is_better, m.device, m.noise, m.setting
FROM experiments e
JOIN run r ON r.experiment = e.plan
JOIN run_stage t ON t.experiment = r.experiment AND t.run = r.id
JOIN plan_stage p ON p.experiment = t.experiment AND p.stage = t.stage
JOIN measurement m ON m.stage = t.stage
WHERE m.superseded = 0
ORDER BY e.experiment, r.position, p.position, t.role, m.metric, m.steps;

-- The whole identity of a value is in the partitions: numbers that may not be compared are never averaged.
-- Seeds that share one evaluation stage have measured once, so they count once.
-- Windows instead of groups, since SQLite takes a condition on the experiment through a window down to the tables, and not through a group.
CREATE VIEW arms AS
WITH measured AS (
  SELECT e.experiment, e.plan, a.name AS arm, a.position, a.baseline, m.metric, m.steps, m.samples, m.guidance, m.labels, m.extractor,
    m.preprocessing, m.reference, m.higher_is_better, m.device, m.noise, m.setting, m.value,
    avg(m.value) OVER same AS mean, count(m.value) OVER same AS n, row_number() OVER same AS place
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
  (SELECT count(*) FROM run WHERE run.experiment = c.plan AND run.arm = c.arm) AS seeds,
  c.higher_is_better, c.metric AS name, c.steps, c.samples, c.guidance, c.labels, c.extractor, c.preprocessing, c.reference,
  c.device, c.noise, c.setting
FROM spread c
WHERE c.place = 1
ORDER BY c.experiment, c.position, c.metric, c.steps;
