-- Schema 20. The resources that the worker of an attempt used, every few seconds.
CREATE TABLE machine_use (
  attempt INTEGER NOT NULL REFERENCES attempt (id),
  seconds REAL NOT NULL,
  cores REAL,
  memory INTEGER,
  read_rate REAL,
  write_rate REAL,
  gpu REAL,
  gpu_memory INTEGER,
  gpu_watts REAL,
  gpu_joules REAL,
  PRIMARY KEY (attempt, seconds)
) STRICT, WITHOUT ROWID;

CREATE VIEW machine AS
SELECT e.experiment, a.stage, s.kind, p.label, (SELECT count(*) FROM attempt b WHERE b.stage = a.stage AND (b.generation, b.number) <= (a.generation, a.number)) AS attempt, u.seconds, u.cores, u.memory, u.read_rate, u.write_rate, u.gpu,
  u.gpu_memory, u.gpu_watts, u.gpu_joules
FROM experiments e
JOIN plan_stage p ON p.experiment = e.plan
JOIN stage s ON s.key = p.stage
JOIN attempt a ON a.stage = s.key
JOIN machine_use u ON u.attempt = a.id
ORDER BY e.experiment, p.position, a.generation, a.number, u.seconds;
