-- Schema 5. Stages whose worker was ended from outside, and those that did not have enough memory.
INSERT INTO status (name, severity) VALUES ('killed', 8), ('outOfMemory', 9);
