-- Schema 7. Long series in a few hundred buckets each, for charts. Of attempts that ended before this schema there are none: their
-- series are read point by point.
CREATE TABLE digest (
  series INTEGER PRIMARY KEY REFERENCES series (id),
  buckets BLOB NOT NULL
) STRICT;
