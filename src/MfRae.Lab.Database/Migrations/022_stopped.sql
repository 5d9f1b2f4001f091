-- Schema 22. A stage that a declared rule stopped: worse than skipped, better than diverged.
UPDATE status SET severity = severity + 100 WHERE severity > 5;
INSERT INTO status (name, severity) VALUES ('stopped', 6);
UPDATE stage_total SET severity = severity + 100 WHERE severity > 5;
