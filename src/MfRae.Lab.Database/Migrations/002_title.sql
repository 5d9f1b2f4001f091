-- Schema 2. The heading that an experiment file may give its report.
ALTER TABLE experiment ADD COLUMN title TEXT;

DROP VIEW experiments;

CREATE VIEW experiments AS
SELECT name AS experiment, path, question, expectation, primary_metric, overrides, evaluation, plan_hash, id AS plan, title
FROM experiment
WHERE planned IN (SELECT max(planned) FROM experiment GROUP BY name)
ORDER BY name;
