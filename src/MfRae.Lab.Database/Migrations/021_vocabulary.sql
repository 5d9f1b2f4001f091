-- Schema 21. One vocabulary in all views: `metric` names what is measured, also for the points of curves, and version_evaluations has the columns
-- of evaluations. The column `name` of metrics stays for queries that use it.
DROP VIEW metrics;
CREATE VIEW metrics AS
SELECT e.experiment, s.key AS stage, s.kind, p.label, s.seed, c.name AS metric, v.step, v.value, (a.began + t.wall) / 1000.0 AS wall, c.name
FROM experiments e
JOIN plan_stage p ON p.experiment = e.plan
JOIN stage s ON s.key = p.stage
JOIN attempt a ON a.stage = s.key
JOIN series c ON c.attempt = a.id
JOIN point v ON v.series = c.id AND v.step <= coalesce(a.valid_through, 9223372036854775807)
LEFT JOIN tick t ON t.attempt = a.id AND t.step = v.step
ORDER BY e.experiment, p.position, c.name, v.step;

DROP VIEW version_evaluations;
CREATE VIEW version_evaluations AS
SELECT v.experiment, v.version, v.current, r.id AS run, r.arm, r.seed, t.role, m.stage,
  m.metric || CASE WHEN m.steps > 0 THEN '@' || m.steps ELSE '' END AS metric,
  m.value, m.low, m.high, m.metric AS name, m.steps, m.samples, m.guidance, m.labels, m.extractor, m.preprocessing, m.reference,
  m.higher_is_better, m.device, m.noise, m.setting, r.pilot
FROM versions v
JOIN run r ON r.experiment = v.plan
JOIN run_stage t ON t.experiment = r.experiment AND t.run = r.id
JOIN plan_stage p ON p.experiment = t.experiment AND p.stage = t.stage
JOIN measurement m ON m.stage = t.stage
WHERE m.superseded = 0
ORDER BY v.experiment, v.version, r.position, p.position, t.role, m.metric, m.steps;
