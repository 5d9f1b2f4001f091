-- Schema 6. A series belongs to an attempt, so that a resume changes a number of its attempts and no point; and a point is its step and
-- its value only: all series of an attempt share the times of its steps.
DROP VIEW metrics;
ALTER TABLE point RENAME TO old_point;
ALTER TABLE series RENAME TO old_series;

-- `valid_through`: what the attempt reported up to this step holds; NULL where all does, -1 where nothing does.
ALTER TABLE attempt ADD COLUMN valid_through INTEGER;
-- `began`: `started` in milliseconds since 1970.
ALTER TABLE attempt ADD COLUMN began INTEGER NOT NULL DEFAULT 0;

UPDATE attempt SET
  began = CAST(strftime('%s', started) AS INTEGER) * 1000 + CAST(substr(started, 21, 3) AS INTEGER),
  valid_through = (
    SELECT min(later.keeps_through) FROM attempt later
    WHERE later.stage = attempt.stage AND (later.generation, later.number) > (attempt.generation, attempt.number));

CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  attempt INTEGER NOT NULL REFERENCES attempt (id),
  name TEXT NOT NULL,
  UNIQUE (attempt, name)
) STRICT;

CREATE TABLE point (
  series INTEGER NOT NULL REFERENCES series (id),
  step INTEGER NOT NULL,
  value REAL,
  PRIMARY KEY (series, step)
) STRICT, WITHOUT ROWID;

-- `wall`: when the attempt reported the step, in milliseconds after it began; the last time where it did so twice.
CREATE TABLE tick (
  attempt INTEGER NOT NULL REFERENCES attempt (id),
  step INTEGER NOT NULL,
  wall INTEGER NOT NULL,
  PRIMARY KEY (attempt, step)
) STRICT, WITHOUT ROWID;

INSERT INTO series (attempt, name)
SELECT a.id, s.name
FROM attempt a
JOIN old_series s ON s.stage = a.stage
WHERE EXISTS (SELECT 1 FROM old_point p WHERE p.series = s.id AND p.attempt = a.id)
ORDER BY a.id, s.id;

INSERT INTO point (series, step, value)
SELECT n.id, p.step, p.value
FROM series n
JOIN attempt a ON a.id = n.attempt
JOIN old_series s ON s.stage = a.stage AND s.name = n.name
JOIN old_point p ON p.series = s.id AND p.attempt = a.id
ORDER BY n.id, p.step;

-- A thousandth of a millisecond, for seconds that binary fractions cannot hold.
INSERT INTO tick (attempt, step, wall)
SELECT p.attempt, p.step, max(CAST(p.wall * 1000 + 0.001 AS INTEGER) - a.began)
FROM old_point p
JOIN attempt a ON a.id = p.attempt
GROUP BY p.attempt, p.step;

DROP TABLE old_point;
DROP TABLE old_series;

CREATE VIEW metrics AS
SELECT e.experiment, s.key AS stage, s.kind, p.label, s.seed, c.name, v.step, v.value, (a.began + t.wall) / 1000.0 AS wall
FROM experiments e
JOIN plan_stage p ON p.experiment = e.plan
JOIN stage s ON s.key = p.stage
JOIN attempt a ON a.stage = s.key
JOIN series c ON c.attempt = a.id
JOIN point v ON v.series = c.id AND v.step <= coalesce(a.valid_through, 9223372036854775807)
LEFT JOIN tick t ON t.attempt = a.id AND t.step = v.step
ORDER BY e.experiment, p.position, c.name, v.step;
