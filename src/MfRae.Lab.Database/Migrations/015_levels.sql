-- Schema 15. The level of each arm on each axis of the experiment, as a JSON object; NULL for an arm that is not in the grid of the axes, and
-- for plans from before levels were kept.
ALTER TABLE arm ADD COLUMN levels TEXT;

CREATE VIEW arm_levels AS
SELECT e.experiment, a.name AS arm, j.key AS axis, j.value AS level
FROM experiments e
JOIN arm a ON a.experiment = e.plan
JOIN json_each(CASE WHEN json_valid(a.levels) THEN a.levels ELSE '{}' END) j
ORDER BY e.experiment, a.position, j.id;
