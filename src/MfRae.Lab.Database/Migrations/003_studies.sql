-- Schema 3. A run that is studied instead of sampled has reached what its study measured.
DROP VIEW arms;

-- The whole identity of a value is in the partition: numbers that may not be compared are never averaged.
-- Seeds that share one evaluation stage have measured once, so they count once.
CREATE VIEW arms AS
WITH measured AS (
  SELECT DISTINCT experiment, arm, stage
  FROM (
    SELECT r.experiment, r.arm, t.stage
    FROM run r
    JOIN run_stage t ON t.experiment = r.experiment AND t.run = r.id
    WHERE t.role IN ('evaluation', 'derivativeError')
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
