-- Schema 19. The options of arms, a row for each, so that SQL can group and filter by them. A list is one value.
CREATE VIEW options AS
WITH leaf AS (
  SELECT e.experiment, a.name AS arm, a.position, a.baseline, j.id, substr(j.fullkey, 3) AS path,
    CASE j.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(j.value AS TEXT) END AS value,
    CASE WHEN j.type IN ('integer', 'real') THEN CAST(j.value AS REAL) END AS number
  FROM experiments e
  JOIN arm a ON a.experiment = e.plan
  JOIN json_tree(CASE WHEN json_valid(a.options) THEN a.options ELSE '{}' END) j
  WHERE j.type <> 'object' AND instr(j.fullkey, '[') = 0
)
SELECT experiment, arm, path, value, number, baseline,
  min(quote(value)) OVER same <> max(quote(value)) OVER same AS differs
FROM leaf
WINDOW same AS (PARTITION BY experiment, path)
ORDER BY experiment, position, id;
