-- Schema 10. The experiment file and the files that it extends, as they were when a run of the plan last began. `omitted`: bytes of a very long
-- one that are not kept.
CREATE TABLE written_file (
  experiment INTEGER NOT NULL REFERENCES experiment (id),
  position INTEGER NOT NULL,
  path TEXT NOT NULL,
  text TEXT NOT NULL,
  omitted INTEGER NOT NULL,
  UNIQUE (experiment, position)
) STRICT;

CREATE VIEW experiment_files AS
SELECT e.experiment, f.position, f.path, f.text, f.omitted
FROM experiments e
JOIN written_file f ON f.experiment = e.plan
ORDER BY e.experiment, f.position;
