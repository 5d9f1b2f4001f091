-- Schema 17. A run may have several sets of samples, whose evaluations have the roles evaluation, evaluation.2, …. The value of the run is the
-- mean over its sets (MfRae.Lab.Core/Statistics, RunMeasurement); the view evaluations has the value of each set. The cost of a training step
-- belongs to the training of the run, `meanflow`, or `cmt` without it.
CREATE VIEW run_values AS
WITH measured AS (
  SELECT e.experiment, e.plan, r.id AS run, r.arm, r.seed, r.position, r.pilot, t.role, m.stage, m.metric, m.steps, m.samples, m.guidance, m.labels,
    m.extractor, m.preprocessing, m.reference, m.higher_is_better, m.device, m.noise, m.setting, m.low, m.high,
    avg(m.value) OVER same AS mean, count(m.value) OVER same AS finite, count(*) OVER same AS measured,
    row_number() OVER (
      PARTITION BY e.experiment, r.id, m.metric, m.steps, m.samples, m.guidance, m.labels, m.extractor, m.preprocessing, m.reference,
        m.higher_is_better, m.device, m.noise, m.setting
      ORDER BY length(t.role), t.role) AS place,
    CASE WHEN t.role IN ('meanflow', 'cmt') THEN 1 ELSE max(1, (
      SELECT count(*)
      FROM run_stage s
      WHERE s.experiment = t.experiment AND s.run = t.run AND (s.role = 'evaluation' OR s.role GLOB 'evaluation.*'))) END AS sets
  FROM experiments e
  JOIN run r ON r.experiment = e.plan
  JOIN run_stage t ON t.experiment = r.experiment AND t.run = r.id
    AND (t.role IN ('evaluation', 'derivativeError', 'meanflow') OR t.role GLOB 'evaluation.*' OR (t.role = 'cmt' AND NOT EXISTS (
      SELECT 1 FROM run_stage x WHERE x.experiment = r.experiment AND x.run = r.id AND x.role = 'meanflow')))
  JOIN measurement m ON m.stage = t.stage
  WHERE m.superseded = 0 AND (t.role NOT IN ('meanflow', 'cmt') OR m.metric IN ('stepSeconds', 'peakMemory'))
  WINDOW same AS (
    PARTITION BY e.experiment, r.id, m.metric, m.steps, m.samples, m.guidance, m.labels, m.extractor, m.preprocessing, m.reference,
      m.higher_is_better, m.device, m.noise, m.setting)
)
SELECT experiment, run, arm, seed, metric || CASE WHEN steps > 0 THEN '@' || steps ELSE '' END AS metric,
  CASE WHEN finite >= sets THEN mean END AS value,
  CASE WHEN sets = 1 OR noise = '' THEN low END AS low, CASE WHEN sets = 1 OR noise = '' THEN high END AS high,
  sets, metric AS name, steps, samples, guidance, labels, extractor, preprocessing, reference, higher_is_better, device, noise,
  CASE WHEN sets = 1 OR noise = '' THEN setting ELSE ltrim(setting || ' noiseSets=' || sets) END AS setting,
  plan, position, role, stage, pilot
FROM measured
WHERE place = 1 AND measured >= sets
ORDER BY experiment, position, metric, steps;

DROP VIEW arms;

-- The whole identity of a value is in the partitions: numbers that may not be compared are never averaged.
-- Seeds that share one measuring stage have measured once, so they count once. Pilot seeds are in no mean.
-- Windows instead of groups, since SQLite takes a condition on the experiment through a window down to the tables, and not through a group.
CREATE VIEW arms AS
WITH measured AS (
  SELECT v.experiment, v.plan, a.name AS arm, a.position, a.baseline, v.metric, v.name, v.steps, v.samples, v.guidance, v.labels, v.extractor,
    v.preprocessing, v.reference, v.higher_is_better, v.device, v.noise, v.setting, v.value,
    avg(v.value) OVER same AS mean, count(v.value) OVER same AS n, row_number() OVER same AS place
  FROM run_values v
  JOIN arm a ON a.experiment = v.plan AND a.name = v.arm
  WHERE v.pilot = 0 AND NOT EXISTS (
    SELECT 1
    FROM run_stage other
    JOIN run o ON o.experiment = other.experiment AND o.id = other.run
    WHERE other.experiment = v.plan AND other.stage = v.stage
      AND (other.role IN ('evaluation', 'derivativeError', 'meanflow', 'cmt') OR other.role GLOB 'evaluation.*')
      AND o.arm = v.arm AND o.pilot = 0 AND (o.position, other.role) < (v.position, v.role))
  WINDOW same AS (
    PARTITION BY v.experiment, a.name, v.name, v.steps, v.samples, v.guidance, v.labels, v.extractor, v.preprocessing, v.reference,
      v.higher_is_better, v.device, v.noise, v.setting)
), spread AS (
  SELECT *, sum((value - mean) * (value - mean)) OVER (
    PARTITION BY experiment, arm, name, steps, samples, guidance, labels, extractor, preprocessing, reference, higher_is_better, device,
      noise, setting
  ) AS squares
  FROM measured
)
SELECT c.experiment, c.arm, c.baseline, c.metric, c.mean,
  CASE WHEN c.n > 1 THEN sqrt(c.squares / (c.n - 1)) END AS sd,
  c.n,
  (SELECT count(*) FROM run WHERE run.experiment = c.plan AND run.arm = c.arm AND run.pilot = 0) AS seeds,
  c.higher_is_better, c.name, c.steps, c.samples, c.guidance, c.labels, c.extractor, c.preprocessing, c.reference,
  c.device, c.noise, c.setting
FROM spread c
WHERE c.place = 1
ORDER BY c.experiment, c.position, c.name, c.steps;
