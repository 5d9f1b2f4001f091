-- Schema 16. The cost of a training step as a result of an arm. The values belong to the training stage of a run: `meanflow`, or `cmt` without it.
DROP VIEW arms;

-- The whole identity of a value is in the partitions: numbers that may not be compared are never averaged.
-- Seeds that share one measuring stage have measured once, so they count once. Pilot seeds are in no mean.
-- Windows instead of groups, since SQLite takes a condition on the experiment through a window down to the tables, and not through a group.
CREATE VIEW arms AS
WITH measured AS (
  SELECT e.experiment, e.plan, a.name AS arm, a.position, a.baseline, m.metric, m.steps, m.samples, m.guidance, m.labels, m.extractor,
    m.preprocessing, m.reference, m.higher_is_better, m.device, m.noise, m.setting, m.value,
    avg(m.value) OVER same AS mean, count(m.value) OVER same AS n, row_number() OVER same AS place
  FROM experiments e
  JOIN run r ON r.experiment = e.plan AND r.pilot = 0
  JOIN arm a ON a.experiment = r.experiment AND a.name = r.arm
  JOIN run_stage t ON t.experiment = r.experiment AND t.run = r.id
    AND (t.role IN ('evaluation', 'derivativeError', 'meanflow') OR (t.role = 'cmt' AND NOT EXISTS (
      SELECT 1 FROM run_stage x WHERE x.experiment = r.experiment AND x.run = r.id AND x.role = 'meanflow')))
  JOIN measurement m ON m.stage = t.stage
  WHERE m.superseded = 0 AND (t.role IN ('evaluation', 'derivativeError') OR m.metric IN ('stepSeconds', 'peakMemory')) AND NOT EXISTS (
    SELECT 1
    FROM run_stage other
    JOIN run o ON o.experiment = other.experiment AND o.id = other.run
    WHERE other.experiment = t.experiment AND other.stage = t.stage
      AND other.role IN ('evaluation', 'derivativeError', 'meanflow', 'cmt')
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

-- The median over the runs of an arm on one machine. `setting` ends in ` jobs=N`, or continues after a space.
CREATE VIEW arm_costs AS
WITH measured AS (
  SELECT DISTINCT e.experiment, e.plan, r.arm, t.stage, s.value AS seconds, p.value AS bytes, n.processor, a.threads,
    CAST(substr(s.setting, instr(s.setting, ' jobs=') + 6) AS INTEGER) AS jobs, s.device, s.setting
  FROM experiments e
  JOIN run r ON r.experiment = e.plan
  JOIN run_stage t ON t.experiment = r.experiment AND t.run = r.id
    AND (t.role = 'meanflow' OR (t.role = 'cmt' AND NOT EXISTS (
      SELECT 1 FROM run_stage x WHERE x.experiment = r.experiment AND x.run = r.id AND x.role = 'meanflow')))
  JOIN measurement s ON s.stage = t.stage AND s.metric = 'stepSeconds' AND s.superseded = 0
  JOIN attempt a ON a.id = s.attempt
  LEFT JOIN environment n ON n.id = a.environment
  LEFT JOIN measurement p ON p.attempt = s.attempt AND p.metric = 'peakMemory' AND p.superseded = 0
), ranked AS (
  SELECT *, count(*) OVER same AS n,
    row_number() OVER (PARTITION BY experiment, arm, setting, device ORDER BY seconds) AS place,
    row_number() OVER (PARTITION BY experiment, arm, setting, device ORDER BY bytes) AS place_of_bytes
  FROM measured
  WINDOW same AS (PARTITION BY experiment, arm, setting, device)
)
SELECT c.experiment, c.arm,
  avg(CASE WHEN 2 * c.place BETWEEN c.n AND c.n + 2 THEN c.seconds END) AS step_seconds,
  CAST(avg(CASE WHEN 2 * c.place_of_bytes BETWEEN c.n AND c.n + 2 THEN c.bytes END) AS INTEGER) AS peak_bytes,
  c.n, c.processor, c.threads, c.jobs, c.device
FROM ranked c
JOIN arm a ON a.experiment = c.plan AND a.name = c.arm
GROUP BY c.experiment, c.arm, c.setting, c.device
ORDER BY c.experiment, a.position, c.setting, c.device;
