-- Schema 4. What people write about experiments and runs. A mark belongs to a name and not to a plan: it stays when the
-- experiment is planned anew. `kind` is what `subject` names: an experiment, or a run by its id.
CREATE TABLE tag (
  kind TEXT NOT NULL CHECK (kind IN ('experiment', 'run')),
  subject TEXT NOT NULL,
  tag TEXT NOT NULL,
  PRIMARY KEY (kind, subject, tag)
) STRICT, WITHOUT ROWID;

CREATE TABLE note (
  kind TEXT NOT NULL CHECK (kind IN ('experiment', 'run')),
  subject TEXT NOT NULL,
  note TEXT NOT NULL,
  PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE archived (
  experiment TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE VIEW tags AS
SELECT kind, subject, tag
FROM tag
ORDER BY kind, subject, tag;

CREATE VIEW notes AS
SELECT kind, subject, note
FROM note
ORDER BY kind, subject;

DROP VIEW experiments;

CREATE VIEW experiments AS
SELECT name AS experiment, path, question, expectation, primary_metric, overrides, evaluation, plan_hash, id AS plan, title,
  name IN (SELECT experiment FROM archived) AS archived
FROM experiment
WHERE planned IN (SELECT max(planned) FROM experiment GROUP BY name)
ORDER BY name;
