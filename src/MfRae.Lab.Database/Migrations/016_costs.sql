-- Schema 16. The cost of a training step as a result of an arm. The values belong to the training stage of a run: `meanflow`, or `cmt` without it.

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
